// Package batch is the operation language of the command line: one JSON object per operation, one per answer, so that
// any language can drive the network (docs/batch.md is its contract). Each operation is defined once, as a [Verb]: its
// members, how they are written in JSON and as flags, and what is done on the network. Both "safe batch" and
// "safe data VERB" work from that table.
//
//	o, err := batch.Decode(line)                  // strict: unknown, missing and double members are refused
//	runner := batch.Runner{Network: client, Keys: ring} // of packages client and client/keyring
//	answer := runner.Do(ctx, o)                   // refusals are answers
//	os.Stdout.Write(append(answer.JSON(), '\n'))
//
//	misunderstood, err := runner.Lines(ctx, os.Stdin, os.Stdout, 1) // a whole batch
//
// A [Runner] is safe for concurrent use if its Network and Keys are; an [Operation] is used once. Nothing is retried
// here: what an operation does about refusals is the client's business.
package batch
