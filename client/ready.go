package client

import (
	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// probeCall is the number of the question that a new client asks every vault: whether it answers at all. The numbers of
// package op count from 1.
const probeCall = wire.Call(1) << 63

// ready is whether the network has answered yet. The loop's lock guards it.
type ready struct {
	probe    [][]byte      // the question, as a frame; nil once it was answered
	answered chan struct{} // closed when a vault has answered
	goodbye  chan *refusal.Error
}

func (r *ready) make() {
	r.probe = encode(&wire.GetSet{Call: probeCall, Address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(vaultnet.DomainBody.Hash())}})
	r.answered = make(chan struct{})
	r.goodbye = make(chan *refusal.Error, 1)
}

// sees looks at a message. It reports whether it was for nobody else.
func (r *ready) sees(_ vaultnet.PublicKey, m wire.Message) bool {
	switch m := m.(type) {
	case *wire.SetAnswer:
		if m.Call != probeCall {
			return false
		}
		if r.probe != nil {
			r.probe = nil
			close(r.answered)
		}
		return true
	case *wire.Goodbye:
		select {
		case r.goodbye <- m.Err:
		default:
		}
		return true
	}
	return false
}
