package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
)

func simnet(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(context.Background(), args, &out, &err)
	return code, out.String(), err.String()
}

// TestUsage: what is wrong is said in one line, and the exit code tells it from a broken promise.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"-h", 0, "explore"},
		{"-h", 0, "EXAMPLES"},
		{"explore -h", 0, "-seeds"},
		{"explore --help", 0, "-byzantine"},
		{"fly", 2, `no subcommand "fly"`},
		{"explore now", 2, "no arguments"},
		{"explore -seeds 0", 2, "-seeds"},
		{"explore -seeds many", 2, "seeds"},
		{"explore --mode chaos", 2, "safety, liveness or both"},
		{"explore -byzantine 4", 2, "0 to 3"},
		{"explore -byzantine 3", 2, "three liars"},
		{"explore -vaults 0", 2, "vaults"},
		{"explore -set wings=2", 2, "no such option"},
		{"explore -v", 2, "single seed"},
		{"explore -workers 0", 2, "-workers"},
		{"explore -workers 100000", 2, "-workers"},
		{"explore -failures 0", 2, "-failures"},
		{"explore -shrink -1", 2, "-shrink"},
		{"explore -about x", 2, "-v"},
		{"explore -set seed=4", 2, "use -seed"},
		{"explore -set mode=liveness", 2, "use -mode"},
		{"explore -set loss", 2, "name=value"},
		{"explore -set loss=NaN", 2, "0 to 0.5"},
		{"explore -set keep=-1", 2, "keep"},
		{"explore -set duration=forever", 2, "duration"},
		{"explore -vaults 99999999999999999999", 2, "vaults"},
		{"explore -ops -1", 2, "ops"},
		{"explore -objects 1e3", 2, "objects"},
		{"explore -seed -1", 2, "seed"},
		{"explore -seeds 18446744073709551615", 2, "-seeds"},
		{"explore -crypto=maybe", 2, "crypto"},
		{"-fly", 2, "fly"},
		{"up -h", 0, "-account-ops"},
		{"status -h", 0, "-json"},
		{"up now", 2, "no arguments"},
		{"-name Local", 2, "-name"},
		{"-vaults 0x", 2, "vaults"},
		{"-vaults -1", 2, "Vaults"},
		{"-vaults 101", 2, "-port"},
		{"-liars 17", 2, "Liars"},
		{"-sync often", 2, "always or never"},
		{"-account-ops -1", 2, "-account-ops"},
		{"-capacity 1MB", 2, "64MiB"},
		{"-port 65530", 2, "Port"},
		{"-latency 2h", 2, "Latency"},
		{"status now", 2, "no arguments"},
		{"stop", 2, "which vault"},
		{"start three", 2, "number"},
		{"down now", 2, "no arguments"},
		{"status -name /", 2, "name"},
	} {
		code, stdout, stderr := simnet(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("simnet %s: exit code %d, want %d; it says %q, want %q", c.args, code, c.code, stdout+stderr, c.says)
		}
	}
}

// TestExplore: a few small runs, in both spellings of flags, as people and programs read them.
func TestExplore(t *testing.T) {
	code, stdout, stderr := simnet(t, "explore", "--seeds", "2", "-vaults=8", "-objects", "3", "--ops=30", "-seed", "3")
	if code != 0 || !strings.Contains(stdout, "violations      none") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = simnet(t, "explore", "-seeds", "1", "-mode", "safety", "-vaults", "8", "-objects", "3", "-ops", "30", "-crypto", "-json")
	var s summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || code != 0 || s.Runs != 1 || s.Blocks == 0 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
}

// TestStory: the story of one seed names vaults, users and blocks.
func TestStory(t *testing.T) {
	code, stdout, stderr := simnet(t, "explore", "-seeds", "1", "-seed", "5", "-mode", "safety", "-vaults", "8", "-objects", "2", "-ops", "20", "-v")
	for _, s := range []string{"vault 1 ", "user 0 ", "DECIDED height 1", "trace hash", "options     seed=5"} {
		if !strings.Contains(stdout, s) {
			t.Fatalf("no %q in the story (exit code %d)\n%s", s, code, stderr)
		}
	}
	_, part, _ := simnet(t, "explore", "-seeds", "1", "-seed", "5", "-mode", "safety", "-vaults", "8", "-objects", "2", "-ops", "20", "-v", "-about", "user 0 ")
	if len(part) == 0 || len(part) > len(stdout)/2 || strings.Contains(part, "user 1 ") || !strings.Contains(part, "user 0     BEGINS") ||
		!strings.Contains(part, "vault 1    starts as") || !strings.Contains(part, "trace hash") {
		t.Fatalf("what is about one user is %d bytes of %d", len(part), len(stdout))
	}
}
