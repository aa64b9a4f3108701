package bench_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultnet/bench"
)

// A sweep measures each value, draws what it measured, and keeps it.
func TestSweep(t *testing.T) {
	w, ok := bench.SweepNamed("group")
	if !ok {
		t.Fatal("no such sweep")
	}
	w.Settings = small("mutate")
	w.Settings.Duration = 200 * time.Millisecond
	w.Values = []int{1, 4}
	x, err := w.Run(soon(t), bench.Options{Command: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "new")
	if err := w.Save(folder, x); err != nil {
		t.Fatal(err)
	}
	again, err := bench.ReadSwept(filepath.Join(folder, "group.json"))
	if err != nil || len(again.Points) != 2 || again.Points[1].Value != 4 || again.Points[1].PerSecond != x.Points[1].PerSecond || again.Command != "a test" {
		t.Errorf("%+v, %v", again, err)
	}
	for _, p := range x.Points {
		if p.PerSecond.Median <= 0 || p.P50.Median <= 0 || p.PerOp.Median <= 0 || p.Frames <= 0 || p.Failed > 0 {
			t.Errorf("%+v", p)
		}
	}
	svg, err := os.ReadFile(filepath.Join(folder, "group.svg"))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
	if n := strings.Count(string(svg), "<style>"); n != 1 || !strings.Contains(string(svg), "Group size: throughput") {
		t.Errorf("%d styles in %.300s", n, svg)
	}
	var out bytes.Buffer
	x.WriteText(&out)
	if !strings.Contains(out.String(), "CPU/op") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("%s", &out)
	}
}

func TestSweepsAreSound(t *testing.T) {
	for _, w := range bench.Sweeps() {
		for _, v := range w.Values {
			s := w.Settings
			w.Set(&s, v)
			if err := s.Validate(); err != nil {
				t.Errorf("%s %d: %v", w.Name, v, err)
			}
		}
	}
}
