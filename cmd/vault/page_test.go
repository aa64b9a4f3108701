package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultnet/network"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(b)
}

// What a monitoring system reads: the vault's metrics beside Go's and libp2p's, and whether it serves.
func TestMonitoring(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	vaultCommand(t, "init", "-data", data, "-new", "-local", "-listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t)))
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	config, err := os.OpenFile(folder(data).config(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(config, "metrics %s\n", address)
	config.Close()
	p := start(t, data, "always")
	t.Cleanup(p.kill)
	p.wait()
	if code, body := get(t, "http://"+address+"/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("healthz: %d %s", code, body)
	}
	code, body := get(t, "http://"+address+"/metrics")
	for _, name := range []string{"vault_turns_total", "vault_refusals_total", "vault_store_seconds_bucket", "vault_settled 1",
		"go_goroutines", "process_resident_memory_bytes", "libp2p_"} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("%s is not among the metrics (%d)", name, code)
		}
	}
	if code, _ := get(t, "http://"+address+"/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("more is served than was asked for: %d", code)
	}
	p.stop()
}

// A vault whose network does not answer says so, and stops when it is told to.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	vaultCommand(t, "init", "-data", first, "-new", "-local", "-listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t)))
	vaultCommand(t, "init", "-data", second, "-network", filepath.Join(first, "network.json"), "-listen", "/ip4/127.0.0.1/tcp/0")
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var said lockedBuffer
	code := make(chan int)
	go func() { code <- run(ctx, []string{"run", "-data", second, "-metrics", address}, io.Discard, &said) }()
	waitFor(t, "it says that nobody answers", func() bool { return strings.Contains(said.String(), "did not find the network") })
	if status, body := get(t, "http://"+address+"/healthz"); status != http.StatusServiceUnavailable || body != "joining\n" {
		t.Errorf("healthz: %d %s", status, body)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d: %s", got, said.String())
	}
	if _, err := network.ReadKey(folder(second).key()); err != nil {
		t.Error(err)
	}
}
