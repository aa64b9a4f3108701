package wire

import (
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
)

// What was found good for one object, or as one statement, is not good for another.
func TestExaminerKnowsWhatItWasGoodFor(t *testing.T) {
	w := newWorld()
	e := NewExaminer(w.network, w.v)
	votes := w.votes(data, 3)
	elsewhere := data
	elsewhere.Tag++
	moved := *votes[0]
	moved.Ballot.Round++
	for _, x := range []struct {
		name   string
		bundle agreement.Bundle
		good   bool
	}{
		{"votes", agreement.Bundle{Address: data, Height: 8, Votes: votes}, true},
		{"the same votes", agreement.Bundle{Address: data, Height: 9, Votes: votes[:2]}, true},
		{"elsewhere", agreement.Bundle{Address: elsewhere, Height: 8, Votes: votes}, false},
		{"an attestation of another round", agreement.Bundle{Address: data, Height: 8, Votes: []*agreement.Vote{&moved}}, false},
		{"a certificate of another ballot", agreement.Bundle{Address: data, Height: 8, Commit: &agreement.Certificate{Ballot: moved.Ballot,
			By: []*merkle.Attestation{votes[0].By}}}, false},
	} {
		if err := e.Verify(&Bundle{&x.bundle}); (err == nil) != x.good {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if err := e.Verify(nil); err == nil {
		t.Error("nothing is found good")
	}
}

// Of sets alike in their members, only those are good without a look that have a number and are of the same object.
func TestExaminerKnowsSetsByTheirMembers(t *testing.T) {
	w := newWorld()
	e := NewExaminer(w.network, w.v)
	elsewhere := data
	elsewhere.Tag++
	good := w.set(1, data)
	swapped := slices.Clone(good.Members)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for _, x := range []struct {
		name string
		a    vaultnet.Address
		set  *agreement.Set
	}{
		{"a set", data, good},
		{"the same members under another number", data, &agreement.Set{Number: 2, Members: slices.Clone(good.Members)}},
		{"no number", data, &agreement.Set{Members: good.Members}},
		{"two that changed places", data, &agreement.Set{Number: 1, Members: swapped}},
		{"one twice", data, &agreement.Set{Number: 1, Members: append(slices.Clone(good.Members), good.Members[0])}},
		{"some of them", data, &agreement.Set{Number: 1, Members: good.Members[1:]}},
		{"elsewhere", elsewhere, &agreement.Set{Number: 1, Members: good.Members}},
		{"the same value elsewhere", elsewhere, good},
	} {
		m := &Invite{Address: x.a, Set: x.set}
		if got, want := e.Verify(m) == nil, Verify(m, w.network, w.v) == nil; got != want {
			t.Errorf("%s: found good %v by who knows some, %v by who knows none", x.name, got, want)
		}
	}
}

// However many values come, an examiner keeps few.
func TestExaminerForgets(t *testing.T) {
	var k acquainted
	k.values = map[any]vaultnet.Address{}
	for range maxAcquainted + 10 {
		k.add(new(agreement.Vote), data)
	}
	if len(k.values) > maxAcquainted {
		t.Errorf("%d values", len(k.values))
	}
}

// BenchmarkExamine verifies a bundle of 8 votes that is known.
func BenchmarkExamine(b *testing.B) {
	w := newWorld()
	m := &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: w.votes(data, 8)}}
	for name, verify := range map[string]func(Message) error{
		"again": NewExaminer(w.network, w.v).Verify,
		"anew":  func(m Message) error { return Verify(m, w.network, w.v) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := verify(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
