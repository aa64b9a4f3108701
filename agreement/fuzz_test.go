package agreement

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// source is randomness that a fuzzer steers: its bytes first, then a stream seeded by them.
func source(b []byte) *rand.Rand {
	var seed [16]byte
	copy(seed[:], b)
	return rand.New(&steered{b, rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:]))})
}

type steered struct {
	bytes []byte
	rest  rand.Source
}

func (s *steered) Uint64() uint64 {
	if len(s.bytes) == 0 {
		return s.rest.Uint64()
	}
	n := min(8, len(s.bytes))
	var b [8]byte
	copy(b[8-n:], s.bytes[:n])
	s.bytes = s.bytes[n:]
	return binary.BigEndian.Uint64(b[:])
}

func seeds(f *testing.F, n int) {
	for i := range n {
		f.Add(binary.BigEndian.AppendUint64(nil, uint64(i)*0x9e3779b97f4a7c15+1))
	}
}

// heard is everything that one member of a lively cluster was ever sent, in order: votes, proposals, polkas, blocks,
// states, wishes, relayed requests. The cluster is the same each time.
func heard(t testing.TB) (c *cluster, m *member, all []parcel, rs []*Request) {
	c = newCluster(t, 8)
	m = c.members[4]
	rng := rand.New(rand.NewPCG(1, 2))
	lost := false
	c.drop = func(p parcel) bool {
		if p.to == m.key {
			all = append(all, p)
		}
		return lost && rng.IntN(4) == 0
	}
	c.create()
	lost = true
	for i := range 6 {
		r := c.request(fmt.Sprintf("%d=v", i), c.set.Number)
		rs = append(rs, r)
		for _, m := range c.members[i%3:] {
			c.step(m, Input{From: client, Submit: r})
		}
		c.run(1_500)
	}
	lost = false
	c.run(20_000)
	c.change(vault(60), c.set.Members[7])
	c.run(2_000)
	m.down = true
	for i := range 3 {
		r := c.request(fmt.Sprintf("%d=w", i), c.set.Number)
		rs = append(rs, r)
		c.all(r)
		c.run(8_000)
	}
	m.down = false
	c.restart(m)
	c.step(m, Input{From: client, Submit: c.request("1=bad", c.set.Number), Seen: 99})
	c.run(5_000)
	all = append(all, parcel{from: c.members[0].key, bundle: &Bundle{Address: c.address, Height: c.members[0].object.Height(), Decided: c.members[0].object.Decided()}})
	return c, m, all, rs
}

// FuzzStep gives one member what it once heard, in order, with parts changed, left out, sent twice, by others; with
// requests, withdrawals, wishes, questions, restarts and time between. It never panics, holds its bounds, can load what
// it stored, and sends nothing that could not be opened.
func FuzzStep(f *testing.F) {
	seeds(f, 40)
	c, _, all, rs := heard(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		rng := source(b)
		mut := mutator{rng}
		c := &cluster{t: t, cfg: c.cfg, address: c.address, set: c.members[0].object.Decided().Voters, now: 1_000_000, opened: c.opened, nonce: c.nonce}
		m := c.join(all[0].to)
		m.slow = vaultnet.Time(rng.IntN(2_000) - 1_000)
		c.check = func(m *member) { durable(t, m) }
		i := 0
		for range 400 {
			switch rng.IntN(16) {
			case 0:
				c.now += vaultnet.Time(rng.IntN(3_000))
				c.step(m)
			case 1:
				c.step(m, Input{From: client, Submit: rs[rng.IntN(len(rs))], Seen: vaultnet.Height(rng.Uint64N(1 << 62))})
			case 2:
				w := rs[rng.IntN(len(rs))].Withdrawal()
				c.step(m, Input{From: client, Withdraw: &w})
			case 3:
				c.step(m, Input{Desire: &Change{Add: vault(rng.IntN(9) + 55), Drop: vault(rng.IntN(9))}})
			case 4:
				if rng.IntN(4) == 0 {
					s := clone(c.set)
					mut.change(s, rng.IntN(2))
					c.step(m, Input{Believe: s})
				}
			case 5:
				if rng.IntN(4) == 0 {
					c.restart(m)
					c.step(m)
				}
			case 6:
				m.object.Follow(rng.IntN(2) == 0)
				c.step(m, Input{Return: vault(rng.IntN(8))})
			default:
				k := min(max(0, i+rng.IntN(7)-2), len(all)-1)
				i = min(i+1, len(all)-1)
				p := all[k]
				if rng.IntN(2) == 0 {
					q := clone(p.bundle)
					mut.change(q, 1+rng.IntN(6))
					if !lawful(c.address, q) {
						continue
					}
					p.bundle = q
				}
				if rng.IntN(4) == 0 {
					p.from = vault(rng.IntN(10))
				}
				c.now = max(c.now, p.at)
				c.step(m, Input{From: p.from, Bundle: p.bundle})
			}
			for _, p := range c.wire {
				if !lawful(c.address, p.bundle) {
					t.Fatalf("sent what cannot be opened: %+v", p.bundle)
				}
			}
			c.wire = nil
			bounded(t, m.object)
		}
		c.restart(m)
	})
}

// bounded demands that nothing an object holds grows with what it is sent.
func bounded(t testing.TB, o *Object) {
	n := len(o.ahead)
	a := o.attempt
	if a == nil {
		a = newAttempt()
	}
	if len(o.pool) > vaultnet.MaxInFlight || len(o.Undecided()) > vaultnet.MaxInFlight || n > maxMembers*maxAhead || len(o.helped) > 2*maxMembers ||
		len(o.followers) > maxMembers || len(o.believed) > 4 || len(o.links) > maxLinks || len(o.withdrawn) > vaultnet.MaxWithdrawals ||
		len(a.proposals) > maxProposals || len(a.polkas) > maxOffers || len(a.tallies) > roundsKept+1 || len(a.failed) > 64 || len(a.relayed) > maxRelayed ||
		slices.ContainsFunc(a.proposals, func(h *held) bool { return len(h.offers) > maxOffers }) {
		t.Fatalf("holds too much: pool %d, undecided %d, ahead %d, helped %d, followers %d, believed %d, links %d, withdrawn %d, proposals %d, polkas %d, tallies %d, failed %d, relayed %d",
			len(o.pool), len(o.Undecided()), n, len(o.helped), len(o.followers), len(o.believed), len(o.links), len(o.withdrawn), len(a.proposals), len(a.polkas), len(a.tallies), len(a.failed), len(a.relayed))
	}
}

// FuzzLoad loads a store with records changed as bytes or by what they say, lost, twice, or of another object; where it
// loads, the member goes on. There is no panic.
func FuzzLoad(f *testing.F) {
	seeds(f, 60)
	f.Fuzz(func(t *testing.T, b []byte) {
		rng := source(b)
		mut := mutator{rng}
		var s *solo
		if rng.IntN(3) == 0 {
			s = unborn(t, 8, 7)
			r := s.request("0=g", 1)
			s.submit(r)
			s.proposes(0, s.block("X", r))
		} else {
			s = alone(t, 8, 7)
			x := s.block("X", s.request("1=a", 1))
			lock(s, x)
			s.reach(1)
			s.reproposes(1, x, s.polka(0, x))
			s.withdraw(s.request("2=b", 1))
		}
		rs := s.stores(s.m)
		for range 1 + rng.IntN(4) {
			i := rng.IntN(len(rs))
			switch rng.IntN(6) {
			case 0:
				rs = slices.Delete(rs, i, i+1)
			case 1:
				rs = append(rs, rs[i])
			case 2:
				w := vaultnet.Write{Key: slices.Clone(rs[i].Key), Value: slices.Clone(rs[i].Value)}
				if p := [][]byte{w.Key, w.Value}[rng.IntN(2)]; len(p) > 0 {
					p[rng.IntN(len(p))] ^= 1 << rng.IntN(8)
				}
				rs[i] = w
			default:
				rs[i] = vaultnet.Write{Key: rs[i].Key, Value: mut.record(rs[i])}
			}
			if len(rs) == 0 {
				return
			}
		}
		o, err := Load(s.config(s.m), s.m.host, s.address, rs)
		if err != nil {
			return
		}
		s.m.object = o
		s.in()
		for i, round := range []uint32{0, 1, 1, 2, 9} {
			if o.set == nil || o.Height() > 1 {
				return
			}
			s.votes(VoteType(1+i%2), round, nil, 1, 6)
			s.waits(vaultnet.Time(rng.IntN(3_000)))
		}
		s.in(Input{From: client, Submit: s.request("3=c", 1)})
		s.waits(5_000)
	})
}

// record changes what a storage record says, and encodes it again.
func (m mutator) record(w vaultnet.Write) []byte {
	if len(w.Key) == 0 {
		return w.Value
	}
	var p any
	switch w.Key[0] {
	case sectionHead:
		p = new(headRecord)
	case sectionVote:
		p = new(voteRecord)
	case sectionProposal:
		p = new(proposalRecord)
	case sectionLedger:
		p = new(AppliedRequest)
	default:
		return append(slices.Clone(w.Value), 'x')
	}
	if canonical.Unmarshal(w.Value, p, maxRecordSize) != nil {
		return w.Value
	}
	m.change(p, 1+m.rng.IntN(4))
	if hasNil(reflect.ValueOf(p)) {
		return w.Value // has no encoding
	}
	return canonical.Marshal(p)
}

func hasNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || hasNil(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if hasNil(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if hasNil(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
