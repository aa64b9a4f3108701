package client

import (
	"testing"
	"time"

	"vaultnet/client/op"
)

// A client with few operations under way never rests; the more there are, and the longer they take, the longer it does, up to
// a small part of what they take. Chunks are no reason to.
func TestRest(t *testing.T) {
	var r rest
	now := time.Unix(1_000_000, 0)
	if r.left(now) != 0 {
		t.Error("a rest before the first turn")
	}
	if r.under = 1000; r.left(now) != 0 {
		t.Error("a rest before it is known what operations take")
	}
	for range 200 {
		r.begin(op.Read{})
		r.done(op.Read{}, restShare*time.Millisecond)
	}
	for under, want := range map[int]time.Duration{
		0: 0, 1: 0, restAlone: 0, restFull: time.Millisecond, 1000: time.Millisecond, (restAlone + restFull) / 2: time.Millisecond / 2,
	} {
		r.under = under
		r.after(now, 0)
		if got := r.left(now); got < want*9/10 || got > want {
			t.Errorf("%v with %d operations under way, want %v", got, under, want)
		}
	}
	if r.left(now.Add(time.Millisecond)) != 0 {
		t.Error("a rest after the rest")
	}
	r.under = 0
	for range 100 {
		r.begin(op.PutChunk{})
	}
	if r.after(now, 0); r.left(now) != 0 {
		t.Error("a rest while chunks are put")
	}
	for range 200 {
		r.begin(op.Mutate{})
		r.done(op.Read{}, time.Minute)
	}
	r.under = restFull
	if r.after(now, 0); r.left(now) > restMost || r.left(now) < restMost*9/10 {
		t.Errorf("%v where operations take a minute", r.left(now))
	}
}
