package op

import (
	"testing"
	"time"
)

// Where changes take long, nobody is asked again for as long; never sooner than without knowing, nor later than the cap.
func TestPatienceFollowsThePaceOfChanges(t *testing.T) {
	for _, c := range []struct{ takes, want time.Duration }{
		{0, repeatFirst}, {3 * time.Millisecond, repeatFirst}, {100 * time.Millisecond, repeatFirst},
		{400 * time.Millisecond, 800 * time.Millisecond}, {time.Minute, repeatCap},
	} {
		var p pace
		for range 100 {
			p.note(c.takes)
		}
		r := repeat{first: p.patience()}
		if !r.due(1000) || r.gap != c.want || r.next.Sub(1000) != c.want {
			t.Errorf("changes take %v: asked again after %v, want %v", c.takes, r.gap, c.want)
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
