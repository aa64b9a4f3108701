package bench

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes the result for people: a line for each run where there are several, and in full the typical one.
func (r *Result) WriteText(w io.Writer) {
	s := r.Settings
	fmt.Fprintf(w, "%s: %s\n%s\n", r.Label, r.conditions(), r.Network)
	if r.Prepared > 0 {
		fmt.Fprintf(w, "prepared in %s; %s, %s, %d CPUs\n", span(r.Prepared*1e3), r.Machine.System, r.Machine.Go, r.Machine.CPUs)
	}
	m := r.Typical()
	if m == nil {
		fmt.Fprintln(w, "\nnothing was measured")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Runs) > 1 {
		fmt.Fprintf(t, "\nrun\tper second\tp50\tp90\tp99\tp99.9\tmax\tCPU/op\tfailed\t\n")
		for i := range r.Runs {
			x := &r.Runs[i]
			l := x.Latency
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n", i+1, number(x.PerSecond), span(l.P50), span(l.P90), span(l.P99), span(l.P999), span(l.Max), x.cpu(), x.Failed)
		}
		t.Flush()
		fmt.Fprintf(w, "\nmedian of %d runs (least to most)\n", len(r.Runs))
		line := func(name string, x Spread, show func(float64) string) {
			fmt.Fprintf(w, "  %-12s %s  (%s to %s)\n", name, show(x.Median), show(x.Least), show(x.Most))
		}
		line("per second", r.Of(func(m *Run) float64 { return m.PerSecond }), number)
		line("p50", r.Of(func(m *Run) float64 { return m.Latency.P50 }), span)
		line("p99", r.Of(func(m *Run) float64 { return m.Latency.P99 }), span)
		line("CPU/op", r.Of(func(m *Run) float64 { return m.perOp() }), func(us float64) string { return span(us / 1e3) })
		fmt.Fprintf(w, "\nthe run of median throughput:\n")
	}
	m.write(w, s)
}

// conditions are the settings that matter, in words.
func (r *Result) conditions() string {
	s := r.Settings
	loop := plural(s.Clients, "client", "clients") + " over " + plural(s.Connections, "connection", "connections")
	if s.Rate > 0 {
		loop += fmt.Sprintf(", %s due each second", number(s.Rate))
	}
	w := workloads[s.Workload]
	what := plural(s.Objects, "object", "objects")
	switch {
	case w != nil && w.files:
		what = "files of " + bytesText(float64(s.Size))
	case s.Workload == "put":
		what = "new objects of " + plural(s.Entries, "entry", "entries") + " of " + bytesText(float64(s.Size))
	default:
		what += " with " + plural(s.Entries, "entry", "entries") + " of " + bytesText(float64(s.Size))
	}
	return loop + ", " + what
}

func (m *Run) perOp() float64 {
	if m.Usage == nil {
		return 0
	}
	return m.Usage.PerOp
}

func (m *Run) cpu() string {
	if m.perOp() == 0 {
		return "-"
	}
	return span(m.perOp() / 1e3)
}

// write writes one run.
func (m *Run) write(w io.Writer, s Settings) {
	if m.Cut {
		fmt.Fprintf(w, "\nended after %s, before its time: this is what was measured until then\n", span(m.Seconds*1e3))
	}
	fmt.Fprintf(w, "\n  %-12s %s per second, %d in %s", "operations", number(m.PerSecond), m.Operations, span(m.Seconds*1e3))
	if m.Bytes > 0 && m.Seconds > 0 {
		fmt.Fprintf(w, ", %s/s of content", bytesText(m.BytesPerSecond))
	}
	fmt.Fprintln(w)
	if s.Rate > 0 && m.Late > 0 {
		fmt.Fprintf(w, "  %-12s %d that were due ended after the time, and count in the latency\n", "late", m.Late)
	}
	l := m.Latency
	from := ""
	if s.Rate > 0 {
		from = "  (from when each was due)"
	}
	fmt.Fprintf(w, "  %-12s p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  mean %s%s\n", "latency", span(l.P50), span(l.P90), span(l.P99), span(l.P999), span(l.Max), span(l.Mean), from)
	if len(m.Kinds) > 1 {
		for _, k := range m.Kinds {
			fmt.Fprintf(w, "    %-10s %s per second  p50 %s  p90 %s  p99 %s", k.Name, number(k.PerSecond), span(k.Latency.P50), span(k.Latency.P90), span(k.Latency.P99))
			if m.Seconds > 0 && k.Bytes > 0 {
				fmt.Fprintf(w, "  %s/s", bytesText(float64(k.Bytes)/m.Seconds))
			}
			fmt.Fprintln(w)
		}
	}
	if u := m.Usage; u != nil && u.Seconds > 0 {
		fmt.Fprintf(w, "  %-12s %s for each operation; %.2f processors busy", "CPU", m.cpu(), u.Seconds/m.Seconds)
		if u.Vaults > 0 {
			fmt.Fprintf(w, ": vaults %s, clients %s", span(u.PerOp*u.Vaults/u.Seconds/1e3), span(u.PerOp*u.Clients/u.Seconds/1e3))
		}
		fmt.Fprintln(w)
	}
	if m.Memory > 0 {
		fmt.Fprintf(w, "  %-12s %s at most, all processes\n", "memory", bytesText(float64(m.Memory)))
	}
	if u := m.Usage; u != nil && len(u.Parts) > 0 {
		fmt.Fprintf(w, "\n  CPU by part\n")
		for _, p := range u.Parts {
			if p.Share < 0.002 {
				continue
			}
			fmt.Fprintf(w, "    %-12s %9s %5.1f %%  %s\n", p.Name, span(p.PerOp/1e3), p.Share*100, Covers(p.Name))
		}
	}
	m.writeCounts(w)
	refusals(w, "failed, by kind", m.Refusals)
	if m.Network != nil {
		refusals(w, "refused by vaults, what was tried again included", m.Network.Refusals)
	}
}

// writeCounts writes what one operation took of the vaults, and where its time passed.
func (m *Run) writeCounts(w io.Writer) {
	c := m.Network
	if c == nil || m.Operations == 0 {
		return
	}
	n := float64(m.Operations)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "    %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	if c.Changes > 0 {
		fmt.Fprintf(w, "\n  a change, as the client waits for it\n")
		line("turn", "%9s  others of its connection, where too much is under way", span(c.TurnSeconds/c.Changes*1e3))
		line("lookup", "%9s  who holds the address", span(c.LookupSeconds/c.Changes*1e3))
		line("permit", "%9s  from its account's vaults, at the same time; most changes have one at hand", span(c.PermitSeconds/c.Changes*1e3))
		line("agreement", "%9s  from the request to enough members' word that it is applied", span(c.AgreementSeconds/c.Changes*1e3))
	}
	if c.Turns > 0 {
		fmt.Fprintf(w, "\n  of the vaults, for each operation\n")
		line("blocks", "%.2f at %d vaults, of %.2f requests each", c.Blocks/n, c.Vaults, ratio(c.Requests, c.Blocks))
		line("frames", "%.2f, %s; %.1f messages in each", c.Frames/n, bytesText(c.Bytes/n), ratio(sum(c.Messages), c.Frames))
		line("signatures", "%.2f made; %.2f turns that store, %.2f records", c.Signed/n, c.Stored/n, c.Records/n)
	}
	if c.ClientTurns > 0 {
		fmt.Fprintf(w, "\n  where time passes, by the clock (waiting for a processor included), on average, × times for each operation\n")
	}
	each := func(name string, seconds, times float64, covers string) {
		if times > 0 {
			line(name, "%9s × %6.2f  %s", span(seconds/times*1e3), times/n, covers)
		}
	}
	each("wait", c.WaitSeconds, c.Frames, "a frame for room and a processor to verify it")
	each("verify", c.VerifySeconds, c.Frames, "decoding a frame, its signatures")
	each("step", c.StepSeconds, c.Turns, fmt.Sprintf("a vault's turn: agreement, rules, its signature; %.1f inputs", ratio(c.Inputs, c.Turns)))
	each("store", c.StoreSeconds, c.Stored, "what a turn stores, sync included")
	each("send", c.SendSeconds, c.Turns, "encoding and handing over what a turn sends")
	each("client", c.ClientSeconds, c.ClientTurns, "a turn of a connection's loop")
}

func sum(m map[string]int64) float64 {
	var all int64
	for _, n := range m {
		all += n
	}
	return float64(all)
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func refusals(w io.Writer, title string, by map[string]int64) {
	if len(by) == 0 {
		return
	}
	fmt.Fprintf(w, "\n  %s\n", title)
	for _, k := range slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		if by[a] != by[b] {
			return int(by[b] - by[a])
		}
		return strings.Compare(a, b)
	}) {
		fmt.Fprintf(w, "    %8d  %s\n", by[k], k)
	}
}

// String is one line on how far a run has come.
func (l Live) String() string {
	what := fmt.Sprintf("%.0f of %.0f s", l.Elapsed.Seconds(), l.Total.Seconds())
	if l.Warming {
		what = "warming up"
	}
	text := fmt.Sprintf("%s: %d done", what, l.Done)
	if l.PerSecond > 0 {
		text += fmt.Sprintf(", %s per second, p50 %s, p99 %s", number(l.PerSecond), span(milli(l.Median)), span(milli(l.High)))
	}
	if l.Failed > 0 {
		text += fmt.Sprintf(", %d failed", l.Failed)
	}
	return text
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// number is a figure with three digits that count, and thousands apart.
func number(x float64) string {
	switch {
	case x >= 1000:
		n := fmt.Sprint(int64(math.Round(x)))
		for i := len(n) - 3; i > 0; i -= 3 {
			n = n[:i] + "," + n[i:]
		}
		return n
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// span is a duration, given in milliseconds, with three digits.
func span(ms float64) string {
	switch {
	case ms <= 0:
		return "0"
	case ms < 1:
		return digits(ms*1e3) + " µs"
	case ms < 1000:
		return digits(ms) + " ms"
	case ms < 120_000:
		return digits(ms/1e3) + " s"
	}
	return digits(ms/60e3) + " min"
}

func digits(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// bytesText is a number of bytes for people.
func bytesText(b float64) string {
	for _, u := range []struct {
		name  string
		bytes float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if b >= u.bytes {
			return tidy(math.Round(b/u.bytes*10)/10) + " " + u.name
		}
	}
	return fmt.Sprintf("%.0f B", b)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number0(n) + " " + many
}

func number0(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return number(float64(n))
}
