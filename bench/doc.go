// Package bench measures a vault network: it loads one with a workload, for so many clients and so long, and says how much
// was done, how long it took, what it cost and where the cost lies.
//
//	s := bench.Defaults()
//	s.Workload, s.Clients = "mutate", 64
//	result, err := bench.Measure(ctx, s, bench.Options{})
//	result.WriteText(os.Stdout)
//
// [Measure] is the way in. It starts the network that the [Settings] describe, in this process or with a process for each
// vault, or loads one that runs ([Options].Network). [Load] is the load generator by itself, for whoever wants to load
// something else in the same way. A [Result] is written as text, as JSON ([Result.Save], [ReadResult]) and, together with
// others, as a page of HTML ([WriteReport]).
//
// # What a client is
//
// A client is a requester: it has a key of its own, an account of its own that pays for what it does, permits of its own,
// and it does one thing after the other. Clients share connections, [Settings].Connections of them, as the users of an
// app's server or the tabs of a browser would; each connection is a client.Client with a libp2p identity of its own.
//
// # Closed and open loop
//
// Without a rate the loop is closed: each client begins its next operation when the last has ended. With a rate it is
// open: operations are due at even intervals, whatever became of those before, and the clients take them in order. Then
// latency counts from the moment an operation was due, not from when a client was free for it, so that a stall shows in
// all operations that it held up. What is due within the measured time counts, also where it ends later.
//
// # What is measured
//
// Latency is from call to answer, as an application sees it. CPU is what the operating system charges: to this process,
// and to those of the vaults. Its shares by part come from a CPU profile of the same time (100 samples a second): a sample
// belongs to the innermost function of this project or of a library it uses, system calls and allocations to whoever made
// them. Turns, frames, signatures and syncs are counted by the vaults. Vaults in one process share one memory of verified
// signatures, which vaults in processes of their own do not: compare like with like.
//
// A measurement may be ended at any time by its context; what was measured until then is there. The package is not for
// concurrent runs: the profile, CPU and memory are the process's.
package bench
