package bench_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultnet/bench"
)

func TestSettingsThatAreRefused(t *testing.T) {
	for says, s := range map[string]bench.Settings{
		`no workload "x": want mutate, hot, mixed, put, read, containers, stream`: {Workload: "x"},
		"-clients -1":                   {Workload: "mutate", Clients: -1},
		"-clients 5000":                 {Workload: "mutate", Clients: 5000},
		"-connections 3: want 1 to 2":   {Workload: "mutate", Clients: 2, Connections: 3},
		"-duration":                     {Workload: "mutate", Duration: time.Microsecond},
		"-rate -1":                      {Workload: "mutate", Rate: -1},
		"-size":                         {Workload: "mutate", Size: 2 << 20},
		"-entries 101":                  {Workload: "mutate", Entries: 101},
		"holds at most":                 {Workload: "mutate", Entries: 100, Size: 20_000},
		"-objects -1":                   {Workload: "mutate", Objects: -1},
		"-runs -1":                      {Workload: "mutate", Runs: -1},
		"-vaults 1001":                  {Workload: "mutate", Vaults: 1001},
		"-group -1":                     {Workload: "mutate", Group: -1},
		"-latency":                      {Workload: "mutate", Latency: -1},
		"-clients 200: each has an ent": {Workload: "hot", Clients: 200},
	} {
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
	}
	for _, name := range bench.Workloads() {
		if err := bench.DefaultsOf(name).Validate(); err != nil || bench.About(name) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResultsThatAreRefused(t *testing.T) {
	folder := t.TempDir()
	for says, text := range map[string]string{"no result": "{", "format 7": `{"format":7}`, "no runs": `{"format":1}`} {
		path := filepath.Join(folder, "x.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bench.ReadResult(path); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := bench.ReadResult(filepath.Join(folder, "absent")); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want bench.Spread
	}{{nil, bench.Spread{}}, {[]float64{3}, bench.Spread{3, 3, 3}}, {[]float64{4, 1, 3}, bench.Spread{3, 1, 4}}, {[]float64{4, 1, 3, 2}, bench.Spread{2.5, 1, 4}}} {
		if got := bench.SpreadOf(c.list); got != c.want {
			t.Errorf("%v: %v", c.list, got)
		}
	}
}
