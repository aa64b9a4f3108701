package account

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vaultnet"
	"vaultnet/refusal"
)

func TestRead(t *testing.T) {
	var none *Account
	if _, err := none.Read(Query{}); !errors.Is(err, refusal.NoSuchAccount) {
		t.Fatal(err)
	}
	m := busy(t)
	read := func(q Query) *View {
		t.Helper()
		q, err := DecodeQuery(q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.account.Read(q)
		if err != nil {
			t.Fatal(err)
		}
		v, err := DecodeView(b)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	short := read(Query{})
	if want := (&View{Done: 2, Reserved: 9, Available: 989, Version: 4, Verified: start}); cmp.Diff(short, want, cmpEmpty, cmpNone) != "" {
		t.Fatal(cmp.Diff(short, want, cmpEmpty, cmpNone))
	}
	v := read(Query{Grants: true, Permits: true})
	g, _ := m.account.Grant(app)
	h, _ := m.account.Grant(other)
	if d := cmp.Diff(v.Grants, []Grant{g, h}); d != "" {
		t.Fatal(d)
	}
	if g.Terms.Label != "app" || g.UsesLeft != 42 || g.Out != 1 {
		t.Fatalf("grant %+v", g)
	}
	var held int64
	for _, o := range v.Permits {
		held += int64(o.Reserved)
		if o.Expires != start+10*second || o.Requester != app && o.Requester != owner ||
			o.Permit != m.bodies[0].Digest() && o.Permit != m.bodies[1].Digest() {
			t.Fatalf("permit %+v", o)
		}
	}
	if len(v.Permits) != 2 || held != v.Reserved {
		t.Fatalf("%d permits hold %d of %d", len(v.Permits), held, v.Reserved)
	}
	// What has run out by the reader's clock reads as gone, though no block has removed it.
	if live := v.Live(start+hour, m.p); len(live) != 2 {
		t.Fatalf("%d live grants", len(live))
	}
	if live := v.Live(start+hour+1, m.p); len(live) != 1 || live[0].Key != other {
		t.Fatalf("live grants: %v", live)
	}
	if live := v.Live(start+25*hour, m.p); len(live) != 0 {
		t.Fatalf("live grants: %v", live)
	}
}

var cmpNone = cmp.Options{
	cmp.FilterValues(func(a, b []Grant) bool { return len(a)+len(b) == 0 }, cmp.Ignore()),
	cmp.FilterValues(func(a, b []Outstanding) bool { return len(a)+len(b) == 0 }, cmp.Ignore()),
}

func TestDecodeQueryRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, {0x83, 2, 0xf4, 0xf4}, {0x82, 1, 0xf4}, {0x83, 1, 0, 0}, {0x83, 1, 0xf4, 0xf4, 0}} {
		if _, err := DecodeQuery(b); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%x: %v", b, err)
		}
	}
}

func FuzzDecodeQuery(f *testing.F) {
	f.Add(Query{}.Encode())
	f.Add(Query{Grants: true, Permits: true}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := DecodeQuery(b); err == nil && !bytes.Equal(q.Encode(), b) {
			t.Fatal("two encodings of one query")
		}
	})
}

func FuzzDecodeView(f *testing.F) {
	m := busy(f)
	m.grant(key(9), Terms{Idle: time.Hour, PermitLifetime: time.Hour})
	b, _ := m.account.Read(Query{Grants: true, Permits: true})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := DecodeView(b)
		if err == nil {
			v.Live(start, vaultnet.DefaultParameters())
		} else if !errors.Is(err, refusal.InvalidRequest) {
			t.Fatal(err)
		}
	})
}

func FuzzLoad(f *testing.F) {
	m := busy(f)
	for _, w := range m.account.Records() {
		f.Add(w.Key, w.Value)
	}
	good := m.account.Records()
	f.Fuzz(func(t *testing.T, k, v []byte) {
		ws := append([]vaultnet.Write{good[0]}, vaultnet.Write{Key: k, Value: v})
		a, err := Load(ws)
		if err == nil && a != nil {
			a.Advance(vaultnet.Never, m.p)
		}
		Load(append([]vaultnet.Write{{Key: k, Value: v}}, good[1:]...))
		Load(append(good[:len(good):len(good)], vaultnet.Write{Key: k, Value: v}))
	})
}
