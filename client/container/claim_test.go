package container

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vaultnet/mutabledata"
)

// fillTo inserts names.
func fillTo(t *testing.T, c *Container, n int) {
	t.Helper()
	var batch []Change
	for i := range n {
		batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert})
	}
	for _, r := range c.Apply(context.Background(), batch...) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

// claim puts a node at a place, with permissions and a name of its maker's choosing, as anybody may who can pay.
func claim(t *testing.T, a *actor, c *Container, s site, name string) {
	t.Helper()
	p := c.ref.place(name)
	stored, err := c.box.seal(newRandom(9), p, name, []byte("planted"))
	if err != nil {
		t.Fatal(err)
	}
	put := &mutabledata.Put{Owner: a.payer, Entries: []mutabledata.Entry{{Key: p.key(), Value: mutabledata.Value{Content: stored}}},
		Permissions: []mutabledata.Permission{{User: mutabledata.UserOf(a.key), Set: mutabledata.PermissionSet(0).Allow(mutabledata.Insert)}}}
	if got := a.Do(context.Background(), []Step{c.mutate(s, put)})[0]; got.Err != nil {
		t.Fatal(got.Err)
	}
}

// TestAttack41NoNodeButWhereASealLeads: an app of the same account that may read and not insert, and a stranger who knows
// the id of a public container, put nodes with names at every place that they can compute. Nobody ever looks there.
func TestAttack41NoNodeButWhereASealLeads(t *testing.T) {
	ctx := context.Background()
	for _, private := range []bool{false, true} {
		for _, who := range []string{"owner", "stranger"} { // whose account pays: the node's owner
			w := newWorld(t)
			c, ref := open(t, w, private)
			fillTo(t, c, 96)
			intruder := w.actor("intruder", who)
			for i := range fanOut {
				for j := 0; ; j++ { // a name that would live there
					name := fmt.Sprint("planted ", i, " ", j)
					if s := (site{}).below(i, ""); ref.place(name).in(s.at) {
						claim(t, intruder, c, s, name)
						break
					}
				}
			}
			if _, err := c.Insert(ctx, "one more", nil); err != nil {
				t.Fatal(err)
			}
			if all := audit(t, w, c); len(all) != 97 {
				t.Fatal(len(all), "names")
			}
			// Once the seal is there the places are known, and all of them are taken by the right nodes.
			for n := range c.nodes(ctx) {
				if n.above == nil {
					continue
				}
				put := &mutabledata.Put{Owner: intruder.payer}
				if a := intruder.Do(ctx, []Step{c.mutate(n.site, put)})[0]; a.Err == nil {
					t.Fatal("a place below a seal was free")
				}
				if _, ok := n.object.UserPermissions(mutabledata.UserOf(intruder.key)); ok {
					t.Fatal("an intruder has permissions below a seal")
				}
			}
			if r, err := c.Check(ctx, false); err != nil || len(r.Findings) > 0 || r.Nodes != fanOut+1 {
				t.Fatal(r, err)
			}
		}
	}
}

// TestWantonSeal: who may insert seals a node without making those below, or having made some as another account. What is
// there stays; the owner's side makes what is missing, and re-keying leaves behind what is somebody else's.
func TestWantonSeal(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ref, _ := NewRef(newRandom(1), false, false)
	c, err := Create(ctx, w.actor("owner", "owner").config(2), ref,
		map[mutabledata.User]mutabledata.PermissionSet{mutabledata.Anyone: mutabledata.PermissionSet(0).Allow(mutabledata.Insert)})
	if err != nil {
		t.Fatal(err)
	}
	fillTo(t, c, 5)
	vandal := w.actor("vandal", "vandal")
	foreign := site{}.below(3, "wanton")
	claim(t, vandal, c, foreign, "x")
	if a := vandal.Do(ctx, []Step{c.mutate(site{}, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: sealMark, Do: mutabledata.InsertEntry, Content: []byte("wanton")}}})})[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	guest := Open(w.actor("guest", "guest").config(3), ref)
	told := map[error]int{}
	for i := range 200 {
		name := fmt.Sprint("new ", i)
		want := error(ContainerFull)
		if ref.place(name).in(foreign.at) {
			want = Foreign
		}
		if _, err := guest.Insert(ctx, name, nil); !errors.Is(err, want) {
			t.Fatal(name, err, want)
		}
		told[want]++
	}
	for i := range 200 {
		name := fmt.Sprint("new ", i)
		want := error(nil)
		if ref.place(name).in(foreign.at) {
			want = Foreign
		}
		if _, err = c.Insert(ctx, name, nil); !errors.Is(err, want) {
			t.Fatal(name, err)
		}
	}
	if told[ContainerFull] == 0 || told[Foreign] == 0 {
		t.Fatal(told)
	}
	for i := range 5 {
		if _, err := guest.Get(ctx, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := c.Check(ctx, true); err != nil || len(r.Findings) != 1 || r.Findings[0].Repaired {
		t.Fatal(r, err)
	}
	to, _ := NewRef(newRandom(7), false, false)
	next, copied, err := c.Rekey(ctx, to)
	if err != nil || copied != 5+told[ContainerFull] {
		t.Fatal(copied, err)
	}
	for i := range 200 {
		if _, err := next.Insert(ctx, fmt.Sprint("new ", i), nil); err != nil && !errors.Is(err, Exist) {
			t.Fatal(err)
		}
	}
	if all := audit(t, w, next); len(all) != 205 {
		t.Fatal(len(all))
	}
}
