package permit

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/refusal"
)

func TestUse(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	var u Usage
	for i := range 3 {
		if err := u.Check(p, start); err != nil {
			t.Fatal(err)
		}
		before := u.Digest()
		next, err := u.Use(p, start, false)
		if err != nil || u.Digest() != before || next.Digest() == before {
			t.Fatal(i, err)
		}
		u = next
	}
	for _, err := range []error{u.Check(p, start), second2(u.Use(p, start, false))} {
		if reason(t, err) != refusal.UsedUp {
			t.Error(err)
		}
	}
	// Another set of signatures, another path: the same permit.
	same, _ := Assemble(p.Body, allowances(3, 1), 0, signed(p.Body, 8))
	if _, err := u.Use(same, start, true); reason(t, err) != refusal.UsedUp {
		t.Error(err)
	}
	// Another body, with all else alike: another permit.
	if _, err := u.Use(good(2, allowances(3, 1), 0), start, false); err != nil {
		t.Error(err)
	}
	fresh := good(3, allowances(3, 1), 0)
	if _, err := u.Use(fresh, start+10*second, false); err != nil {
		t.Error(err)
	}
	for _, err := range []error{u.Check(fresh, start+10*second+1), second2(u.Use(fresh, start+10*second+1, false))} {
		if reason(t, err) != refusal.Expired {
			t.Error(err)
		}
	}
}

func second2(_ Usage, err error) error { return err }

// filled has n records of permits expiring one after the other.
func filled(n, owned int) (u Usage) {
	for i := range n {
		r := record{used: 1, owner: i < owned}
		if !r.owner {
			u.strangers++
		}
		var d vaultnet.Digest
		binary.BigEndian.PutUint32(d[:], uint32(i))
		u = u.put(usageKey(start+vaultnet.Time(i), d), r)
	}
	return u
}

// 65,536 records, 4,096 of them kept for the owner's account.
func TestUsageIsBounded(t *testing.T) {
	const strangers = vaultnet.MaxUsage - vaultnet.OwnerReserve
	p, q := good(1, allowances(3, 1), 0), good(2, allowances(3, 1), 0)
	u := filled(strangers-1, 0)
	u, err := u.Use(p, start, false)
	if err != nil || u.Len() != strangers {
		t.Fatal(err)
	}
	if _, err := u.Use(q, start, false); err == nil || err.(*refusal.Error).Kind != refusal.TooManyMutations {
		t.Fatal(err)
	}
	if _, err := u.Close(q, start, false); err == nil || err.(*refusal.Error).Kind != refusal.TooManyMutations {
		t.Fatal(err)
	}
	if _, err := u.Use(p, start, false); err != nil { // one that is there already needs no room
		t.Error(err)
	}
	if u, err = u.Use(q, start, true); err != nil {
		t.Fatal(err)
	}
	u = filled(vaultnet.MaxUsage-1, vaultnet.MaxUsage-1)
	if u, err = u.Use(p, start, true); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []bool{true, false} {
		if _, err := u.Use(q, start, owner); err == nil || err.(*refusal.Error).Kind != refusal.TooManyMutations {
			t.Fatal(err)
		}
	}
	// Time makes room again.
	u = filled(strangers, 0).Prune(start + minute + 10)
	if u.Len() != strangers-10 {
		t.Fatalf("%d records", u.Len())
	}
	for i := range 10 {
		if u, err = u.Use(good(byte(i), allowances(3, 1), 0), start, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = u.Use(good(77, allowances(3, 1), 0), start, false); err == nil {
		t.Fatal("too many")
	}
}

func TestPrune(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	u, _ := Usage{}.Use(p, start, false)
	if kept := u.Prune(start + 10*second + minute); kept.Len() != 1 {
		t.Error("pruned in its last moment")
	}
	gone := u.Prune(start + 10*second + minute + 1)
	if gone.Len() != 0 || !gone.Digest().IsZero() || gone.strangers != 0 {
		t.Error("not pruned")
	}
	// And cannot come back.
	if _, err := gone.Use(p, start+10*second+minute+1, false); reason(t, err) != refusal.Expired {
		t.Error(err)
	}
}

// A naive model: a map. Diffs add up, records load, digests depend on the content alone, the sum never exceeds what was
// allowed.
func TestUsageModel(t *testing.T) {
	type known struct {
		used          uint16
		closed, owner bool
		expires       vaultnet.Time
	}
	const section = 7
	rapid.Check(t, func(t *rapid.T) {
		var permits []*Permit
		for i := range rapid.IntRange(1, 6).Draw(t, "permits") {
			list := allowances(uint16(rapid.IntRange(1, 4).Draw(t, "count")), 1, 2)
			b := body(byte(i), list)
			b.Expires = start + rapid.SampledFrom([]vaultnet.Time{0, second, 10 * second, minute}).Draw(t, "lifetime")
			permits = append(permits, bare(b, list, 0))
		}
		var u Usage
		model, stored := map[vaultnet.Digest]known{}, map[string][]byte{}
		at := start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at += rapid.SampledFrom([]vaultnet.Time{0, 0, 0, 1, second, 10 * second, minute, minute + 1}).Draw(t, "wait")
			p := rapid.SampledFrom(permits).Draw(t, "permit")
			owner := rapid.Bool().Draw(t, "owner")
			d := p.Body.Digest()
			next := u.Prune(at)
			maps.DeleteFunc(model, func(_ vaultnet.Digest, k known) bool { return at > k.expires+minute })
			k, there := model[d]
			if !there {
				k = known{owner: owner, expires: p.Body.Expires}
			}
			var err error
			want := refusal.NoReason
			closing := rapid.IntRange(0, 3).Draw(t, "close") == 0
			switch {
			case at > p.Body.Expires:
				want = refusal.Expired
			case closing:
				k.closed = true
			case k.closed:
				want = refusal.Closed
			case k.used == p.Allowance.Count:
				want = refusal.UsedUp
			default:
				k.used++
			}
			if closing {
				next, err = next.Close(p, at, owner)
			} else {
				next, err = next.Use(p, at, owner)
			}
			if (err == nil) != (want == 0) || err != nil && err.(*refusal.Error).Detail.Reason != want {
				t.Fatalf("%v, want %v", err, want)
			}
			if want == 0 {
				model[d] = k
			}
			for _, w := range next.Diff(u, section) {
				if w.Value == nil {
					delete(stored, string(w.Key))
				} else {
					stored[string(w.Key)] = w.Value
				}
			}
			u = next
			strangers := 0
			for d, k := range model {
				used, closed, ok := u.Used(d, k.expires)
				if !ok || used != k.used || closed != k.closed {
					t.Fatalf("used %d %v %v, want %+v", used, closed, ok, k)
				}
				if !k.owner {
					strangers++
				}
			}
			if u.Len() != len(model) || u.strangers != strangers {
				t.Fatalf("%d records, %d of strangers; want %d, %d", u.Len(), u.strangers, len(model), strangers)
			}
			records := u.Records(section)
			if len(records) != len(stored) {
				t.Fatalf("%d records, the diffs made %d", len(records), len(stored))
			}
			for _, w := range records {
				if !bytes.Equal(stored[string(w.Key)], w.Value) {
					t.Fatalf("record %x differs from what the diffs made", w.Key)
				}
			}
			loaded, err := Load(records, section)
			if err != nil || loaded.Digest() != u.Digest() || loaded.strangers != u.strangers {
				t.Fatal("loading", err)
			}
		}
	})
}

func TestLoadDamaged(t *testing.T) {
	u := filled(3, 1)
	u, _ = u.Close(good(1, allowances(3, 1), 0), start, true)
	records := u.Records(7)
	damage := func(change func([]vaultnet.Write) []vaultnet.Write) {
		t.Helper()
		ws := make([]vaultnet.Write, len(records))
		for i, w := range records {
			ws[i] = vaultnet.Write{Key: bytes.Clone(w.Key), Value: bytes.Clone(w.Value)}
		}
		if got, err := Load(change(ws), 7); err == nil && got.Digest() == u.Digest() {
			t.Fatal("the damage does not show")
		}
	}
	for i := range records {
		damage(func(ws []vaultnet.Write) []vaultnet.Write { return slices.Delete(ws, i, i+1) })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { return slices.Insert(ws, i, ws[i]) })
		for j := range records[i].Value {
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value[j]++; return ws })
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value[j] ^= 0x80; return ws })
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value = ws[i].Value[:j]; return ws })
		}
		for j := range records[i].Key {
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Key[j] ^= 0x80; return ws })
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Key = ws[i].Key[:j]; return ws })
		}
	}
	if _, err := Load(make([]vaultnet.Write, vaultnet.MaxUsage+1), 7); err == nil {
		t.Error("too many records are taken")
	}
	if _, err := Load(filled(vaultnet.MaxUsage-vaultnet.OwnerReserve+1, 0).Records(7), 7); err == nil {
		t.Error("too many records of strangers are taken")
	}
	if got, err := Load(nil, 7); err != nil || got.Len() != 0 {
		t.Error("no records are not an empty usage")
	}
}

func FuzzLoad(f *testing.F) {
	for _, w := range filled(2, 1).Records(7) {
		f.Add(w.Key, w.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		u, err := Load([]vaultnet.Write{{Key: key, Value: value}}, 7)
		if err != nil {
			return
		}
		r := u.Records(7)
		if len(r) != 1 || !bytes.Equal(r[0].Key, key) || !bytes.Equal(r[0].Value, value) {
			t.Fatal("a record that does not come back")
		}
	})
}
