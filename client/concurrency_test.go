package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Of many mutations of one object at once, without retries, exactly those that said so are applied, and at least one is
// told that there were too many.
func TestManyMutationsOfOneObjectAtOnce(t *testing.T) {
	w := newTown(t, 8)
	c := w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "crowded")
	for _, retries := range []bool{false, true} {
		by := alice
		by.NoRetry = !retries
		const many = 64
		errs := make([]error, many)
		key := func(i int) mutabledata.Key { return mutabledata.Key(fmt.Sprint(retries, i)) }
		var group sync.WaitGroup
		for i := range many {
			group.Go(func() { _, errs[i] = c.Mutate(within(t), by, at, Insert(key(i), nil)) })
		}
		group.Wait()
		object, _, err := c.GetObject(within(t), at)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for i, err := range errs {
			_, there := object.Entry(key(i))
			if there != (err == nil) {
				t.Errorf("mutation %d said %v, and its entry is there: %v", i, err, there)
			}
			if err != nil {
				wants(t, err, refusal.TooManyMutations)
				refused++
			}
		}
		t.Logf("retries %v: %d refused", retries, refused)
		if retries == (refused > 0) {
			t.Errorf("%d were refused", refused)
		}
		if retries {
			break
		}
		for i, err := range errs { // room for the second round
			if err == nil {
				if _, err := c.Mutate(within(t), alice, at, Delete(key(i), object.Floor()+1)); err != nil {
					// the version of an entry is at most Floor, not always Floor
					v, _ := object.Entry(key(i))
					if _, err = c.Mutate(within(t), alice, at, Delete(key(i), v.Version+1)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// A mutation whose context ends, whenever that is, was applied exactly if it said so.
func TestCancelledMidway(t *testing.T) {
	w := newTown(t, 8)
	c := w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "cancelled")
	r := rand.New(rand.NewPCG(1, 2))
	const many = 48
	errs := make([]error, many)
	after := make([]time.Duration, many)
	for i := range after {
		after[i] = time.Duration(r.IntN(60)) * time.Millisecond
	}
	key := func(i int) mutabledata.Key { return mutabledata.Key(fmt.Sprint(i)) }
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			ctx, stop := context.WithCancel(within(t))
			defer time.AfterFunc(after[i], stop).Stop()
			_, errs[i] = c.Mutate(ctx, alice, at, Insert(key(i), nil))
		})
	}
	group.Wait()
	object, _, err := c.GetObject(within(t), at)
	if err != nil {
		t.Fatal(err)
	}
	cancelled := 0
	for i, err := range errs {
		_, there := object.Entry(key(i))
		if err == nil {
			if !there {
				t.Errorf("mutation %d succeeded and is not there", i)
			}
			continue
		}
		cancelled++
		if e := wants(t, err, refusal.Unavailable); !errors.Is(err, context.Canceled) || e.Detail.OutcomeUnknown || there {
			t.Errorf("mutation %d: %v, there: %v", i, err, there)
		}
	}
	t.Logf("%d of %d cancelled", cancelled, many)
	ended, stop := context.WithCancel(t.Context())
	stop()
	_, err = c.Mutate(ended, alice, at, Insert("never", nil))
	if wants(t, err, refusal.Unavailable); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Close ends what is under way, with outcomes that are certain, and everything after it says that it is closed.
func TestCloseWithOperationsUnderWay(t *testing.T) {
	w := newTown(t, 8)
	c, other := w.client(), w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "closing")
	const many = 32
	errs := make([]error, many)
	key := func(i int) mutabledata.Key { return mutabledata.Key(fmt.Sprint(i)) }
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() { _, errs[i] = c.Mutate(context.Background(), alice, at, Insert(key(i), nil)) })
	}
	time.Sleep(20 * time.Millisecond) // some are under way; whichever they are, the same holds
	for range 3 {
		group.Go(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	object, _, err := other.GetObject(within(t), at)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		_, there := object.Entry(key(i))
		if there != (err == nil) {
			t.Errorf("mutation %d said %v, and its entry is there: %v", i, err, there)
		}
		if err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("mutation %d: %v", i, err)
		}
	}
	_, _, err = c.GetShell(within(t), at)
	if wants(t, err, refusal.Unavailable); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// Close gives back what permits had reserved and nobody used.
func TestCloseSettles(t *testing.T) {
	w := newTown(t, 8)
	c, other := w.client(), w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "settled")
	for i := range 10 { // counts grow: more is reserved than used
		if _, err := c.Mutate(within(t), alice, at, Insert(mutabledata.Key(fmt.Sprint(i)), nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	a, _, err := other.Account(within(t), alice)
	if err != nil || a.Done+a.Reserved != 11 || a.Available != w.params.AccountOperations-11 { // permits that are used up need not be shown
		t.Errorf("%+v %v", a, err)
	}
}

// With two vaults of eight gone everything goes on; when they are back they are spoken to again.
func TestVaultsDisappear(t *testing.T) {
	w := newTown(t, 9)
	c := w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "there")
	gone := w.houses[2:4]
	for _, h := range gone {
		h.stop()
	}
	for i := range 5 {
		if _, err := c.Mutate(within(t), alice, at, Insert(mutabledata.Key(fmt.Sprint(i)), nil)); err != nil {
			t.Fatal(err)
		}
	}
	fresh := object(t, c, alice, "made meanwhile", "a")
	if _, _, err := c.GetValue(within(t), fresh, "a"); err != nil {
		t.Error(err)
	}
	for _, h := range gone {
		h.restart()
	}
	for limit := time.Now().Add(time.Minute); c.Vaults() != len(w.houses); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d of %d vaults", c.Vaults(), len(w.houses))
		}
	}
}

// Without a quorum the answer is Unavailable, within the time that there is; and what became of it can be asked later.
func TestWithoutAQuorum(t *testing.T) {
	t.Parallel()
	w := newTown(t, 4)
	c := w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "there")
	if _, err := c.Mutate(within(t), alice, at, Insert("warm", nil)); err != nil { // a permit with more operations is at hand
		t.Fatal(err)
	}
	for _, h := range w.houses[:2] {
		h.stop()
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	began := time.Now()
	r, err := c.Mutate(ctx, alice, at, Insert("a", nil))
	wants(t, err, refusal.Unavailable)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for _, h := range w.houses[:2] {
		h.restart()
	}
	if r.Identity == (vaultnet.Digest{}) {
		t.Log("nothing was signed")
		return
	}
	outcome, _, err := c.Outcome(within(t), r.Receipt)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.GetValue(within(t), at, "a")
	if (err == nil) != (outcome == OutcomeApplied) {
		t.Errorf("outcome %v, and the entry: %v", outcome, err)
	}
	t.Log(outcome)
}

// More operations than can be under way wait for their turn, and can be cancelled while they do.
func TestMoreThanCanBeUnderWay(t *testing.T) {
	w := newTown(t, 4)
	c := w.client()
	alice := actor(t, c)
	at := object(t, c, alice, "popular", "a")
	var group sync.WaitGroup
	for range underWay + 1000 {
		group.Go(func() {
			if _, _, err := c.GetValue(within(t), at, "a"); err != nil {
				t.Error(err)
			}
		})
	}
	impatient, stop := context.WithCancel(t.Context())
	for range 500 {
		group.Go(func() {
			_, _, err := c.GetValue(impatient, at, "a")
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	stop()
	group.Wait()
}
