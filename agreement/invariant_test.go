package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// watch checks the invariants of design §9 that one object's agreement promises, after every sealed turn of an honest
// member and across its restarts.
type watch struct {
	t       testing.TB
	c       *cluster
	blocks  map[vaultnet.Height]vaultnet.Digest
	states  map[vaultnet.Height]vaultnet.Digest
	times   map[vaultnet.Height]vaultnet.Time
	applied map[vaultnet.Digest]vaultnet.Height
	cast    map[castAt]vaultnet.Digest
	seen    map[*member]*progress
	where   string // what a failure says: the seed
}

type castAt struct {
	member *member
	height vaultnet.Height
	round  uint32
	kind   VoteType
	set    vaultnet.Digest
}

// progress is how far a member's history was checked, and what it was locked on after its last turn.
type progress struct {
	votes, decided int
	height         vaultnet.Height
	lockHeight     vaultnet.Height
	lock           *polka
	state          *State
	record         *byte       // the vote record as it was read last
	votesStored    *voteRecord // what it says
}

func (c *cluster) watched(t testing.TB, where string) *watch {
	w := &watch{t: t, c: c, blocks: map[vaultnet.Height]vaultnet.Digest{}, states: map[vaultnet.Height]vaultnet.Digest{},
		times: map[vaultnet.Height]vaultnet.Time{}, applied: map[vaultnet.Digest]vaultnet.Height{},
		cast: map[castAt]vaultnet.Digest{}, seen: map[*member]*progress{}, where: where}
	c.check = w.check
	return w
}

func (w *watch) fail(m *member, format string, a ...any) {
	w.t.Helper()
	w.t.Fatalf("%s: member %d: %s", w.where, w.c.set.Index(m.key), fmt.Sprintf(format, a...))
}

func (w *watch) check(m *member) {
	p := w.seen[m]
	if p == nil {
		p = &progress{}
		w.seen[m] = p
	}
	w.votes(m, p)
	w.decisions(m, p)
	w.undecided(m)
	if r := m.store[string([]byte{sectionVote})]; r == nil {
		p.record, p.votesStored = nil, nil
	} else if p.record != &r[0] {
		p.record, p.votesStored = &r[0], unmarshalVotes(w.t, r)
	}
	covers(w.t, m, p.votesStored)
	a := m.object.attempt
	p.lockHeight, p.lock = m.object.height+1, nil
	if a != nil {
		p.lock = a.lock
	}
}

// votes: one for each height, round, type and set; a locked member prevotes only what it is locked on, nil, or what a polka as
// new as its lock justifies.
func (w *watch) votes(m *member, p *progress) {
	for _, v := range m.votes[p.votes:] {
		at := castAt{m, v.Height, v.Round, v.Type, v.Set}
		if _, twice := w.cast[at]; twice {
			w.fail(m, "voted twice: %+v", v)
		}
		w.cast[at] = v.Block
		if v.Type != Prevote || v.Block.IsZero() || p.lock == nil || p.lockHeight != v.Height || p.lock.held.digest == v.Block {
			continue
		}
		a := m.object.attempt
		if a == nil || m.object.height+1 != v.Height {
			continue // decided in the same turn
		}
		if h := a.find(v.Block); h == nil || h.offer(v.Round) == nil || h.offer(v.Round).PolkaRound < int64(p.lock.round) {
			w.fail(m, "locked in round %d, prevoted for another block in round %d", p.lock.round, v.Round)
		}
	}
	p.votes = len(m.votes)
}

// decisions: one block for each height, states equal, heights and times increase, nothing applied twice or late.
func (w *watch) decisions(m *member, p *progress) {
	for _, d := range m.decided[p.decided:] {
		h := d.Header.Height
		digest := d.Header.Digest(w.c.cfg.Network, w.c.address)
		if h <= p.height {
			w.fail(m, "height %d after %d", h, p.height)
		}
		p.height = h
		if !d.Certificate.Proves(Precommit, d.Voters, d.Voters.Digest()) || d.Certificate.Ballot.Block != digest {
			w.fail(m, "height %d without a certificate", h)
		}
		if other, ok := w.blocks[h]; ok && other != digest {
			w.fail(m, "two blocks of height %d", h)
		}
		if _, ok := w.blocks[h]; !ok && d.Bodies != nil {
			for _, r := range d.Bodies {
				if _, twice := w.applied[r.ID]; twice {
					w.fail(m, "applied twice")
				}
				w.applied[r.ID] = h
				if r.Deadline < d.Header.Time {
					w.fail(m, "applied after its deadline")
				}
			}
			if len(d.Bodies) > vaultnet.MaxInFlight {
				w.fail(m, "%d mutations in a block", len(d.Bodies))
			}
		}
		w.blocks[h], w.times[h] = digest, d.Header.Time
		if before, ok := w.times[h-1]; ok && before >= d.Header.Time {
			w.fail(m, "time does not increase")
		}
	}
	p.decided = len(m.decided)
	if s := m.object.State(); s != nil && s != p.state {
		p.state = s
		d := s.Digest()
		if other, ok := w.states[m.object.Height()]; ok && other != d || d != m.object.Decided().Header.State {
			w.fail(m, "another state at height %d", m.object.Height())
		}
		w.states[m.object.Height()] = d
	}
}

// undecided: at most five, no two in conflict.
func (w *watch) undecided(m *member) {
	rs := m.object.Undecided()
	if len(rs) > vaultnet.MaxInFlight {
		w.fail(m, "%d undecided", len(rs))
	}
	for i, r := range rs {
		if k, _ := (&toy{}).parse(r); (&toy{}).taken(rs[:i], k) {
			w.fail(m, "two undecided on one key")
		}
	}
}

func (m *toy) taken(rs []*Request, key string) bool {
	for _, r := range rs {
		if k, _ := m.parse(r); k == key {
			return true
		}
	}
	return false
}
