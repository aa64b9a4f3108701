package vault

import (
	"time"

	"vaultnet"
	"vaultnet/vault/core"
)

// Observer is told of what happens in a vault: the one seam for logs, metrics and a live view. All fields are optional.
// Callbacks of Core, Turn and Failed come from the vault's loop, one at a time; the others from any goroutine. A callback
// must be quick, must not change or keep what it is given, and must not call the vault.
type Observer struct {
	Core    core.Observer
	Turn    func(t Turn)
	Frame   func(f Frame)                          // a frame arrived
	Peer    func(peer vaultnet.PublicKey, up bool) // a vault came up, or a vault or client went
	Known   func(vaults []vaultnet.PublicKey)      // the routing table changed
	Join    func(err error)                        // an attempt to find the network failed; the next follows
	Unsent  func(to vaultnet.PublicKey, err error) // the core made a message that is out of bounds: a defect
	Failed  func(err error)                        // the vault stops: its store failed
	Members func(members []vaultnet.PublicKey)     // whose connections are protected
}

// Turn is one turn of a vault's loop.
type Turn struct {
	Inputs int           // taken
	Bytes  int           // of the frames they came in
	Writes int           // records
	Chunks int           // stored or deleted
	Sent   int           // envelopes
	Signed bool          // something was stated
	Step   time.Duration // core and signature
	Store  time.Duration // chunks, batch and sync
	Send   time.Duration // encoding and handing over
}

// Frame is one frame that arrived.
type Frame struct {
	From   vaultnet.PublicKey
	Bytes  int
	Inputs int           // messages in it; 0 with Err
	Verify time.Duration // decoding and signatures
	Waited time.Duration // for room and a worker before
	Err    error         // why it was refused; the stream it came on is closed
}
