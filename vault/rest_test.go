package vault

import (
	"testing"
	"time"
)

// A vault rests the longer the more its turns take, soon rests no more when there is little to do, and never where there
// was little all the time.
func TestTurnsLengthenWithWhatThereIsToDo(t *testing.T) {
	var r rest
	now := time.Unix(1_000_000, 0)
	if r.left(now) != 0 {
		t.Error("a rest before the first turn")
	}
	for range 100 {
		if r.after(now, restFrom); r.left(now) != 0 {
			t.Fatal("a rest after little")
		}
	}
	r.after(now, restFrom+100)
	if got := r.left(now); got != 100*restFor {
		t.Errorf("%v after 100 more", got)
	}
	if got := r.left(now.Add(restFor)); got != 99*restFor {
		t.Errorf("%v left a little later", got)
	}
	if r.after(now, 1_000_000); r.left(now) != restMost {
		t.Errorf("%v after a million", r.left(now))
	}
	if got := r.left(now.Add(time.Second)); got != 0 {
		t.Errorf("%v left after a second", got)
	}
	turns := 0
	for ; r.left(now) > 0 && turns < 1000; turns++ {
		r.after(now, 1)
	}
	if turns < 2 || turns > 50 {
		t.Errorf("%d turns with nothing until there is no rest any more", turns)
	}
}
