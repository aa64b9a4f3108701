package sim

import (
	"testing"
)

// TestShrink finds exactly the faults that a failure needs.
func TestShrink(t *testing.T) {
	for _, needed := range [][]int{{}, {0}, {9}, {3, 4}, {0, 5, 9}} {
		found := &Violation{Invariant: "x"}
		run := func(o Options) *Violation {
			for _, n := range needed {
				if !o.Keep.Has(n) {
					return nil
				}
			}
			return found
		}
		o, v, runs := Shrink(Options{}, found, 10, 200, run)
		if want := KeepOnly(needed...).String(); o.Keep.String() != want || v == nil {
			t.Errorf("needed %v: kept %v", needed, o.Keep)
		}
		if runs > 100 {
			t.Errorf("needed %v: %d runs", needed, runs)
		}
	}
}

// TestShrinkOtherInvariant: a run that breaks something else is not the same failure.
func TestShrinkOtherInvariant(t *testing.T) {
	found := &Violation{Invariant: "x"}
	o, v, _ := Shrink(Options{}, found, 4, 50, func(o Options) *Violation {
		if o.Keep.Has(2) {
			return &Violation{Invariant: "x"}
		}
		return &Violation{Invariant: "y"}
	})
	if o.Keep.String() != "2" || v.Invariant != "x" {
		t.Errorf("kept %v, %v", o.Keep, v)
	}
}

// TestShrinkBudget: it stops, and what it returns still fails.
func TestShrinkBudget(t *testing.T) {
	found := &Violation{Invariant: "x"}
	_, v, runs := Shrink(Options{}, found, 1000, 7, func(Options) *Violation { return nil })
	if runs != 7 || v != found {
		t.Errorf("%d runs, %v", runs, v)
	}
}
