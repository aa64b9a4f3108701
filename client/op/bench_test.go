package op

import (
	"testing"

	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// script is the answers of vaults to what a client sends first, given in one step: what is measured is the client alone.
func script(w *world, out Output) []Input {
	var in []Input
	for _, e := range out.Send {
		v := w.vault(e.To)
		for _, m := range e.Messages {
			for _, answer := range v.honest(m) {
				in = append(in, Message(e.To, answer))
			}
		}
	}
	return in
}

// A read of a small object whose members agree: 6 questions, 6 answers, one completion.
func BenchmarkRead(b *testing.B) {
	w, alice, a := heldObject(b)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	w.c.Output()
	read := Read{Address: a, Query: mutabledata.GetValue{Key: "k"}}
	b.ReportAllocs()
	for b.Loop() {
		w.c.Start(w.now, read)
		b.StopTimer()
		in := script(w, w.c.Output())
		b.StartTimer()
		w.c.Step(w.now, in)
		if d := w.c.Output().Done; len(d) != 1 || d[0].Err != nil {
			b.Fatal(d)
		}
	}
}

// A mutation with a permit at hand, from the call to the eight requests: signed once, encoded once.
func BenchmarkMutateSend(b *testing.B) {
	w, alice, a := heldObject(b)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	w.c.Output()
	change := Mutate{As: alice, Address: a, Mutation: insert("l", "v")}
	b.ReportAllocs()
	for b.Loop() {
		t := w.c.Start(w.now, change)
		out := w.c.Output()
		if len(out.Send) != 8 {
			b.Fatal(len(out.Send))
		}
		b.StopTimer()
		delete(w.c.operations, t) // it never happened
		for _, s := range w.c.requests {
			s.owner.stop()
			s.place.leave(s.owner)
			delete(w.c.requests, s.request.ID)
		}
		w.c.books.list[0].held[1].uses[0].busy = 0
		b.StartTimer()
	}
}

// What a step costs that brings nothing, with 1,000 operations under way.
func BenchmarkIdleStep(b *testing.B) {
	w, _, a := heldObject(b)
	for range 1000 {
		w.c.Start(w.now, Read{Address: a, Query: mutabledata.GetVersion{}})
	}
	w.c.Output()
	b.ReportAllocs()
	for b.Loop() {
		w.c.Step(w.now, []Input{Message(w.vaults[0].id, &wire.ReadAnswer{Call: 1 << 60})})
		w.c.Output()
	}
}
