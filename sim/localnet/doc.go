// Package localnet is a whole vault network in one process: real vaults on libp2p, over loopback TCP, QUIC or within memory,
// for Go tests and for cmd/simnet. Those that listen on TCP speak it with other processes; among themselves they take
// shortcuts, unless they are to be apart.
//
//	func TestMine(t *testing.T) {
//		net := localnet.Start(t, localnet.Config{Vaults: 16, Accounts: 1})
//		c := net.Client(t)
//		_, err := c.Put(t.Context(), net.Accounts()[0].Actor(), client.Address("notes", 15000), client.Object{})
//		…
//	}
//
// [Network] is the main type; it is safe for concurrent use. [Start] stops it when the test ends; [New] is for programs.
// The same seed gives the same identities, keys and, with a fixed port or in memory, addresses each time; what clients
// and vaults do then is not deterministic (package sim is).
//
// Vaults can be stopped and started one by one; some can be made liars, which serve corrupted data and contradict
// themselves (package sim/adversary). It shapes no links but by one delay for all; a [routing.Memory] of the caller's can
// do more.
package localnet
