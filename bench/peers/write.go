package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"vaultnet/bench"
)

// subject is a peer's short name.
func subject(p peer) string { return strings.Fields(p.about())[0] }

// figures are what is compared.
var figures = []struct {
	name   string
	format string
	of     func(*bench.Run) float64
}{
	{"per second", "%.0f", func(m *bench.Run) float64 { return m.PerSecond }},
	{"p50 ms", "%.2f", func(m *bench.Run) float64 { return m.Latency.P50 }},
	{"p99 ms", "%.2f", func(m *bench.Run) float64 { return m.Latency.P99 }},
	{"CPU µs/op", "%.0f", func(m *bench.Run) float64 { return m.Usage.PerOp }},
}

// write prints a comparison: medians with their spread, and ratios of runs that followed one another.
func write(w io.Writer, c comparison, ours, theirs *bench.Result) {
	fmt.Fprintf(w, "\n%s: %s, %d clients, %d runs by turns; median (least to most)\n", c.name, c.title, ours.Settings.Clients, len(ours.Runs))
	fmt.Fprintf(w, "  vaultnet: %s\n  %s: %s\n", ours.Network, theirs.Subject, theirs.Network)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "  ")
	for _, f := range figures {
		fmt.Fprintf(t, "\t%s", f.name)
	}
	fmt.Fprintln(t)
	for _, r := range []*bench.Result{ours, theirs} {
		fmt.Fprintf(t, "  %s", r.Subject)
		for _, f := range figures {
			fmt.Fprint(t, "\t"+spread(f.format, r.Of(f.of)))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprint(t, "  ratio")
	for _, f := range figures {
		fmt.Fprint(t, "\t× "+spread("%.2f", ratios(ours, theirs, f.of)))
	}
	fmt.Fprintln(t)
	t.Flush()
	for _, r := range []*bench.Result{ours, theirs} {
		failed := map[string]int64{}
		for _, m := range r.Runs {
			for k, n := range m.Refusals {
				failed[k] += n
			}
		}
		if len(failed) > 0 {
			fmt.Fprintf(w, "  failed at %s: %v\n", r.Subject, failed)
		}
	}
}

func spread(format string, s bench.Spread) string {
	return fmt.Sprintf(format+" ("+format+" to "+format+")", s.Median, s.Least, s.Most)
}

// ratios are of runs that followed one another.
func ratios(ours, theirs *bench.Result, of func(*bench.Run) float64) bench.Spread {
	var list []float64
	for i := range min(len(ours.Runs), len(theirs.Runs)) {
		if t := of(&theirs.Runs[i]); t > 0 {
			list = append(list, of(&ours.Runs[i])/t)
		}
	}
	return bench.SpreadOf(list)
}

// ourGuarantees is what a vault network promises.
const ourGuarantees = `8 vaults hold each object, run by strangers; any 2 of them may crash or lie. Every mutation is signed by its requester,
permitted by the object, paid by an account, agreed on with signed votes and certified; reads are linearizable and
believed only when enough vaults say the same. Each client has a key, an account and permits of its own.`

// guarantees prints what each of those that were measured promises.
func guarantees(w io.Writer, chosen []comparison) {
	fmt.Fprintf(w, "\nWhat they guarantee\n\nvaultnet\n%s\n", indent(ourGuarantees))
	seen := map[string]bool{}
	for _, c := range chosen {
		p := c.peer()
		if name := subject(p); !seen[name] {
			seen[name] = true
			fmt.Fprintf(w, "\n%s\n%s\n", name, indent(p.guarantees()))
		}
	}
}

func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
