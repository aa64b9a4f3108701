package sim

import (
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/signature"
)

// bench is a checker and eight witnesses without a network.
type bench struct {
	*checker
	w         *watched
	set       *agreement.Set
	witnesses []*witness
}

func newBench(liars int) *bench {
	o := &Options{Byzantine: liars}
	var now int64
	totals := newTotals()
	b := &bench{checker: newChecker(o, o.Parameters(), signature.NewRegistry(1), &totals, newTrace(nil, &now), &now)}
	a := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{1}}
	b.w = b.watch(a)
	var members []vaultnet.PublicKey
	for i := range 8 {
		members = append(members, vaultnet.PublicKey{byte(i + 1)})
	}
	b.set = agreement.NewSet(1, a, members)
	for i, k := range b.set.Members {
		b.witnesses = append(b.witnesses, newWitness("vault", k))
		if i >= 8-liars {
			b.liars[k] = true
		}
	}
	return b
}

// cast has a witness cast a vote that becomes durable.
func (b *bench) cast(who int, t agreement.VoteType, round uint32, block byte) {
	s := b.witnesses[who]
	v := agreement.Ballot{Height: 1, Round: round, Type: t}
	if block > 0 {
		v.Block = vaultnet.Digest{block}
	}
	s.turn = append(s.turn, seen{w: b.w, ballot: v, set: b.set})
	b.stored(s)
}

func (b *bench) lock(who int, round uint32, block byte) {
	s := b.witnesses[who]
	s.turn = append(s.turn, seen{w: b.w, lock: lock{1, roundIn{round: round}, vaultnet.Digest{block}}})
	b.stored(s)
}

func (b *bench) expect(t *testing.T, invariant string) {
	t.Helper()
	got := ""
	if b.violation != nil {
		got = b.violation.Invariant
	}
	if got != invariant {
		t.Errorf("violated: %q, want %q (%v)", got, invariant, b.violation)
	}
}

func TestOneVote(t *testing.T) {
	b := newBench(0)
	b.cast(0, agreement.Prevote, 0, 1)
	b.cast(0, agreement.Prevote, 0, 1) // the same again, after a restart
	b.cast(0, agreement.Prevote, 1, 2)
	b.cast(1, agreement.Prevote, 0, 2)
	b.expect(t, "")
	b.cast(0, agreement.Prevote, 0, 2)
	b.expect(t, OneVote)
}

// TestForgottenVote: what was not durable when a vault crashed was never cast.
func TestForgottenVote(t *testing.T) {
	b := newBench(0)
	s := b.witnesses[0]
	s.turn = append(s.turn, seen{w: b.w, ballot: agreement.Ballot{Height: 1, Type: agreement.Prevote, Block: vaultnet.Digest{1}}, set: b.set})
	s.forget()
	b.cast(0, agreement.Prevote, 0, 2)
	b.expect(t, "")
}

func TestPolkaBehindPrecommit(t *testing.T) {
	for _, liars := range []int{0, 2} {
		b := newBench(liars)
		for i := range 6 - liars {
			b.cast(i, agreement.Prevote, 0, 1)
		}
		b.cast(0, agreement.Precommit, 0, 1)
		b.cast(1, agreement.Precommit, 0, 0)
		b.expect(t, "")
		b.cast(2, agreement.Precommit, 1, 1)
		b.expect(t, Polkas)

		b = newBench(liars)
		for i := range 5 - liars {
			b.cast(i, agreement.Prevote, 0, 1)
		}
		b.cast(0, agreement.Precommit, 0, 1)
		b.expect(t, Polkas)
	}
}

func TestLocks(t *testing.T) {
	b := newBench(0)
	for i := range 6 {
		b.cast(i, agreement.Prevote, 0, 1)
	}
	b.lock(0, 0, 1)
	b.cast(0, agreement.Prevote, 1, 1)
	b.cast(0, agreement.Prevote, 2, 0)
	b.expect(t, "")
	for i := 1; i < 7; i++ { // a newer polka
		b.cast(i, agreement.Prevote, 3, 2)
	}
	b.cast(0, agreement.Prevote, 4, 2)
	b.expect(t, "")
	b.cast(0, agreement.Prevote, 5, 3)
	b.expect(t, Locks)
}

func TestVoteAtDecidedHeight(t *testing.T) {
	b := newBench(0)
	b.witnesses[0].member(b.w).height = 1
	b.cast(0, agreement.Prevote, 0, 1)
	b.expect(t, Heights)
}

// TestDurableBeforeTold: votes and heights that are not on the disk may not be spoken of, and what was told may not be
// taken back.
func TestDurableBeforeTold(t *testing.T) {
	b := newBench(0)
	s := b.witnesses[0]
	b.toldBundle(s, &agreement.Bundle{Address: b.w.address})
	b.expect(t, "")
	b.toldBundle(s, &agreement.Bundle{Address: b.w.address, Height: 1})
	b.expect(t, Durable)
}

// TestPromisesByLiars: with three liars of eight only some promises are kept.
func TestPromisesByLiars(t *testing.T) {
	b := newBench(3)
	b.fail(Truthful, b.w, "nothing")
	b.expect(t, "")
	b.fail(OneCertificate, b.w, "something")
	b.expect(t, OneCertificate)
	seen := map[string]bool{}
	for _, i := range Invariants() {
		if i.Name == "" || i.Says == "" || seen[i.Name] {
			t.Errorf("invariant %+v", i)
		}
		seen[i.Name] = true
	}
}
