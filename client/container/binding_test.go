package container

import (
	"context"
	"errors"
	"testing"

	"vaultnet/mutabledata"
)

// TestValuesAreBound: what was sealed for one container opens in no other, not even under the same key and name.
func TestValuesAreBound(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	one, ref := open(t, w, true)
	ref.ID[0]++
	two, err := Create(ctx, w.actor("owner", "owner").config(3), ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Insert(ctx, "name", []byte("content")); err != nil {
		t.Fatal(err)
	}
	v, err := one.at(ctx, ref.place("name"))
	if err != nil {
		t.Fatal(err)
	}
	key := ref.place("name").key()
	if a := two.do(ctx, two.mutate(site{}, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: key, Do: mutabledata.InsertEntry, Content: v.Content}}}))[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	if _, err := two.Get(ctx, "name"); !errors.Is(err, Corrupt) {
		t.Fatal(err)
	}
}

// TestSealedTwiceDiffers: every seal has a nonce of its own.
func TestSealedTwiceDiffers(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, ref := open(t, w, true)
	seen := map[string]bool{}
	version, err := c.Insert(ctx, "name", []byte("content"))
	for range 20 {
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.at(ctx, ref.place("name"))
		if err != nil || seen[string(v.Content)] {
			t.Fatal("the same bytes again", err)
		}
		seen[string(v.Content)] = true
		if version, err = c.Update(ctx, "name", []byte("content"), version); err != nil {
			t.Fatal(err)
		}
	}
}
