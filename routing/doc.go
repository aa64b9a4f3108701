// Package routing is the network as a vault or a client sees it: opaque frames between identities, lookups of who is
// near a name, and events of who can be talked to. Beneath it are go-libp2p and its Kademlia DHT (go-libp2p-kad-dht);
// what is in a frame it neither knows nor checks.
//
// The main type is [Node]. Its smallest use:
//
//	node, err := routing.New(routing.Config{Seed: seed, Network: id, Vault: true,
//		Listen: []string{"/ip4/127.0.0.1/tcp/47000"}}, handler)
//	…
//	err = node.Join(ctx)   // the bootstrap vaults are connected and the routing table is filled
//	node.Send(peer, frame) // never blocks
//	err = node.Close()     // waits for every goroutine
//
// # Peers
//
// A vault serves the DHT and is found through it; a client only asks. Both are named by their Ed25519 keys, and a
// connection proves who the other is (Noise, or TLS 1.3 within QUIC). Networks are told apart by the protocol names,
// which carry the network id: nodes of another network are connected at most, never spoken to. Nodes of one process may take
// shortcuts between their TCP addresses ([Config.Shortcut]).
//
// # Frames
//
// A frame is 1 to [vaultnet.MaxFrame] bytes. Each node writes to a peer on one long-lived stream of its own and reads
// from that peer's, so two nodes that open at once have nothing to settle. On the stream a frame is its length as four
// bytes, big endian, then its bytes. What is sent while something is being written is written together. Frames to one
// peer arrive in the order in which they were sent, each at most once; those that were on their way when a connection
// broke are lost, and so are those that find the queue full. Whoever needs certainty repeats.
//
// # Concurrency
//
// All methods of a Node may be called from any goroutine. The [Handler] is called from many; see there.
//
// # What it does not do
//
// No relaying, no hole punching, no address discovery: a vault is reached at the addresses it listens on. It keeps no
// values and no provider records in the DHT. It does not judge who is a member of what, and believes nobody's word. It logs nothing; what
// libp2p would log is discarded unless the environment variable GOLOG_LOG_LEVEL is set.
package routing
