package client

import (
	"testing"
	"time"

	"vaultnet/client/op"
	"vaultnet/internal/load"
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

// Where the processors are busy rests become longer within seconds, and short again where they are not.
func TestRestFollowsLoad(t *testing.T) {
	var idle, all, busy uint64
	m := load.Meter{Read: func() (uint64, uint64, bool) {
		all += 100
		idle += 100 - busy
		return idle, all, true
	}}
	r := rest{under: restFull, usual: restBusy * time.Millisecond}
	now := time.Unix(1_000_000, 0)
	for _, x := range []struct {
		busy uint64
		want time.Duration
	}{{50, restBusy * time.Millisecond / restShare}, {100, time.Millisecond}, {88, time.Millisecond}, {50, restBusy * time.Millisecond / restShare}} {
		busy = x.busy
		for range 25 {
			now = now.Add(load.Every)
			r.follow(now, &m)
		}
		if r.after(now, 0); r.left(now) != x.want {
			t.Errorf("%v after five seconds with processors %d %% busy, want %v", r.left(now), busy, x.want)
		}
	}
	busy = 100
	for range 25 {
		now = now.Add(load.Every)
		r.follow(now, &m)
	}
	for usual, want := range map[time.Duration]time.Duration{
		restBusy * restShort: restShort, restShare * restShort: restShort, 2 * restShare * restShort: 2 * restShort,
	} {
		r.usual = usual
		if r.after(now, 0); r.left(now) != want {
			t.Errorf("%v where operations take %v, want %v", r.left(now), usual, want)
		}
	}
}
