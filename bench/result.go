package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"vaultnet/refusal"
)

// resultFormat is of saved results; others are refused.
const resultFormat = 1

// Result is a measurement: what was asked for, where, and what came out.
type Result struct {
	Format   int       `json:"format"`
	Subject  string    `json:"subject"` // what was loaded: "vaultnet", or the name of something else
	Label    string    `json:"label"`   // of this result among others
	Command  string    `json:"command,omitempty"`
	Time     time.Time `json:"time"` // when it began
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Network  string    `json:"network"` // in words
	Prepared float64   `json:"prepared-s"`
	Runs     []Run     `json:"runs"`
}

// Machine is where it was measured.
type Machine struct {
	System   string `json:"system"` // "linux/amd64"
	CPUs     int    `json:"cpus"`   // that the process may use
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"` // of the source, "+" where it was changed
}

// Run is one measurement. Durations are in milliseconds, where nothing else is said.
type Run struct {
	Seconds        float64          `json:"seconds"`
	Cut            bool             `json:"cut,omitempty"` // it was ended before its time
	Operations     int64            `json:"operations"`    // that were done
	PerSecond      float64          `json:"per-second"`
	Bytes          int64            `json:"bytes"` // of content
	BytesPerSecond float64          `json:"bytes-per-second"`
	Late           int64            `json:"late,omitempty"` // open loop: of Operations, those that ended after the measured time
	Failed         int64            `json:"failed"`
	Refusals       map[string]int64 `json:"refusals,omitempty"` // of those that failed, by kind
	Latency        Latency          `json:"latency-ms"`
	Kinds          []Kind           `json:"kinds,omitempty"` // where operations are of several kinds
	Series         []Point          `json:"series,omitempty"`
	Usage          *Usage           `json:"usage,omitempty"`
	Network        *Counts          `json:"network,omitempty"`
	Memory         int64            `json:"memory-bytes,omitempty"` // the most that all processes together held
}

// Latency is a distribution, in milliseconds.
type Latency struct {
	Mean  float64      `json:"mean"`
	Min   float64      `json:"min"`
	P50   float64      `json:"p50"`
	P90   float64      `json:"p90"`
	P99   float64      `json:"p99"`
	P999  float64      `json:"p999"`
	Max   float64      `json:"max"`
	Curve [][2]float64 `json:"curve,omitempty"` // percentile, milliseconds
}

// Kind is what was measured of one kind of operation.
type Kind struct {
	Name       string  `json:"name"`
	Operations int64   `json:"operations"`
	PerSecond  float64 `json:"per-second"`
	Bytes      int64   `json:"bytes"`
	Latency    Latency `json:"latency-ms"`
}

// Point is an interval of a run.
type Point struct {
	At        float64 `json:"at-s"` // its end, since measuring began
	PerSecond float64 `json:"per-second"`
	Median    float64 `json:"p50-ms"`
	High      float64 `json:"p99-ms"`
}

// NewResult is a result without runs, of this machine and moment.
func NewResult(subject string, s Settings) *Result {
	s = s.withDefaults()
	return &Result{Format: resultFormat, Subject: subject, Label: subject + " " + s.Workload, Time: time.Now().UTC().Truncate(time.Second), Machine: machine(), Settings: s}
}

func machine() Machine {
	m := Machine{System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, s := range b.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 10:
				m.Revision = s.Value[:10] + m.Revision
			case s.Key == "vcs.modified" && s.Value == "true":
				m.Revision += "+"
			}
		}
	}
	return m
}

// Spread is the median of some figures, the least and the greatest.
type Spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// SpreadOf is the spread of a list; of an empty one it is zero.
func SpreadOf(list []float64) Spread {
	if len(list) == 0 {
		return Spread{}
	}
	l := slices.Sorted(slices.Values(list))
	m := l[len(l)/2]
	if len(l)%2 == 0 {
		m = (l[len(l)/2-1] + m) / 2
	}
	return Spread{m, l[0], l[len(l)-1]}
}

// Of is the spread of a figure over the runs.
func (r *Result) Of(figure func(*Run) float64) Spread {
	var list []float64
	for i := range r.Runs {
		list = append(list, figure(&r.Runs[i]))
	}
	return SpreadOf(list)
}

// Typical is the run whose throughput is the median; nil without runs.
func (r *Result) Typical() *Run {
	if len(r.Runs) == 0 {
		return nil
	}
	order := make([]int, len(r.Runs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := r.Runs[a].PerSecond, r.Runs[b].PerSecond; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return &r.Runs[order[(len(order)-1)/2]]
}

// Save writes the result as JSON.
func (r *Result) Save(path string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// maxResult bounds a file that is read.
const maxResult = 64 << 20

// ReadResult reads a saved result. The error names the file.
func ReadResult(path string) (*Result, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxResult {
		return nil, fmt.Errorf("%s: %d bytes are no result of a benchmark", path, st.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s is no result of a benchmark: %w", path, err)
	}
	if r.Format != resultFormat {
		return nil, fmt.Errorf("%s: format %d, this program reads %d", path, r.Format, resultFormat)
	}
	if len(r.Runs) == 0 {
		return nil, fmt.Errorf("%s holds no runs", path)
	}
	if r.Label == "" {
		r.Label = filepath.Base(path)
	}
	return r, nil
}

func asRefusal(err error) (*refusal.Error, bool) {
	var e *refusal.Error
	ok := errors.As(err, &e)
	return e, ok
}
