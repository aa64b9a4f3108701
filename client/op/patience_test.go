package op

import (
	"testing"
	"time"

	"vaultnet/refusal"
)

// Where changes take long, nobody is asked again for as long, nor doubted; never sooner than without knowing, nor later than
// the cap.
func TestPatienceFollowsThePaceOfChanges(t *testing.T) {
	for _, c := range []struct{ takes, want time.Duration }{
		{0, repeatFirst}, {3 * time.Millisecond, repeatFirst}, {100 * time.Millisecond, repeatFirst},
		{400 * time.Millisecond, 800 * time.Millisecond}, {3 * time.Second, 6 * time.Second}, {time.Minute, patienceCap},
	} {
		var p pace
		for range 100 {
			p.note(c.takes)
		}
		r := repeat{first: p.patience()}
		if !r.due(1000) || r.gap != c.want || r.next.Sub(1000) != c.want {
			t.Errorf("changes take %v: asked again after %v, want %v", c.takes, r.gap, c.want)
		}
		if r.due(r.next); r.gap != max(c.want, min(2*c.want, repeatCap)) {
			t.Errorf("changes take %v: asked for the third time after %v more", c.takes, r.gap)
		}
		if got, want := p.doubts(), max(c.want, staleAfter); got != want {
			t.Errorf("changes take %v: doubts after %v, want %v", c.takes, got, want)
		}
	}
	var p pace
	p.note(time.Second)
	for range 40 {
		p.note(10 * time.Millisecond)
	}
	if got := p.patience(); got > 100*time.Millisecond {
		t.Errorf("patience of %v after 40 quick changes", got)
	}
}

// Where there was no room for a change it is sent again soon, by the pace of changes; what else may soon be otherwise takes
// longer.
func TestRetriesFollowThePaceWhereThereWasNoRoom(t *testing.T) {
	for _, c := range []struct {
		takes time.Duration
		kind  refusal.Kind
		want  time.Duration
	}{
		{0, refusal.TooManyMutations, retryCap},
		{time.Millisecond, refusal.TooManyMutations, retryLeast},
		{50 * time.Millisecond, refusal.MutationInProgress, 100 * time.Millisecond},
		{time.Second, refusal.TooManyMutations, retryCap},
		{time.Millisecond, refusal.NotSettled, retryCap},
	} {
		var p pace
		if c.takes > 0 {
			p.note(c.takes)
		}
		if got := p.retry(c.kind); got != c.want {
			t.Errorf("changes take %v, %v: sent again after %v, want %v", c.takes, c.kind, got, c.want)
		}
	}
}
