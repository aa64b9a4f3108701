package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/network"
)

// process is one vault in a process of its own.
type process struct {
	t      *testing.T
	data   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ready  chan time.Duration
}

// vaultCommand runs the command to its end.
func vaultCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("vault", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("vault %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out
}

// start starts the vault of a data folder; [process.wait] waits for it to serve.
func start(t *testing.T, data, sync string) *process {
	t.Helper()
	p := &process{t: t, data: data, cmd: exec.Command("vault", "run", "-data", data, "-sync", sync, "-json"), ready: make(chan time.Duration, 1)}
	p.cmd.Stderr = &p.stderr
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"ready"`) {
				p.ready <- time.Since(begun)
			}
		}
	}()
	return p
}

func (p *process) wait() time.Duration {
	p.t.Helper()
	select {
	case took := <-p.ready:
		return took
	case <-time.After(time.Minute):
		p.kill()
		p.t.Fatalf("%s does not serve:\n%s", p.data, p.stderr.Bytes())
	}
	return 0
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// stop is SIGTERM, and waits.
func (p *process) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v\n%s", p.data, err, p.stderr.Bytes())
	}
}

// held is what a running vault holds, by name: heights and digests.
func (p *process) held() map[string]string {
	var s status
	if err := ask(context.Background(), folder(p.data), "GET", "/status?objects", &s); err != nil {
		return nil
	}
	all := map[string]string{}
	for _, o := range s.List {
		if o.Member {
			all[o.Kind+" "+o.Name] = fmt.Sprintf("%d %s", o.Height, o.Digest)
		}
	}
	return all
}

// writer writes continuously: entry after entry into a few objects, and remembers what was acknowledged.
type writer struct {
	mu      sync.Mutex
	acked   map[string][]string // object: keys
	failed  []error
	slowest time.Duration
}

// Twelve vaults, each a process with its own disk. A client writes without pause while two are killed, and started again;
// then all are killed at once, and started again. Nothing that was acknowledged is missing, no request fails, and in the
// end all vaults hold the same.
func TestTwelveVaultsAreKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes up to a minute")
	}
	t.Parallel()
	const vaults, objects = 12, 4
	// Members stay members, however long a machine under load takes: changes of sets are another test's.
	data := folders(t, vaults, "-name", "twelve", "-leave-after", "10m", "-join-after", "10m")
	var all []*process
	t.Cleanup(func() {
		for _, p := range all {
			p.kill()
		}
	})
	begun := time.Now()
	for i := range vaults {
		all = append(all, start(t, data(i), "always"))
	}
	for _, p := range all {
		p.wait()
	}
	waitFor(t, "all vaults are settled", func() bool { return settled(all) })
	t.Logf("%d processes settled after %v", vaults, time.Since(begun).Round(time.Millisecond))

	c := connect(t, all)
	alice := client.Actor{Key: client.NewKey()}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		t.Fatal(err)
	}
	for i := range objects {
		if _, err := c.Put(ctx, alice, client.Address(fmt.Sprint("object ", i), 1), client.Object{}); err != nil {
			t.Fatal(err)
		}
	}
	w := &writer{acked: map[string][]string{}}
	stop := w.begin(ctx, c, alice, objects)

	// Two are killed.
	waitFor(t, "some writes are acknowledged", func() bool { w.alive(t); return w.count() >= 150 })
	all[2].kill()
	all[7].kill()
	t.Logf("killed two after %d writes", w.count())
	at := w.count()
	waitFor(t, "writes go on without them", func() bool { w.alive(t); return w.count() >= at+150 })
	t.Logf("%d writes without them", w.count()-at)
	began := time.Now()
	all[2], all[7] = start(t, data(2), "always"), start(t, data(7), "always")
	t.Logf("serve again after %v and %v", all[2].wait().Round(time.Millisecond), all[7].wait().Round(time.Millisecond))
	stop()
	waitFor(t, "they have caught up", func() bool { return same(all) == nil })
	t.Logf("caught up %v after they were started", time.Since(began).Round(time.Millisecond))
	w.check(t, ctx, c)

	// All are killed, in the middle of writing.
	stop = w.begin(ctx, c, alice, objects)
	at = w.count()
	waitFor(t, "writes go on", func() bool { return w.count() >= at+60 })
	for _, p := range all {
		p.cmd.Process.Kill()
	}
	for _, p := range all {
		p.cmd.Wait()
	}
	w.outage()
	t.Logf("killed all after %d writes", w.count())
	began = time.Now()
	for i := range all {
		all[i] = start(t, data(i), "always")
	}
	for _, p := range all {
		p.wait()
	}
	t.Logf("all serve again after %v", time.Since(began).Round(time.Millisecond))
	at = w.count()
	waitFor(t, "writes go on after all were killed", func() bool { w.alive(t); return w.count() >= at+60 })
	t.Logf("60 more writes %v after the start", time.Since(began).Round(time.Millisecond))
	stop()
	waitFor(t, "all hold the same", func() bool { return same(all) == nil })
	w.check(t, ctx, c)
	t.Logf("%d writes in all, the slowest took %v", w.count(), w.slowest.Round(time.Millisecond))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	waitFor(t, "the client's last words are decided alike", func() bool { return same(all) == nil })

	// Off line every store is whole, and holds the same.
	for _, p := range all {
		p.stop()
	}
	digests := map[string]string{}
	for i := range vaults {
		var r checked
		if err := json.Unmarshal(vaultCommand(t, "check", "-data", data(i), "-json"), &r); err != nil {
			t.Fatal(err)
		}
		if r.Damaged > 0 || !r.Clean || len(r.List) != r.Objects {
			t.Errorf("vault %d: %+v", i, r)
		}
		for _, o := range r.List {
			name, digest := o.Kind+" "+o.Name, fmt.Sprintf("%d %s", o.Height, o.Digest)
			if first, ok := digests[name]; ok && first != digest {
				t.Errorf("vault %d holds %s at %s, another at %s", i, name, digest, first)
			}
			digests[name] = digest
		}
	}
	if len(digests) != objects+1 {
		t.Errorf("%d objects are held, want %d", len(digests), objects+1)
	}
}

// folders makes the data folders of a new network of so many vaults.
func folders(t *testing.T, vaults int, parameters ...string) func(i int) string {
	t.Helper()
	dir := t.TempDir()
	data := func(i int) string { return filepath.Join(dir, fmt.Sprintf("v%02d", i)) }
	for i := range vaults {
		args := []string{"init", "-data", data(i), "-listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))}
		if i == 0 {
			args = append(append(args, "-new", "-local", "-account-ops", "0"), parameters...)
		} else {
			args = append(args, "-network", folder(data(0)).network())
		}
		vaultCommand(t, args...)
	}
	return data
}

// connect is a client that knows the addresses of all vaults: any of them may be down when it needs one.
func connect(t *testing.T, all []*process) *client.Client {
	t.Helper()
	file, err := network.Read(folder(all[0].data).network())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		var s status
		if err := ask(t.Context(), folder(p.data), "GET", "/status", &s); err != nil {
			t.Fatal(err)
		}
		file.Bootstrap = append(file.Bootstrap, s.Addresses...)
	}
	c, err := client.Connect(t.Context(), client.ConfigOf(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Without sync a vault that is killed goes on where it was, with all it promised: the system keeps what it was given.
func TestKilledWithoutSync(t *testing.T) {
	t.Parallel()
	const vaults, objects = 4, 2
	data := folders(t, vaults, "-leave-after", "10m", "-join-after", "10m")
	all := make([]*process, vaults)
	t.Cleanup(func() {
		for _, p := range all {
			p.kill()
		}
	})
	begin := func() {
		for i := range all {
			all[i] = start(t, data(i), "never")
		}
		for _, p := range all {
			p.wait()
		}
	}
	begin()
	waitFor(t, "all vaults are settled", func() bool { return settled(all) })
	c := connect(t, all)
	alice := client.Actor{Key: client.NewKey()}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		t.Fatal(err)
	}
	for i := range objects {
		if _, err := c.Put(ctx, alice, client.Address(fmt.Sprint("object ", i), 1), client.Object{}); err != nil {
			t.Fatal(err)
		}
	}
	w := &writer{acked: map[string][]string{}}
	stop := w.begin(ctx, c, alice, objects)
	for range 2 {
		at := w.count()
		waitFor(t, "writes go on", func() bool { w.alive(t); return w.count() >= at+50 })
		for _, p := range all {
			p.cmd.Process.Kill()
		}
		for _, p := range all {
			p.cmd.Wait()
		}
		begin()
	}
	at := w.count()
	waitFor(t, "writes go on", func() bool { w.alive(t); return w.count() >= at+10 })
	stop()
	waitFor(t, "all hold the same", func() bool { return same(all) == nil })
	w.check(t, ctx, c)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for i, p := range all {
		p.stop()
		var r checked
		if err := json.Unmarshal(vaultCommand(t, "check", "-data", data(i), "-json"), &r); err != nil {
			t.Fatal(err)
		}
		if r.Damaged > 0 || !r.Clean || r.Objects != objects+1 {
			t.Errorf("vault %d: %+v", i, r)
		}
	}
}

// waitFor waits for a condition, generously.
func waitFor(t *testing.T, what string, good func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !good(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}

func settled(all []*process) bool {
	for _, p := range all {
		var s status
		if ask(context.Background(), folder(p.data), "GET", "/status", &s) != nil || !s.Settled || s.Peers < len(all)-1 {
			return false
		}
	}
	return true
}

// same compares what running vaults hold.
func same(all []*process) error {
	first := map[string]string{}
	for _, p := range all {
		held := p.held()
		if held == nil {
			return fmt.Errorf("%s does not answer", p.data)
		}
		for name, digest := range held {
			if other, ok := first[name]; ok && other != digest {
				return fmt.Errorf("%s: %s and %s", name, digest, other)
			}
			first[name] = digest
		}
	}
	return nil
}

// begin writes, several at a time, until the function it returns is called.
func (w *writer) begin(ctx context.Context, c *client.Client, by client.Actor, objects int) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	for n := range objects {
		wait.Go(func() {
			name := fmt.Sprint("object ", n)
			for ctx.Err() == nil {
				w.mu.Lock()
				i := len(w.acked[name])
				w.mu.Unlock()
				key := fmt.Sprintf("entry %d", i%100)
				change := client.Insert(mutabledata.Key(key), fmt.Append(nil, i))
				if i >= 100 {
					change = client.Update(mutabledata.Key(key), fmt.Append(nil, i), mutabledata.Version(i/100))
				}
				begun := time.Now()
				request, done := context.WithTimeout(context.WithoutCancel(ctx), 100*time.Second)
				_, err := c.Mutate(request, by, client.Address(name, 1), change)
				done()
				w.mu.Lock()
				if err != nil {
					w.failed = append(w.failed, fmt.Errorf("%s, %s: %w", name, key, err))
					cancel()
				} else {
					w.acked[name] = append(w.acked[name], key)
					w.slowest = max(w.slowest, time.Since(begun))
				}
				w.mu.Unlock()
			}
		})
	}
	return func() {
		cancel()
		wait.Wait()
	}
}

func (w *writer) count() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, keys := range w.acked {
		n += len(keys)
	}
	return n
}

// alive ends the test where a write failed.
func (w *writer) alive(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.failed) > 0 {
		t.Fatalf("writes failed: %v", errors.Join(w.failed...))
	}
}

// outage forgets the slowest write so far: while nobody is there, waiting is no fault.
func (w *writer) outage() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slowest = 0
}

// check reads everything that was acknowledged, and tells of what failed.
func (w *writer) check(t *testing.T, ctx context.Context, c *client.Client) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(w.failed...); err != nil {
		t.Errorf("writes failed: %v", err)
	}
	for name, keys := range w.acked {
		entries, _, err := c.GetEntries(ctx, client.Address(name, 1))
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]string{}
		for _, e := range entries {
			there[string(e.Key)] = string(e.Value.Content)
		}
		last := map[string]string{}
		for i, key := range keys {
			last[key] = fmt.Sprint(i)
		}
		for key, want := range last {
			if there[key] != want {
				t.Errorf("%s: %s holds %q, and %q was acknowledged", name, key, there[key], want)
			}
		}
	}
}
