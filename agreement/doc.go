// Package agreement decides, among the members of one object's set, which block comes next: Tendermint's rules
// (Buchman, Kwon and Milosevic, arXiv 1807.04938) per object and height, started on demand and silent when there is
// nothing to decide. Of n members up to ⌊(n−1)/3⌋ may lie.
//
// [Object] is one member's side of one object. It is a pure state machine: [Object.Step] takes what happened (bundles
// of other members, requests of clients, the time) and returns what to sign, send and reply, and when to be called
// again. The caller signs once for all its objects, fills in the attestations, makes [Object.Record] durable, and only
// then sends. What is agreed upon is a [Machine], of which this package knows nothing.
//
//	o := agreement.New(&cfg, address)
//	out := o.Step(now, host, agreement.Input{From: client, Submit: request})
//	for _, leaf := range out.Sign { … }             // sign the turn's root, fill in leaf.By
//	if out.Record { store(o.Record()) }             // durable before sent
//	for _, s := range out.Send { … }
//
// # Words
//
// A height is decided by a block. A round is an attempt to decide it, led by its proposer. Members prevote; a quorum of
// prevotes for one block is a polka, which locks its members; locked members precommit; a quorum of precommits is a
// certificate: anybody can check it. A member that voted for a block, or holds a sound proposal with a mutation, is
// half-open: it stays awake until the height is decided. All others may sleep.
//
// # Where to look
//
//	rules.go    the rules in their order          attempt.go  rounds, votes, sleep
//	held.go     proposals and their checks        pool.go     admission, undecided requests
//	decide.go   the next height                   repair.go   resending, relaying, helping
//	catchup.go  messages, blocks and states       withdraw.go taking requests back
//	wish.go     changes of the set                record.go   what must be durable; rest.go
package agreement
