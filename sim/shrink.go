package sim

// Shrink looks for a small part of a failing run's faults that still breaks the same invariant: it leaves out halves,
// then quarters, down to single faults (Zeller and Hildebrandt, 2002), and repeats until no single fault can be left
// out. run is [Run] or a stand-in; at most budget runs are made. It returns the options of the smallest failing run, its
// violation, and how many runs it took.
func Shrink(o Options, found *Violation, faults int, budget int, run func(Options) *Violation) (Options, *Violation, int) {
	var kept []int
	for i := range faults {
		if o.Keep.Has(i) {
			kept = append(kept, i)
		}
	}
	best, violation, runs := o, found, 0
	try := func(list []int) bool {
		if runs >= budget {
			return false
		}
		runs++
		c := o
		c.Keep = KeepOnly(list...)
		v := run(c)
		if v == nil || v.Invariant != found.Invariant {
			return false
		}
		best, violation = c, v
		return true
	}
	if len(kept) > 0 && try(nil) {
		return best, violation, runs
	}
	for size := (len(kept) + 1) / 2; size >= 1 && len(kept) > 0; {
		shrunk := false
		for start := 0; start < len(kept); {
			end := min(start+size, len(kept))
			rest := append(append([]int{}, kept[:start]...), kept[end:]...)
			if len(rest) < len(kept) && try(rest) {
				kept, shrunk = rest, true
				continue
			}
			start = end
		}
		if size == 1 {
			if !shrunk {
				break
			}
			continue
		}
		size = (size + 1) / 2
	}
	return best, violation, runs
}
