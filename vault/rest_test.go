package vault

import (
	"testing"
	"time"

	"vaultnet/internal/load"
)

// loaded is a meter of processors that are always so busy, of 100 units each time.
func loaded(busy *uint64) *load.Meter {
	var idle, all uint64
	return &load.Meter{Read: func() (uint64, uint64, bool) {
		all += 100
		idle += 100 - *busy
		return idle, all, true
	}}
}

// A vault rests the longer the more objects have something under way, and not at all where few do.
func TestTurnsLengthenWithWhatThereIsToDo(t *testing.T) {
	r := rest{most: restMost}
	busy := uint64(100)
	m := loaded(&busy)
	now := time.Unix(1_000_000, 0)
	if r.left(now) != 0 {
		t.Error("a rest before the first turn")
	}
	for active, want := range map[int]time.Duration{
		0: 0, 1: 0, restFrom: 0, restFrom + 1: restFor, restFrom + 50: 50 * restFor, 1_000_000: restMost,
	} {
		r.after(now, active, m)
		if got := r.left(now); got != want {
			t.Errorf("%v with %d objects, want %v", got, active, want)
		}
	}
	r.after(now, restFrom+50, m)
	if got := r.left(now.Add(restFor)); got != 49*restFor {
		t.Errorf("%v left a little later", got)
	}
	if got := r.left(now.Add(time.Second)); got != 0 {
		t.Errorf("%v left after a second", got)
	}
}

// Where processors are free rests become short within seconds, and long again where they are not.
func TestRestsFollowTheLoad(t *testing.T) {
	var r rest
	busy := uint64(100)
	m := loaded(&busy)
	now := time.Unix(1_000_000, 0)
	for _, x := range []struct {
		busy uint64
		want time.Duration
	}{{100, restMost}, {90, restMost}, {50, restLeast}, {90, restLeast}, {100, restMost}} {
		busy = x.busy
		for range 1_000 {
			now = now.Add(5 * time.Millisecond)
			r.after(now, 1_000_000, m)
		}
		if got := r.left(now); got != x.want {
			t.Errorf("%v after five seconds with processors %d %% busy, want %v", got, x.busy, x.want)
		}
	}
}

func TestMeter(t *testing.T) {
	idle, all, good := uint64(0), uint64(0), true
	m := &load.Meter{Read: func() (uint64, uint64, bool) { return idle, all, good }}
	now := time.Unix(1_000_000, 0)
	for _, x := range []struct {
		after     time.Duration
		idle, all uint64
		good      bool
		want      float64
	}{
		{0, 1_000, 5_000, true, 1}, // nothing to compare with
		{load.Every, 1_010, 5_040, true, 0.75},
		{load.Every / 2, 1_050, 5_080, true, 0.75}, // too soon
		{load.Every / 2, 1_010, 5_080, true, 1},
		{load.Every, 1_010, 5_080, true, 1}, // as it was: no time has passed
		{load.Every, 1_050, 5_120, true, 0},
		{load.Every, 10, 20, true, 1}, // counters that began anew
		{load.Every, 20, 40, true, 0.5},
		{load.Every, 0, 0, false, 1},
	} {
		now = now.Add(x.after)
		idle, all, good = x.idle, x.all, x.good
		if got := m.Load(now); got != x.want {
			t.Errorf("load %v with %d of %d idle, want %v", got, x.idle, x.all, x.want)
		}
	}
}
