package bench_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"vaultnet/bench"
)

// result is one that nobody measured.
func result(label string, perSecond ...float64) *bench.Result {
	r := bench.NewResult("vaultnet", bench.Settings{Workload: "mutate", Clients: 8, Duration: time.Second})
	r.Label, r.Network = label, "<none>"
	for _, x := range perSecond {
		r.Runs = append(r.Runs, bench.Run{Seconds: 1, Operations: int64(x), PerSecond: x,
			Latency: bench.Latency{P50: 1000 / x, P99: 3000 / x, Curve: [][2]float64{{0, 1}, {50, 2}, {90, 4}, {99, 9}}},
			Series:  []bench.Point{{At: 0.5, PerSecond: x, Median: 2, High: 3}, {At: 1, PerSecond: x}},
			Usage:   &bench.Usage{Seconds: 1, PerOp: 1e6 / x, Parts: []bench.Part{{Name: "codec", Share: 0.75, PerOp: 1}, {Name: "network", Share: 0.25, PerOp: 1}}}})
	}
	return r
}

// The page needs nothing from elsewhere, shows what was measured, and is well formed; what is not ours is escaped.
func TestReport(t *testing.T) {
	var out bytes.Buffer
	if err := bench.WriteReport(&out, result("before & <b>", 100, 110, 120), result("after", 220)); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, want := range []string{"before &amp; &lt;b&gt;", "&lt;none&gt;", "× 2.00", "Throughput over time", "Latency by percentile", "messages and records", "Runs", "100 to 120"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	elsewhere := regexp.MustCompile(`(?i)(src|href)\s*=|url\(|@import|<script`)
	if x := elsewhere.FindString(page); x != "" {
		t.Errorf("the page needs something from elsewhere: %q", x)
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Error("a figure is none")
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
		wellFormed(t, svg)
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Errorf("%v in %.200s", err, text)
			return
		}
	}
}

// Plots stand whatever the values are.
func TestPlots(t *testing.T) {
	for _, p := range []bench.Plot{
		{},
		{Title: "nothing", Lines: []bench.Line{{Name: "a"}}},
		{Lines: []bench.Line{{X: []float64{1}, Y: []float64{0}}}},
		{X: bench.Axis{Log: true}, Y: bench.Axis{Log: true}, Lines: []bench.Line{{X: []float64{1, 1000, 1e6}, Y: []float64{0, 3, 3}}}},
		{X: bench.Axis{Log: true, Ticks: []float64{1, 64}}, Lines: []bench.Line{{Dots: true, X: []float64{1, 8, 64}, Y: []float64{1, 2, 3}, Low: []float64{0, 1, 2}, High: []float64{3, 4, 5}}}},
	} {
		text := p.File()
		wellFormed(t, text)
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("a coordinate is none: %s", text)
		}
	}
}

func TestComparison(t *testing.T) {
	var out bytes.Buffer
	other := result("after", 50)
	other.Settings.Clients = 9
	bench.WriteComparison(&out, result("before", 100, 110, 120), other)
	for _, want := range []string{"before", "110", "× 0.45", "mind: clients 8 and 9"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
