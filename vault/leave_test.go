package vault_test

import (
	"fmt"
	"testing"
	"time"

	"vaultnet/client"
)

// A vault that leaves is replaced where there is another vault, and sees it.
func TestLeaving(t *testing.T) {
	w := newCommunityOf(t, 6, func(i int) string { return fmt.Sprintf("/memory/%d", 1+i) }, func(w *community) {
		w.base.Parameters.GroupSize, w.base.Parameters.LeaveAfter, w.base.Parameters.JoinAfter = 4, time.Second, time.Second
	})
	w.wait("all are settled", w.settled)
	c := w.client()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if _, err := c.Put(t.Context(), alice, client.Address(fmt.Sprint("object ", i), 1), client.Object{}); err != nil {
			t.Fatal(err)
		}
	}
	leaver := w.vaults[3]
	left, err := leaver.Leave(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left.Objects == 0 || left.Taken != left.Objects {
		t.Errorf("%+v", left)
	}
	t.Logf("%+v", left)
	select {
	case <-leaver.Done():
	default:
		t.Error("it has left, and still runs")
	}
	for i := range 6 {
		a := client.Address(fmt.Sprint("object ", i), 1)
		if _, err := c.Mutate(t.Context(), alice, a, client.Insert("k", nil)); err != nil {
			t.Error(err)
		}
	}
	for i, v := range w.vaults {
		if i == 3 {
			continue
		}
		held, err := v.Holdings()
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range held {
			if h.Member && h.Set.Index(leaver.Key()) >= 0 {
				t.Errorf("vault %d still takes it for a member of %v", i, h.Address)
			}
		}
	}
}

// Where nobody is left to take over, leaving ends all the same.
func TestTheOnlyVaultLeaves(t *testing.T) {
	w := newCommunity(t, 1, func(int) string { return "/memory/1" })
	c := w.client()
	if _, err := c.CreateAccount(t.Context(), client.Actor{Key: client.NewKey()}); err != nil {
		t.Fatal(err)
	}
	left, err := w.vaults[0].Leave(t.Context())
	if err != nil || left.Objects != 1 || left.Taken != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := w.vaults[0].Leave(t.Context()); err == nil {
		t.Error("it left twice")
	}
}
