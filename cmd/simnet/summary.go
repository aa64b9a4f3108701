package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vaultnet/sim"
)

// summary is what all runs did together.
type summary struct {
	Runs      uint64        `json:"runs"`
	Elapsed   time.Duration `json:"elapsed"`   // wall clock, ns
	Simulated time.Duration `json:"simulated"` // virtual time, ns
	sim.Totals
	Failures []failure `json:"failures"`
}

// failure is a broken promise and how to see it again.
type failure struct {
	Violation  *sim.Violation `json:"violation"`
	Replay     string         `json:"replay"`
	Faults     []string       `json:"faults"` // that are needed for it
	ShrinkRuns int            `json:"shrink-runs"`
	report     *sim.Report
}

func newSummary() *summary { return &summary{Failures: []failure{}} }

func (s *summary) add(r *sim.Report) {
	if r == nil {
		return
	}
	s.Runs++
	s.Simulated += r.Simulated
	s.Totals.Add(&r.Totals)
}

func (s *summary) perSecond() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Runs) / s.Elapsed.Seconds()
}

// write is the summary for people.
func (s *summary) write(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-16s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("runs", "%d in %v, %.1f per second", s.Runs, s.Elapsed.Round(time.Millisecond), s.perSecond())
	line("simulated time", "%v", s.Simulated.Round(time.Second))
	line("messages", "%d in %d turns", s.Messages, s.Turns)
	rounds := 0.0
	if s.Blocks > 0 {
		rounds = float64(s.Rounds) / float64(s.Blocks)
	}
	line("blocks", "%d (%d empty, %d of sets), %d mutations", s.Blocks, s.Empty, s.SetBlocks, s.Mutations)
	line("loads", "%d of objects that were not in use", s.Loads)
	line("rounds", "%.3f per block", rounds)
	line("faults", "%s", counts(s.Injected))
	line("lies", "%s", counts(s.Lies))
	line("operations", "%s", counts(s.Operations))
	line("", "%s", counts(s.Kinds))
	line("refusals", "%s", counts(s.Refusals))
	line("histories", "%d checked, %d given up", s.Histories, s.GivenUp)
	if s.Names > 0 {
		line("names", "%d of containers, whose histories were checked", s.Names)
	}
	if s.Overrun > 0 {
		line("overrun", "%d objects of which less is promised: a set had more liars than it stands", s.Overrun)
	}
	if s.Misled > 0 {
		line("misled", "%d users that are promised nothing: cut off with more liars than so few vaults stand", s.Misled)
	}
	if s.Splits > 0 {
		line("splits", "%d second objects at an address, made on the two sides of a split; of %d a quorum is not on their chain", s.Splits, s.Stranded)
	}
	if s.Unchecked > 0 {
		line("unchecked", "%d blocks that no honest vault showed whole", s.Unchecked)
	}
	if len(s.Failures) == 0 {
		line("violations", "none")
	}
	for _, f := range s.Failures {
		v := f.Violation
		fmt.Fprintf(w, "\nVIOLATION of %s, seed %d, at %.6fs of virtual time\n", v.Invariant, v.Seed, v.At.Seconds())
		if v.Object != "" {
			fmt.Fprintf(w, "  object   %s\n", v.Object)
		}
		fmt.Fprintf(w, "  seen     %s\n", v.Description)
		if len(f.Faults) == 0 {
			fmt.Fprintf(w, "  faults   none needed (%d runs to find out)\n", f.ShrinkRuns)
		}
		for i, x := range f.Faults {
			name := ""
			if i == 0 {
				name = "faults"
			}
			fmt.Fprintf(w, "  %-8s %s\n", name, x)
		}
		fmt.Fprintf(w, "  replay   %s\n", f.Replay)
	}
}

// counts is "a 3, b 2": the greatest first.
func counts(m map[string]int) string {
	type pair struct {
		name string
		n    int
	}
	var all []pair
	for k, n := range m {
		if n > 0 {
			all = append(all, pair{k, n})
		}
	}
	if len(all) == 0 {
		return "none"
	}
	slices.SortFunc(all, func(a, b pair) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return cmp.Compare(a.name, b.name)
	})
	parts := make([]string, len(all))
	for i, p := range all {
		parts[i] = fmt.Sprintf("%s %d", p.name, p.n)
	}
	return strings.Join(parts, ", ")
}
