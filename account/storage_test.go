package account

import (
	"bytes"
	"slices"
	"testing"

	"vaultnet"
)

// A full account is within its bound, and its records survive.
func TestMaxSize(t *testing.T) {
	m := full(t, vaultnet.MaxGrants, vaultnet.MaxPermits)
	a := m.account
	for i := range vaultnet.MaxGrants { // remember as many ended ones, and fill up again
		var err error
		if a, _, err = a.Apply(&DeleteGrant{Key: key(1000 + i), Version: a.Version() + 1}, m.context(owner)); err != nil {
			t.Fatal(err)
		}
		terms := Terms{Label: string(make([]byte, vaultnet.MaxLabelSize))}
		if a, _, err = a.Apply(&InsertGrant{Key: key(9000 + i), Terms: terms, Version: a.Version() + 1}, m.context(owner)); err != nil {
			t.Fatal(err)
		}
	}
	m.set(a)
	if m.account.Size() != MaxSize {
		t.Fatalf("a full account has %d bytes, want %d", m.account.Size(), MaxSize)
	}
	answer, err := m.account.Read(Query{Grants: true, Permits: true})
	if err != nil || len(answer) > MaxAnswer {
		t.Fatalf("the answer has %d bytes, at most %d (%v)", len(answer), MaxAnswer, err)
	}
	if _, err := DecodeView(answer); err != nil {
		t.Fatal(err)
	}
	t.Logf("a full account: %d bytes in %d records, answer %d bytes", MaxSize, len(a.Records()), len(answer))
}

func busy(t fataler) *managers {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Label: "app", Uses: 50, Expires: start + hour})
	m.grant(other, Terms{Temporary: true})
	m.grant(stranger, Terms{})
	m.issue(app, asked(3, 1, 2, 3))
	m.issue(owner, asked(3, 1))
	m.must(app, m.settlement(0, 1, 2, true))
	m.must(owner, &DeleteGrant{Key: stranger, Version: 4})
	return m
}

func TestDiffToAndFromNothing(t *testing.T) {
	m := busy(t)
	var none *Account
	if w := none.Diff(nil); w != nil {
		t.Fatalf("nothing differs from nothing by %v", w)
	}
	if w := m.account.Diff(m.account); w != nil {
		t.Fatalf("an account differs from itself by %v", w)
	}
	gone, all := none.Diff(m.account), m.account.Records()
	if len(gone) != len(all) {
		t.Fatalf("%d records deleted of %d", len(gone), len(all))
	}
	for i := range all {
		if !bytes.Equal(gone[i].Key, all[i].Key) || gone[i].Value != nil {
			t.Fatalf("record %x is not deleted", all[i].Key)
		}
	}
	if a, err := Load(nil); a != nil || err != nil {
		t.Fatalf("no records: %v, %v", a, err)
	}
}

// Whatever is changed in the records is an error or another digest, and never a panic.
func TestLoadDamaged(t *testing.T) {
	m := busy(t)
	good := m.account.Records()
	damage := func(change func([]vaultnet.Write) []vaultnet.Write) {
		t.Helper()
		ws := make([]vaultnet.Write, len(good))
		for i, w := range good {
			ws[i] = vaultnet.Write{Key: slices.Clone(w.Key), Value: slices.Clone(w.Value)}
		}
		ws = change(ws)
		a, err := Load(ws)
		if err == nil && a.Digest() == m.account.Digest() {
			t.Fatalf("the damage does not show")
		}
		if err == nil {
			a.Advance(m.at+hour*1000, m.p).Apply(asked(1, 1), m.context(app))
			a.Apply(m.settlement(0, 0, 1, true), m.context(app))
		}
	}
	for i := range good {
		damage(func(ws []vaultnet.Write) []vaultnet.Write { return slices.Delete(ws, i, i+1) })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { return slices.Insert(ws, i, ws[i]) })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value = nil; return ws })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value = append(ws[i].Value, 0xff); return ws })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Key = nil; return ws })
		damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Key = append(ws[i].Key, 0); return ws })
		for j := range good[i].Key {
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Key[j] ^= 0x80; return ws })
		}
		for j := range good[i].Value {
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value[j] ^= 0x81; return ws })
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value[j]++; return ws })
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i].Value = ws[i].Value[:j]; return ws })
		}
		if i > 0 {
			damage(func(ws []vaultnet.Write) []vaultnet.Write { ws[i], ws[i-1] = ws[i-1], ws[i]; return ws })
		}
	}
}

// The digest covers every field of every record.
func TestDigestCoversEverything(t *testing.T) {
	m := busy(t)
	seen := map[vaultnet.Digest]string{m.account.Digest(): "as it is"}
	change := func(name string, f func(a *Account)) {
		t.Helper()
		a := *m.account
		f(&a)
		if other, ok := seen[a.Digest()]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[a.Digest()] = name
	}
	change("done", func(a *Account) { a.done++ })
	change("reserved", func(a *Account) { a.reserved++ })
	change("available", func(a *Account) { a.available++ })
	change("version", func(a *Account) { a.version++ })
	change("verified", func(a *Account) { a.verified++ })
	change("endings", func(a *Account) { a.endings++ })
	for name, f := range map[string]func(*Grant){
		"key": func(g *Grant) { g.Key = key(9) }, "label": func(g *Grant) { g.Terms.Label = "b" },
		"expires": func(g *Grant) { g.Terms.Expires++ }, "uses": func(g *Grant) { g.Terms.Uses++ },
		"idle": func(g *Grant) { g.Terms.Idle += 1e6 }, "temporary": func(g *Grant) { g.Terms.Temporary = true },
		"permit": func(g *Grant) { g.Terms.PermitLifetime += 1e6 }, "unverified": func(g *Grant) { g.Terms.Unverified += 1e6 },
		"created": func(g *Grant) { g.Created++ }, "since": func(g *Grant) { g.Since++ }, "used": func(g *Grant) { g.LastUsed++ },
		"last verified": func(g *Grant) { g.LastVerified++ }, "term": func(g *Grant) { g.Term++ },
		"left": func(g *Grant) { g.UsesLeft++ }, "out": func(g *Grant) { g.Out++ },
	} {
		change(name, func(a *Account) { g, _ := a.Grant(app); f(&g); a.putGrant(g, m.p) })
	}
	body := m.bodies[0].Digest()
	o, ok := m.account.permits.Get(dueKey(m.bodies[0].Expires.Add(vaultnet.UsageGrace), body))
	if !ok {
		t.Fatal("no permit")
	}
	for name, f := range map[string]func(*outstanding){
		"requester": func(o *outstanding) { o.requester = owner }, "permit's term": func(o *outstanding) { o.term++ },
		"permit's left": func(o *outstanding) { o.left++ }, "permit's expiry": func(o *outstanding) { o.expires++ },
		"settled": func(o *outstanding) { o.settled++ }, "chunks": func(o *outstanding) { o.chunks = true },
	} {
		change(name, func(a *Account) { p := o; f(&p); a.putPermit(body, p) })
	}
	change("another permit", func(a *Account) { a.putPermit(vaultnet.Digest{1}, o) })
	change("an ending", func(a *Account) { e := end{app, 5}; a.ended = a.ended.Put(endKey(0), e, leafOf(e.value())) })
	change("an ending's reason", func(a *Account) { e := end{stranger, 6}; a.ended = a.ended.Put(endKey(0), e, leafOf(e.value())) })
}
