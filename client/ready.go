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
	probe    [][]byte                    // the question, as a frame; nil once it was answered
	answered chan struct{}               // closed when a vault has answered
	goodbye  chan *refusal.Error         // holds the first that a vault said instead
	left     map[vaultnet.PublicKey]bool // vaults that said so, before one answered
}

func (r *ready) make() {
	r.probe = encode(&wire.GetSet{Call: probeCall, Address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(vaultnet.DomainBody.Hash())}})
	r.answered = make(chan struct{})
	r.goodbye = make(chan *refusal.Error, 1)
	r.left = make(map[vaultnet.PublicKey]bool)
}

// sees looks at a message. It reports whether it was for nobody else. The answer of a vault that said goodbye is none.
func (r *ready) sees(from vaultnet.PublicKey, m wire.Message) bool {
	switch m := m.(type) {
	case *wire.SetAnswer:
		if m.Call != probeCall {
			return false
		}
		if r.probe != nil && !r.left[from] {
			r.probe, r.left = nil, nil
			close(r.answered)
		}
		return true
	case *wire.Goodbye:
		if r.probe != nil && len(r.left) < maxMissed {
			r.left[from] = true
		}
		select {
		case r.goodbye <- m.Err:
		default:
		}
		return true
	}
	return false
}
