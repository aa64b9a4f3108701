// Package sim is a deterministic simulator of vault networks, in the manner of FoundationDB's and TigerBeetle's. It
// drives exactly the code that ships, vault/core on the vaults' side and client/op on the users', through simulated
// time, networks, disks and clocks that fail, and through liars (package sim/adversary), and checks every promise of
// the network after every step ([Invariants]). Everything that happens follows from a seed.
//
//	o, err := sim.Draw(42, sim.Safety)         // every option from the seed; "vaults=100" fixes one
//	r, err := sim.Run(ctx, o, nil)             // err is a *sim.Violation where a promise was broken
//	fmt.Println(r.Hash, r.Blocks, r.Simulated) // the same seed gives the same hash, always
//
// # How a run goes
//
// A queue holds deliveries, turns and alarms by virtual time (queue.go). A simulated vault is a driver around a core
// (vault.go): inbox, Step, sign, Seal, store, send, and it may crash at each boundary. Users are scripts in coroutines
// around clients (user.go, workload.go). Faults are drawn beforehand as a list (fault.go), so that a failure can be
// shrunk by leaving some out (shrink.go). Messages pass as values and are verified once each; in crypto mode all of
// them go through the codec and are signed with real Ed25519.
//
// In safety mode chaos goes on throughout. In liveness mode it ends, the network heals, and then every request must be
// answered, every half-open height decided, and silence fall.
//
// # Workloads
//
// Users change objects and accounts in every way (workload.go, the default: what speed is measured by), or they are people
// and apps that work with packages client/container and client/auth (play*.go, "workload=containers"), or both. For the
// packages the network is a few operations of a user that it awaits (reach.go); users crash between any two.
//
// # What is checked
//
// invariant_*.go check what agreement and clients do as they do it. chain.go replays every decided block with a naive
// model of the rules of its own (model_data.go, model_account.go), and linearize.go gives users' histories to porcupine.
// register.go does so with the histories of a container's names, invariant_node.go looks at its nodes' blocks, and each play
// is audited in a network that has healed.
//
// A run is a single goroutine; runs are independent of each other and may go side by side.
package sim
