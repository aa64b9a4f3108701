package client

import (
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// Observer is told of what a client does, for metrics and logs. All fields are optional. The callbacks are called by the
// client's own goroutines, several at once: they must return quickly and not call back.
type Observer struct {
	Done func(Done)                                         // an operation ended
	Turn func(Turn)                                         // the client took what had arrived, and sent
	Peer func(vault vaultnet.PublicKey, up bool)            // a connection came or went
	Bad  func(vault vaultnet.PublicKey, err *refusal.Error) // a vault sent what no honest one sends; its stream is closed
}

// Done is an operation that ended.
type Done struct {
	Operation string        // "mutate", "read", "create-account", "put-chunk" …
	Took      time.Duration // from the call to the answer
	Err       error         // nil or a *refusal.Error
	Phases    op.Phases     // of a change that was applied: where its time went
}

// Turn is what one turn of the client's loop did.
type Turn struct {
	Took       time.Duration // of the loop's time
	Inputs     int           // messages and events taken
	Started    int           // operations begun
	Completed  int
	Operations int // under way
	Frames     int // sent
	Bytes      int // in them
}
