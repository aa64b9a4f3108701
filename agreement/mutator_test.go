package agreement

import (
	"math/rand/v2"
	"reflect"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// mutator changes values of valid messages and records here and there: numbers to their extremes, digests by a bit, lists
// by an element more, fewer or twice, what is optional to nothing.
type mutator struct{ rng *rand.Rand }

// change changes about n things somewhere in what p points to.
func (m mutator) change(p any, n int) {
	for range n {
		m.walk(reflect.ValueOf(p).Elem())
	}
}

var atomic = map[reflect.Type]bool{ // opened from bytes as a whole: not changed inside
	reflect.TypeFor[*Request]():            true,
	reflect.TypeFor[*vaultnet.Withdraw]():  true,
	reflect.TypeFor[*merkle.Attestation](): false,
}

func (m mutator) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if i := m.rng.IntN(v.NumField()); v.Field(i).CanSet() && v.Type().Field(i).Name != "_" {
			m.walk(v.Field(i))
		}
	case reflect.Pointer:
		switch {
		case v.IsNil():
		case m.rng.IntN(12) == 0:
			v.SetZero()
		case !atomic[v.Type()]:
			m.walk(v.Elem())
		}
	case reflect.Slice:
		m.slice(v)
	case reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if i := m.rng.IntN(v.Len()); m.rng.IntN(4) == 0 {
				v.SetZero()
			} else {
				v.Index(i).SetUint(v.Index(i).Uint() ^ 1<<m.rng.IntN(8))
			}
		}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint([]uint64{0, 1, 2, v.Uint() + 1, v.Uint() - 1, 1 << 20, 1 << 30, 1<<62 - 1, 1<<64 - 1}[m.rng.IntN(9)])
	case reflect.Int64:
		v.SetInt([]int64{0, -1, -2, 1, v.Int() + 1, v.Int() - 1, v.Int() + 5_000, 1 << 43, 1<<63 - 1, -1 << 63}[m.rng.IntN(10)])
	}
}

func (m mutator) slice(v reflect.Value) {
	n := v.Len()
	if n == 0 {
		if m.rng.IntN(3) == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		return
	}
	i, j := m.rng.IntN(n), m.rng.IntN(n)
	switch m.rng.IntN(8) {
	case 0:
		v.Set(reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, n)))
	case 1:
		v.Set(reflect.Append(v.Slice3(0, n, n), v.Index(i)))
	case 2:
		v.SetZero()
	case 3:
		a, b := reflect.ValueOf(v.Index(i).Interface()), reflect.ValueOf(v.Index(j).Interface())
		v.Index(i).Set(b)
		v.Index(j).Set(a)
	default:
		m.walk(v.Index(i))
	}
}

// clone copies what p points to, requests and withdrawals excepted.
func clone[T any](p *T) *T {
	v := reflect.New(reflect.TypeFor[T]())
	copied(v.Elem(), reflect.ValueOf(p).Elem())
	return v.Interface().(*T)
}

func copied(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Pointer:
		if from.IsNil() || atomic[from.Type()] {
			to.Set(from)
			return
		}
		to.Set(reflect.New(from.Type().Elem()))
		copied(to.Elem(), from.Elem())
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			copied(to.Index(i), from.Index(i))
		}
	case reflect.Struct:
		for i := range from.NumField() {
			if to.Field(i).CanSet() {
				copied(to.Field(i), from.Field(i))
			}
		}
	default:
		to.Set(from)
	}
}

// lawful reports whether a bundle is one that can arrive: what is checked of it when it is opened, signatures aside. It
// says the same of what members send.
func lawful(a vaultnet.Address, b *Bundle) bool {
	const height, round, instant = 1 << 62, 1 << 30, 1 << 43
	if b.Address != a || b.Height > height || b.Following > height || len(b.Votes) > 64 || len(b.Requests) > 10 || len(b.Withdraw) > 64 ||
		len(b.Wishes) > maxMembers || len(b.Need) > vaultnet.MaxInFlight {
		return false
	}
	ballot := func(b *Ballot) bool {
		return b.Height >= 1 && b.Height <= height && b.Round <= round && (b.Type == Prevote || b.Type == Precommit)
	}
	certificate := func(c *Certificate) bool {
		if !ballot(&c.Ballot) || len(c.By) < 1 || len(c.By) > maxMembers {
			return false
		}
		for _, by := range c.By {
			if by == nil {
				return false
			}
		}
		return true
	}
	header := func(h *Header) bool {
		return h.Height >= 1 && h.Height <= height && h.Time >= 0 && h.Time <= instant && len(h.Mutations) <= vaultnet.MaxInFlight
	}
	set := func(s *Set) bool { return s != nil && s.Number <= height && s.Valid(a, maxMembers) }
	proof := func(p *SetProof) bool {
		for _, v := range p.Views {
			if v.By == nil || v.Time < 0 || v.Time > instant {
				return false
			}
		}
		_, ok := p.Set(a, maxMembers)
		return ok
	}
	decided := func(d *Decided) bool {
		if !header(&d.Header) || d.Certificate == nil || !certificate(d.Certificate) || !set(d.Set) || !set(d.Voters) ||
			d.Proof != nil && !proof(d.Proof) || len(d.Links) > maxLinks || len(d.Bodies) > 0 && len(d.Bodies) != len(d.Header.Mutations) {
			return false
		}
		for i, r := range d.Bodies {
			if r == nil || r.Ref != d.Header.Mutations[i] {
				return false
			}
		}
		for i := range d.Links {
			if l := &d.Links[i]; !header(&l.Header) || l.Certificate == nil || !certificate(l.Certificate) || !set(l.Set) {
				return false
			}
		}
		return true
	}
	if p := b.Proposal; p != nil && (!header(&p.Header) || p.Round > round || p.PolkaRound < -1 || p.PolkaRound > round || p.By == nil ||
		(p.PolkaRound >= 0) != (p.Polka != nil) || p.Polka != nil && !certificate(p.Polka) || p.Proof != nil && !proof(p.Proof)) {
		return false
	}
	for _, v := range b.Votes {
		if v == nil || v.By == nil || !ballot(&v.Ballot) {
			return false
		}
	}
	for _, r := range b.Requests {
		if r == nil {
			return false
		}
	}
	for _, w := range b.Withdraw {
		if w == nil {
			return false
		}
	}
	for _, w := range b.Wishes {
		if w == nil || w.By == nil || w.Height < 1 || w.Height > height {
			return false
		}
	}
	if s := b.State; s != nil && (s.Decided == nil || !decided(s.Decided) || len(s.Decided.Bodies) > 0 || s.Total > maxRecords ||
		uint64(s.From)+uint64(len(s.Records)) > uint64(s.Total)) {
		return false
	}
	if w := b.Want; w != nil && (w.Have > height || w.At > height || w.From > maxRecords) {
		return false
	}
	return (b.Polka == nil || certificate(b.Polka)) && (b.Commit == nil || certificate(b.Commit)) && (b.Decided == nil || decided(b.Decided))
}
