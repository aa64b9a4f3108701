// Package op is the client's side of the protocol as a pure state machine: whom an operation asks, how many must say
// alike what, when the answer is final, how it is repeated, withdrawn and given up (design §5, §6, §8; semantics §1 to
// §4). It has no goroutine, clock, socket or random source:
//
//	c := op.New(op.Config{Parameters: parameters, Self: key, Nonces: nonces, Verifier: verifier})
//	ticket := c.Start(now, op.Mutate{As: signer, Address: address, Mutation: mutation})
//	for {
//		out := c.Output()                 // send, look up, hand over completions, set the alarm
//		c.Step(now, []op.Input{...})      // what arrived since, or nothing when the alarm rang
//	}
//
// # What is believed
//
// No vault is believed alone. Of a set of n members f = ⌊(n−1)/3⌋ may lie; every number that decides is in
// [thresholds], computed by one function. An answer counts once per member, only from a member of the set that the
// client takes to hold the address, and only for that set. A newer set is believed when w of the set asked name it
// alike, or a chain of certified set blocks leads to it; then everything is counted afresh.
//
// # How it is built
//
// A [Client] runs small jobs. A job is poked when it was told something or its alarm rang; at the end of the step it
// looks, once, at all it knows and does what follows. The files, each a part of that:
//
//	change.go     a signed change of an object, from the wish to the certain outcome; renewal.go, what it renews
//	submission.go one signed request: fan-out, counting (word.go), withdrawal, outcome
//	read.go       a linearizable read; inquiry.go, what became of a request
//	place.go      what is known of one address; belief.go, which set is believed; proof.go, certificates
//	locating.go   asking who holds an address; viewing.go, the proof of a first set
//	window.go     how many changes are under way at once
//	permits.go    the book of a requester's permits; forecast.go, where the next are needed; held.go, one permit;
//	              settle.go, giving back what was not used
//	chunkput.go, chunkget.go  immutable data
//	job.go, roster.go, patience.go, neighbours.go  jobs and alarms, who was asked, when to ask again, vaults met
//
// A Client is not safe for concurrent use. Equal inputs give equal outputs: nothing depends on the order of a map.
package op
