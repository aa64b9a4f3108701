package agreement

import (
	"vaultnet"
	"vaultnet/internal/merkle"
)

// Rest gives up what an idle object that nothing was heard of for [RepairCap] can do without, for its memory: the bodies
// of the last block, and notes about others that are over by then. Whoever was half-open has repaired meanwhile, and been
// helped with the block; whoever was not there at all, and asks later, takes the state. Header and certificate stay: they
// prove the state to whoever does, and are what a member that is behind is answered with.
func (o *Object) Rest() {
	o.helped, o.doubts, o.pinned, o.lacking = nil, nil, nil, nil
	if d := o.last; d != nil && len(d.Bodies) > 0 {
		lean := *d
		lean.Bodies, lean.Certificate = nil, d.Certificate.compact()
		o.last = &lean
	}
}

// compact is a copy that lies in one piece and keeps nothing else alive: as they came, attestations lie each in a vote,
// among others of its frame.
func (c *Certificate) compact() *Certificate {
	n := 0
	for _, by := range c.By {
		n += len(by.Path.Siblings)
	}
	lean := &Certificate{Ballot: c.Ballot, By: make([]*merkle.Attestation, len(c.By))}
	room, siblings := make([]merkle.Attestation, len(c.By)), make([]vaultnet.Digest, 0, n)
	for i, by := range c.By {
		start := len(siblings)
		siblings = append(siblings, by.Path.Siblings...)
		if room[i] = *by; len(siblings) > start {
			room[i].Path.Siblings = siblings[start:len(siblings):len(siblings)]
		}
		lean.By[i] = &room[i]
	}
	return lean
}
