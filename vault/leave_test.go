package vault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/vault"
	"vaultnet/vault/core"
)

// A vault that leaves is replaced while it serves, and then stops: a client that writes all the while notices nothing.
func TestLeaving(t *testing.T) {
	t.Parallel()
	w := newCommunityOf(t, 6, func(i int) string { return fmt.Sprintf("/memory/%d", 1+i) }, func(w *community) {
		w.base.Parameters.GroupSize, w.base.Parameters.LeaveAfter, w.base.Parameters.JoinAfter = 4, 10*time.Minute, 10*time.Minute
	})
	w.wait("all are settled", w.settled)
	c := w.client()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	var all []vaultnet.Address
	for i := range 6 {
		a := client.Address(fmt.Sprint("object ", i), 1)
		all = append(all, a)
		if _, err := c.Put(t.Context(), alice, a, client.Object{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.PutChunk(t.Context(), alice, []byte("a chunk")); err != nil {
		t.Fatal(err)
	}
	leaver := w.vaults[3]
	done := make(chan error, 1)
	var left vault.Left
	var steps []core.Departure
	begun := time.Now()
	go func() {
		var err error
		left, err = leaver.Leave(t.Context(), func(d core.Departure) { steps = append(steps, d) })
		done <- err
	}()
	writes, slowest := 0, time.Duration(0)
	for leaving := true; leaving; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			leaving = false
		default:
			at := time.Now()
			if _, err := c.Mutate(t.Context(), alice, all[writes%len(all)], client.Insert(mutabledata.Key(fmt.Sprint(writes/len(all))), nil)); err != nil && writes < 600 {
				t.Fatal(err)
			}
			slowest = max(slowest, time.Since(at))
			writes++
		}
	}
	t.Logf("%+v after %v, %d writes meanwhile, the slowest %v: %+v", left, time.Since(begun), writes, slowest, steps)
	if left.Objects == 0 || len(steps) == 0 || !steps[len(steps)-1].Left() {
		t.Errorf("%+v, %+v", left, steps)
	}
	select {
	case <-leaver.Done():
	default:
		t.Error("it has left, and still runs")
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

// Where nobody is there to take over, a vault says so, and stays when it is told to.
func TestTheOnlyVaultStays(t *testing.T) {
	w := newCommunity(t, 1, func(int) string { return "/memory/1" })
	c := w.client()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	v := w.vaults[0]
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan core.Departure, 1)
	done := make(chan error, 1)
	go func() {
		_, err := v.Leave(ctx, func(d core.Departure) { told <- d })
		done <- err
	}()
	if d := <-told; d.Objects != 1 || d.Stuck != 1 {
		t.Errorf("%+v", d)
	}
	if _, err := v.Leave(t.Context(), nil); !errors.Is(err, vault.ErrLeaving) {
		t.Errorf("leaving twice at once: %v", err)
	}
	cancel()
	var stayed *vault.StayedError
	if err := <-done; !errors.As(err, &stayed) || stayed.Departure.Stuck != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := c.Put(t.Context(), alice, client.Address("notes", 1), client.Object{}); err != nil {
		t.Errorf("it does not serve any more: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Leave(t.Context(), nil); !errors.Is(err, vault.ErrStopped) {
		t.Errorf("a stopped vault leaves: %v", err)
	}
}
