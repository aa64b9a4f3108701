// Package client is how a Go program uses a vault network: it makes accounts, stores and changes data under a person's or
// an app's key, and reads it.
//
//	c, err := client.Local(ctx)                              // the network of this machine, or
//	c, err := client.Connect(ctx, client.ConfigOf(file))     // any other, by its network file
//	defer c.Close()
//
//	alice := client.Actor{Key: client.NewKey()}
//	_, err = c.CreateAccount(ctx, alice)
//
//	notes := client.Address("notes", 15000)
//	_, err = c.Put(ctx, alice, notes, client.Object{})
//	_, err = c.Mutate(ctx, alice, notes,
//		client.Insert("first", []byte("hello")),
//		client.Insert("second", []byte("world")))
//
//	first, height, err := c.GetValue(ctx, notes, "first")
//
// The main type is [Client]: one connection to the network, which any number of goroutines share and which acts for any
// number of keys. Who acts is said with each change, by an [Actor]; reads are public and nobody's.
//
// # What an answer means
//
// No vault is believed alone: an answer is returned once so many members of an object's set said the same that the ones
// which may lie cannot have made it up. A change that returned without an error is applied, for ever, and every read that
// begins afterwards sees it. One that returned an error was not applied and never will be, with one exception, which the
// error names: [refusal.Unavailable] with Detail.OutcomeUnknown. [Client.Outcome] settles that later.
//
// # Errors
//
// Every operation's error is a *[refusal.Error]; errors.Is tells its kind, errors.As its details:
//
//	if errors.Is(err, refusal.AccessDenied) { … }
//
// What may be otherwise a little later (too many mutations at once, a vault that is starting) is tried again until the
// context ends; a change keeps its one identity meanwhile, so it is applied at most once. An [Actor] can ask for the
// first answer instead.
//
// # Contexts
//
// The context of a call bounds it; where it has no deadline, [Config.Timeout] does. When it ends, a change under way is
// withdrawn, so that it is known whether it was applied: that takes up to three more seconds after a cancellation, and
// is done within the time where there is a deadline. The error then wraps the context's.
//
// # Concurrency
//
// Everything is safe for concurrent use. One goroutine owns the protocol's state and takes all that has arrived at once;
// signatures are checked beside it. [Client.Close] ends what is under way, gives unused operations back to the accounts
// that paid for them, and waits for every goroutine.
//
// The package keeps nothing on disk, encrypts nothing (package client/container does) and knows nothing of passwords
// (package client/auth does).
package client
