package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// Sweep measures the same for several values of one setting, and says how throughput, latency and cost grow with it.
type Sweep struct {
	Name     string // of its files
	Title    string
	Axis     string // what the values are, with unit
	Settings Settings
	Values   []int
	Set      func(s *Settings, value int)
	Show     func(float64) string // of a value; nil: a number
}

// Sweeps are those that docs/performance.md shows.
func Sweeps() []Sweep {
	base := Settings{Workload: "mutate", Clients: 64, Duration: 4 * time.Second, Warmup: time.Second}
	with := func(change func(*Settings)) Settings {
		s := base
		change(&s)
		return s
	}
	size := func(v float64) string { return bytesText(v) }
	return []Sweep{
		{Name: "clients", Title: "Clients", Axis: "clients", Settings: base, Values: []int{1, 4, 16, 64, 256},
			Set: func(s *Settings, v int) { s.Clients = v }},
		{Name: "objects", Title: "Objects", Axis: "objects, each client its share in turn", Settings: base, Values: []int{64, 256, 1024, 4096, 16384},
			Set: func(s *Settings, v int) { s.Objects = v }},
		{Name: "entry-size", Title: "Size of an entry", Axis: "bytes of the entry that is changed", Settings: base, Values: []int{16, 256, 4096, 65536},
			Set: func(s *Settings, v int) { s.Size = v }, Show: size},
		{Name: "object-size", Title: "Size of an object", Axis: "bytes of the object, of which 1 KiB is changed", Settings: with(func(s *Settings) { s.Size = 1024 }),
			Values: []int{1024, 10 * 1024, 100 * 1024}, Set: func(s *Settings, v int) { s.Entries = v / 1024 }, Show: size},
		{Name: "vaults", Title: "Vaults", Axis: "vaults in the network, groups of 8", Settings: base, Values: []int{8, 16, 32, 64},
			Set: func(s *Settings, v int) { s.Vaults = v }},
		{Name: "group", Title: "Group size", Axis: "members of an object's group, of 16 vaults", Settings: base, Values: []int{1, 4, 7, 8, 13, 16},
			Set: func(s *Settings, v int) { s.Group = v }},
	}
}

// SweepPoint is what was measured for one value: medians of the runs, with the least and the greatest.
type SweepPoint struct {
	Value     int     `json:"value"`
	PerSecond Spread  `json:"per-second"`
	P50       Spread  `json:"p50-ms"`
	P99       Spread  `json:"p99-ms"`
	PerOp     Spread  `json:"cpu-us-per-op"`
	Parts     []Part  `json:"parts,omitempty"` // of the run of median throughput
	Signed    float64 `json:"signatures-per-op"`
	Frames    float64 `json:"frames-per-op"`
	Bytes     float64 `json:"frame-bytes-per-op"`
	Failed    int64   `json:"failed"`
}

// Swept is the outcome of a sweep.
type Swept struct {
	Format   int          `json:"format"`
	Name     string       `json:"name"`
	Command  string       `json:"command"`
	Time     time.Time    `json:"time"`
	Machine  Machine      `json:"machine"`
	Settings Settings     `json:"settings"`
	Points   []SweepPoint `json:"points"`
}

// Run makes the sweep. What was measured before an error or the end of the context is there beside it.
func (w Sweep) Run(ctx context.Context, o Options) (*Swept, error) {
	out := &Swept{Format: resultFormat, Name: w.Name, Command: o.Command, Time: time.Now().UTC().Truncate(time.Second), Machine: machine(), Settings: w.Settings}
	for _, v := range w.Values {
		s := w.Settings
		w.Set(&s, v)
		r, err := Measure(ctx, s, o)
		if err != nil {
			return out, fmt.Errorf("%s %d: %w", w.Name, v, err)
		}
		out.Points = append(out.Points, pointOf(v, r))
	}
	return out, nil
}

func pointOf(v int, r *Result) SweepPoint {
	p := SweepPoint{Value: v,
		PerSecond: r.Of(func(m *Run) float64 { return m.PerSecond }),
		P50:       r.Of(func(m *Run) float64 { return m.Latency.P50 }),
		P99:       r.Of(func(m *Run) float64 { return m.Latency.P99 }),
		PerOp:     r.Of((*Run).perOp)}
	m := r.Typical()
	if m.Usage != nil {
		p.Parts = m.Usage.Parts
	}
	if n := float64(m.Operations); n > 0 && m.Network != nil {
		p.Signed, p.Frames, p.Bytes = m.Network.Signed/n, m.Network.Frames/n, m.Network.Bytes/n
	}
	for i := range r.Runs {
		p.Failed += r.Runs[i].Failed
	}
	return p
}

// Plot draws the sweep: throughput, and CPU time of an operation by part.
func (w Sweep) Plot(x *Swept) string {
	axis := Axis{Label: w.Axis, Log: true, Show: w.Show}
	for _, p := range x.Points {
		axis.Ticks = append(axis.Ticks, float64(p.Value))
	}
	line := func(name string, colour int, of func(SweepPoint) Spread) Line {
		l := Line{Name: name, Colour: colour, Dots: true}
		for _, p := range x.Points {
			s := of(p)
			l.X, l.Y = append(l.X, float64(p.Value)), append(l.Y, s.Median)
			l.Low, l.High = append(l.Low, s.Least), append(l.High, s.Most)
		}
		return l
	}
	parts := []Line{line("all", 1, func(p SweepPoint) Spread { return p.PerOp })}
	for i, name := range []string{"network", "signatures", "codec", "agreement"} {
		l := line(name, i+2, func(p SweepPoint) Spread {
			for _, x := range p.Parts {
				if x.Name == name {
					return Spread{x.PerOp, x.PerOp, x.PerOp}
				}
			}
			return Spread{}
		})
		l.Low, l.High = nil, nil
		parts = append(parts, l)
	}
	micros := func(us float64) string { return tidySpan(us / 1e3) }
	return Beside(
		Plot{Title: w.Title + ": throughput", X: axis, Y: Axis{Label: "operations per second"}, Width: 460,
			Lines: []Line{line("", 1, func(p SweepPoint) Spread { return p.PerSecond })}},
		Plot{Title: "Latency", X: axis, Y: Axis{Label: "latency", Log: true, Show: tidySpan}, Width: 460,
			Lines: []Line{line("median", 1, func(p SweepPoint) Spread { return p.P50 }), line("99th percentile", 2, func(p SweepPoint) Spread { return p.P99 })}},
		Plot{Title: "CPU time of an operation", X: axis, Y: Axis{Label: "CPU time", Show: micros}, Width: 460, Lines: parts})
}

// WriteText writes the sweep as a table.
func (x *Swept) WriteText(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tper second\tp50\tp99\tCPU/op\tsignatures\tframes\tbytes\tfailed\t\n", x.Name)
	for _, p := range x.Points {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%.2f\t%.1f\t%s\t%d\t\n", p.Value, number(p.PerSecond.Median), span(p.P50.Median), span(p.P99.Median),
			span(p.PerOp.Median/1e3), p.Signed, p.Frames, bytesText(p.Bytes), p.Failed)
	}
	t.Flush()
}

// Save writes the sweep's figures and its plot into a folder.
func (w Sweep) Save(folder string, x *Swept) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(folder, w.Name+".json"), append(b, '\n'), 0o644),
		os.WriteFile(filepath.Join(folder, w.Name+".svg"), []byte(w.Plot(x)), 0o644))
}

// ReadSwept reads what Save kept.
func ReadSwept(path string) (*Swept, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	x := &Swept{}
	if err := json.Unmarshal(b, x); err != nil {
		return nil, fmt.Errorf("%s is no sweep: %w", path, err)
	}
	if x.Format != resultFormat {
		return nil, fmt.Errorf("%s: format %d, this program reads %d", path, x.Format, resultFormat)
	}
	return x, nil
}

// SweepNamed finds a sweep.
func SweepNamed(name string) (Sweep, bool) {
	all := Sweeps()
	i := slices.IndexFunc(all, func(w Sweep) bool { return w.Name == name })
	if i < 0 {
		return Sweep{}, false
	}
	return all[i], true
}
