package op

import (
	"vaultnet"
)

// places is the addresses that the client knows of, the least useful forgotten first.
type places struct {
	at   map[vaultnet.Address]*place
	list []*place // in order of making
	tick uint64
}

// place returns what is known of an address. Whoever uses it joins it, or it may be forgotten at the next call.
func (c *Client) place(a vaultnet.Address) *place {
	s := &c.places
	s.tick++
	if p := s.at[a]; p != nil {
		p.used = s.tick
		return p
	}
	if s.at == nil {
		s.at = make(map[vaultnet.Address]*place)
	}
	p := &place{c: c, address: a, location: a.Location(), used: s.tick}
	s.at[a] = p
	s.list = append(s.list, p)
	if len(s.list) > maxPlaces {
		s.forget()
	}
	return p
}

// forget drops, of the places nobody uses, the half that was of use longest ago.
func (s *places) forget() {
	var idle []uint64
	for _, p := range s.list {
		if len(p.users) == 0 {
			idle = append(idle, p.used)
		}
	}
	if len(idle) == 0 {
		return
	}
	limit := median(idle)
	kept := s.list[:0]
	for _, p := range s.list {
		if len(p.users) == 0 && p.used <= limit && p.used < s.tick {
			delete(s.at, p.address)
			continue
		}
		kept = append(kept, p)
	}
	clear(s.list[len(kept):])
	s.list = kept
}

func (s *places) find(a vaultnet.Address) *place { return s.at[a] }

// found takes the answer to a lookup.
func (s *places) found(name vaultnet.Name, vaults []vaultnet.PublicKey) {
	for _, p := range s.list {
		if p.address.Name != name {
			continue
		}
		p.lookedUp = true
		for _, v := range vaults {
			p.hint(v)
		}
		p.poke()
	}
}
