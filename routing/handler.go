package routing

import "vaultnet"

// Handler is told what happens on the network. Its methods are called by many goroutines, and none may call Close of the
// node that calls it.
type Handler interface {
	// Frame is given a frame from a peer, one at a time per peer and in the order sent; different peers' at the same
	// time. A frame of at most 64 KiB (frame.FirstPart) is the handler's until it returns, a longer one for good. While
	// Frame blocks, nothing more is read from that peer: that is the back-pressure on it. An error closes that peer's
	// stream with the reason, and is counted; whatever the peer sends on a new stream comes again.
	Frame(from vaultnet.PublicKey, frame []byte) error
	// Up says that a vault of this network, one that serves its DHT, can be talked to. It is not said again before Down.
	Up(vault vaultnet.PublicKey)
	// Down says that there is no connection to a peer any more, be it a vault or a client; for a client there never was
	// an Up. Up and Down come in order, one at a time, and should return quickly.
	Down(peer vaultnet.PublicKey)
	// Known is given the vaults of the routing table and those connected, nearest to this node first, once it has joined
	// and whenever they have changed, at most every 100 ms. None: the first vault of its network. The slice is the handler's.
	Known(vaults []vaultnet.PublicKey)
}
