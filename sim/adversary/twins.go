package adversary

import (
	"vaultnet"
	"vaultnet/vault/core"
)

// Twins is one key on two machines (arXiv 2004.10617): both are honest, each hears one half of the network and speaks
// to it, and together they contradict themselves.
type Twins struct {
	network vaultnet.NetworkID
	signer  vaultnet.Signer
	twins   [2]core.Stepper
	roots   [2]vaultnet.Digest
	salt    byte
	parts   [2][]core.Input // room for what each hears of a turn
}

// NewTwins makes twins of two fresh cores that were made for the signer's key. Other salts split the network elsewhere.
func NewTwins(network vaultnet.NetworkID, signer vaultnet.Signer, a, b core.Stepper, salt byte) *Twins {
	return &Twins{network: network, signer: signer, twins: [2]core.Stepper{a, b}, salt: salt}
}

// half is which twin a peer deals with.
func (t *Twins) half(peer vaultnet.PublicKey) int { return int(peer[1]^peer[9]^t.salt) & 1 }

// Step gives each twin what its half said; what is no message both hear. The twins sign for themselves.
func (t *Twins) Step(now vaultnet.Time, in []core.Input) core.Output {
	parts := &t.parts
	for i := range in {
		from, m := in[i].Heard()
		if m == nil {
			parts[0], parts[1] = append(parts[0], in[i]), append(parts[1], in[i])
			continue
		}
		h := t.half(from)
		parts[h] = append(parts[h], in[i])
	}
	out := core.Output{Alarm: vaultnet.Never}
	for i, twin := range t.twins {
		o := twin.Step(now, parts[i])
		clear(parts[i])
		parts[i] = parts[i][:0]
		t.roots[i] = o.Root
		out.Lookups, out.Loads = append(out.Lookups, o.Lookups...), append(out.Loads, o.Loads...)
		out.Alarm = min(out.Alarm, o.Alarm)
	}
	return out
}

// Seal signs for both and keeps each from speaking to the other's half. Only the first twin's store is kept.
func (t *Twins) Seal(vaultnet.Signature) core.Sealed {
	var sealed core.Sealed
	for i, twin := range t.twins {
		var s vaultnet.Signature
		if !t.roots[i].IsZero() {
			s = t.signer.Sign(vaultnet.TurnMessage(t.network, t.roots[i]))
		}
		part := twin.Seal(s)
		if i == 0 {
			sealed.Chunks, sealed.Writes = part.Chunks, part.Writes
		}
		for _, e := range part.Send {
			if t.half(e.To) == i {
				sealed.Send = append(sealed.Send, e)
			}
		}
	}
	return sealed
}
