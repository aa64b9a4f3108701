package op

import (
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// questions counts, for each vault, how often it is asked who holds an address.
func (w *world) questions(a vaultnet.Address) map[vaultnet.PublicKey]int {
	n := make(map[vaultnet.PublicKey]int)
	w.watch = func(to *vault, m wire.Message) {
		if g, ok := m.(*wire.GetSet); ok && g.Address == a {
			n[to.id]++
		}
	}
	return n
}

// Jobs that begin together ask together who holds an address, and all hear the answers; one that begins later asks anew,
// or what it says might be older than itself.
func TestWhoHoldsAnAddressIsAskedOnce(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	a := w.address("free")
	n := w.questions(a)
	var tickets []Ticket
	start := func(i int) {
		tickets = append(tickets, w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(i), "v")}))
	}
	for i := range 7 {
		start(i)
	}
	w.run(0, w.latency/2)
	start(7)
	w.run(0, 5*time.Second)
	for _, ticket := range tickets {
		if e, ok := w.done[ticket].Err.(*refusal.Error); !ok || e.Kind != refusal.NoSuchData {
			t.Fatalf("%v", w.done[ticket].Err)
		}
	}
	for id, times := range n {
		if times != 2 {
			t.Errorf("%v was asked %d times", id.Short(), times)
		}
	}
	if len(n) != 8 || len(w.c.calls) != 0 {
		t.Errorf("%d vaults were asked, %d calls are open", len(n), len(w.c.calls))
	}
}
