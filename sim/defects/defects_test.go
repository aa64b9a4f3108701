package defects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultnet/sim"
)

// A defect is one deliberate mistake: a small function of the shipped code, replaced.
type defect struct {
	name     string
	file     string // that has the function, relative to the module
	function string // "name" or "Type.name"
	body     string // what it does instead; falling out of it goes on with the shipped function

	// By the simulator: the flags beside -seeds, within how many seeds, and the invariants one of which must be
	// reported. Or by a named test of a package.
	flags      string
	seeds      int
	invariants []string
	pkg, test  string
}

// TestDefects builds the simulator and the tests with all defects in them, and demands that each one is found once it
// is active, and that nothing is found where none is.
func TestDefects(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the simulator many times; the ordinary run does it")
	}
	o := newOverlay(t, defects)
	simnet := filepath.Join(o.dir, "simnet")
	o.build(t, "build", "-o", simnet, "./cmd/simnet")
	tests := map[string]string{} // package → test binary
	for _, d := range defects {
		if d.pkg != "" && tests[d.pkg] == "" {
			tests[d.pkg] = filepath.Join(o.dir, strings.ReplaceAll(d.pkg, "/", "_")+".test")
			o.build(t, "test", "-vet=off", "-c", "-o", tests[d.pkg], "./"+d.pkg)
		}
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	check := func(name string, f func() error) {
		group.Add(1)
		go func() {
			defer group.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			begun := time.Now()
			if err := f(); err != nil {
				t.Errorf("%s: %v", name, err)
			} else {
				t.Logf("%-34s %6.1fs", name, time.Since(begun).Seconds())
			}
		}()
	}
	healthy := map[string]bool{}
	for _, d := range defects {
		if d.pkg != "" {
			check(d.name, func() error { return o.found(tests[d.pkg], d) })
			continue
		}
		check(d.name, func() error { return explored(simnet, d) })
		if d.flags != "" && !healthy[d.flags] {
			healthy[d.flags] = true
			check("no defect, "+d.flags, func() error { return clean(simnet, d) })
		}
	}
	group.Wait()
}

func (o *overlay) build(t *testing.T, command string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{command, "-overlay", o.file}, args...)...)
	cmd.Dir = o.root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", command, err, out)
	}
}

// summary is what is read of explore's report.
type summary struct {
	Runs     int `json:"runs"`
	Failures []struct {
		Violation sim.Violation `json:"violation"`
	} `json:"failures"`
}

func explore(simnet string, d defect, active string, seeds int) (*summary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	args := append([]string{"explore", "-json", "-workers", "1", "-shrink", "0", "-seed", "1", "-seeds", fmt.Sprint(seeds)}, strings.Fields(d.flags)...)
	cmd := exec.CommandContext(ctx, simnet, args...)
	cmd.Env = append(os.Environ(), activeVariable+"="+active)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, err
	}
	var s summary
	if e := json.Unmarshal(out, &s); e != nil {
		return nil, fmt.Errorf("its report: %v", e)
	}
	if (err != nil) != (len(s.Failures) > 0) {
		return nil, fmt.Errorf("%d failures, and yet: %v", len(s.Failures), err)
	}
	return &s, nil
}

// explored demands that the simulator reports the defect.
func explored(simnet string, d defect) error {
	s, err := explore(simnet, d, d.name, d.seeds)
	if err != nil {
		return err
	}
	if len(s.Failures) == 0 {
		return fmt.Errorf("not found within %d seeds", d.seeds)
	}
	if f := s.Failures[0].Violation; !slices.Contains(d.invariants, f.Invariant) {
		return fmt.Errorf("seed %d breaks %s, expected one of %v", f.Seed, f.Invariant, d.invariants)
	}
	return nil
}

// clean demands that the same build without a defect reports nothing. A few seeds do: many more are run of the build that
// is shipped.
func clean(simnet string, d defect) error {
	s, err := explore(simnet, d, "", min(d.seeds, 3))
	if err != nil {
		return err
	}
	if len(s.Failures) > 0 {
		return fmt.Errorf("seed %d breaks %s without a defect", s.Failures[0].Violation.Seed, s.Failures[0].Violation.Invariant)
	}
	return nil
}

// found demands that the named test fails with the defect and passes without it.
func (o *overlay) found(binary string, d defect) error {
	for _, active := range []string{"", d.name} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, binary, "-test.run", "^"+d.test+"$", "-test.v")
		cmd.Dir = filepath.Join(o.root, d.pkg)
		cmd.Env = append(os.Environ(), activeVariable+"="+active)
		out, err := cmd.CombinedOutput()
		cancel()
		if !strings.Contains(string(out), "=== RUN   "+d.test) {
			return fmt.Errorf("there is no test %s", d.test)
		}
		if failed := err != nil; failed != (active != "") {
			return fmt.Errorf("test %s with defect %q: failed %v", d.test, active, failed)
		}
	}
	return nil
}
