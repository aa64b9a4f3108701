// Package core is everything one vault decides, as a pure state machine: what it holds, whom it answers what, which
// requests it admits, what must be on disk before what is sent. It has no goroutine, clock, socket, disk or randomness;
// a driver (package vault, or the simulator) owns those:
//
//	v, err := core.New(cfg, records)           // records: a scan of the whole store
//	in, err := core.Open(frame, from, opener)
//	out := v.Step(now, append(in, core.PeerUp(vault)))
//	sealed := v.Seal(sign(out.Root))           // once per step
//	store(sealed.Chunks, sealed.Writes)        // one sync
//	send(sealed.Send)
//
// [Vault] is the main type and implements [Stepper]. It is not safe for concurrent use. What it keeps is bounded,
// whatever arrives; the numbers are in bounds.go. All it does follows from its inputs and their order alone: the same
// inputs give the same outputs.
//
// # What an idle object costs
//
// Memory alone: no timer, no goroutine, no message. Loaded, up to 12 KiB beyond its data with its last block at hand, up to
// 6 KiB as it is read from the store: most of that is the certificate and, at height 1, the proof of the first set. What
// was not used for [Config.Idle] is unloaded, and what is beyond [Config.Memory], what was not used for longest first: then
// it costs at most 200 bytes, and as long as results are told whose deadlines are over some 120 more and 130 for each of
// these (TestIdleObjectCosts measures all of it). It is loaded again when something comes for it (BenchmarkReload).
//
// # Where to look
//
//	turn.go       one turn: step, sign once, seal      dispatch.go    which message goes where
//	object.go     an object as the vault holds it      outbox.go      envelopes, statements, replies
//	admission.go  requests, and where they wait        reads.go       reads; questions.go, views.go, statements.go
//	host.go       what agreement asks of the vault     holders.go     who holds what elsewhere: signers of permits
//	machine_*.go  MutableData and Account as machines  peers.go       other vaults, and which are nearest
//	pointers.go   telling neighbours who holds what    settled.go     when "there is nothing here" may be said
//	membership.go changes of sets; invites.go          leaving.go     a vault that hands over; leaver.go what it keeps
//	chunks.go     ImmutableData; compare.go            eviction.go    the memory budget
//	mending.go    what the store has damaged           memories.go    what is told of what is not loaded
package core
