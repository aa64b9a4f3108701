package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteComparison sets results against the first of them: medians of their runs, and the ratio to the first's.
func WriteComparison(w io.Writer, results ...*Result) {
	first := results[0]
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\truns\t")
	for _, c := range columns {
		fmt.Fprintf(t, "%s\t\t", c.name)
	}
	fmt.Fprintln(t)
	for i, r := range results {
		fmt.Fprintf(t, "%s\t%d\t", r.Label, len(r.Runs))
		for _, c := range columns {
			v, base := r.Of(c.figure).Median, first.Of(c.figure).Median
			ratio := ""
			if i > 0 && base > 0 && v > 0 {
				ratio = fmt.Sprintf("× %.2f", v/base)
			}
			fmt.Fprintf(t, "%s\t%s\t", c.show(v), ratio)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	if note := Unlike(results...); note != "" {
		fmt.Fprintf(w, "\nmind: %s\n", note)
	}
}

// Unlike says what the results differ in that has nothing to do with what is compared: machines, and settings that were
// not the same. It is empty where there is nothing to mind.
func Unlike(results ...*Result) string {
	var notes []string
	note := func(what string, show func(*Result) string) {
		seen := map[string]bool{}
		var all []string
		for _, r := range results {
			if v := show(r); !seen[v] {
				seen[v] = true
				all = append(all, v)
			}
		}
		if len(all) > 1 {
			notes = append(notes, what+" "+strings.Join(all, " and "))
		}
	}
	note("machines of", func(r *Result) string { return fmt.Sprintf("%s with %d CPUs", r.Machine.System, r.Machine.CPUs) })
	note("workloads", func(r *Result) string { return r.Settings.Workload })
	note("clients", func(r *Result) string { return fmt.Sprint(r.Settings.Clients) })
	note("sizes", func(r *Result) string { return fmt.Sprint(r.Settings.Size) })
	note("measured times", func(r *Result) string { return r.Settings.Duration.String() })
	note("rates", func(r *Result) string { return fmt.Sprint(r.Settings.Rate) })
	return strings.Join(notes, "; ")
}
