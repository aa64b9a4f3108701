package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/sim/localnet"
	"vaultnet/vault"
	"vaultnet/vault/store/pebble"
)

// childVariable tells a process that it is to be a vault.
const childVariable = "VAULTNET_BENCH_VAULT"

// child is what a vault's process is told first, as one line of JSON on its standard input. Each line after it is an
// order, which it answers with a line on its standard output; it ends in good order when its input ends.
type child struct {
	Index     int                 `json:"index"`
	Network   vaultnet.Parameters `json:"network"`
	Bootstrap []string            `json:"bootstrap"`
	Folder    string              `json:"folder"`
	Sync      bool                `json:"sync"`
	Latency   time.Duration       `json:"latency"`
}

// word is what a vault's process answers.
type word struct {
	Error     string   `json:"error,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	Settled   bool     `json:"settled,omitempty"`
	Readings  readings `json:"readings,omitempty"`
	Use       Spent    `json:"use"`
	Samples   samples  `json:"samples,omitempty"`
}

// Orders to a vault's process.
const (
	orderMeasure = "measure"
	orderProfile = "profile"
	orderDivide  = "divide"
)

// VaultProcess makes this process a vault, where a measurement with [Settings].Processes started it as one: it serves and
// ends the process, and returns in any other. Programs that call [Measure] or [Prepare] call it first of all.
func VaultProcess() {
	if os.Getenv(childVariable) == "" {
		return
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "vault of a benchmark:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is a vault's process.
func serve(in io.Reader, out io.Writer) (err error) {
	orders := bufio.NewScanner(in)
	orders.Buffer(nil, 1<<20)
	answer := json.NewEncoder(out)
	if !orders.Scan() {
		return orders.Err()
	}
	var c child
	if err := json.Unmarshal(orders.Bytes(), &c); err != nil {
		return err
	}
	s, err := pebble.Open(c.Folder, pebble.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	asked := make(chan string)
	go func() { // the end of the orders is heard while the vault starts, too
		defer cancel()
		defer close(asked)
		for orders.Scan() {
			asked <- orders.Text()
		}
	}()
	v, err := vault.Start(ctx, vault.Config{Seed: localnet.VaultSeed(1, c.Index), Parameters: c.Network, Listen: []string{"/ip4/127.0.0.1/tcp/0"},
		Bootstrap: c.Bootstrap, Latency: c.Latency, Store: s, Sync: c.Sync})
	if err != nil {
		_ = answer.Encode(word{Error: err.Error()})
		return nil
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if err := answer.Encode(word{Addresses: v.Addresses()}); err != nil {
		return err
	}
	var p profiler
	for order := range asked {
		var w word
		switch order {
		case orderMeasure:
			st, err := v.Status()
			w.Readings = readings{"vaults": 1}
			if err == nil {
				w.Settled = st.Settled
				err = w.Readings.read(v)
			}
			if err != nil {
				w.Error = err.Error()
			}
			w.Use = OwnSpent()
		case orderProfile:
			p.begin()
		case orderDivide:
			w.Samples = p.end(nil)
		}
		if err := answer.Encode(w); err != nil {
			return err
		}
	}
	return orders.Err()
}

// startTime is how long a network may take to start.
const startTime = 2 * time.Minute

// processes is a network with a process for each vault.
type processes struct {
	parameters vaultnet.Parameters
	latency    time.Duration
	folder     string
	bootstrap  []string
	list       []*process
}

// process is a vault's process, as its parent sees it.
type process struct {
	command *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
	errors  *tail

	mu sync.Mutex // one order after the other
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const maxTail = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if n := len(t.last) - maxTail; n > 0 {
		t.last = append(t.last[:0], t.last[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}

// ProcessError says that a vault's process failed.
type ProcessError struct {
	Vault int
	Cause error
	Said  string // the end of what it wrote to its standard error
}

// Error is for people.
func (e *ProcessError) Error() string {
	text := fmt.Sprintf("the process of vault %d: %v", e.Vault, e.Cause)
	if e.Said != "" {
		text += "\n" + e.Said
	}
	return text
}

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Cause }

func startProcesses(ctx context.Context, s Settings, progress func(string)) (subject, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("not ready after %v: is the machine busy?", startTime))
	defer cancel()
	folder, err := os.MkdirTemp("", "vaultnet-bench-")
	if err != nil {
		return nil, err
	}
	n := &processes{parameters: s.parameters(), latency: s.Latency, folder: folder, list: make([]*process, s.Vaults)}
	bootstrap := []string{}
	launch := func(i int) error {
		var err error
		n.list[i], err = launch(child{Index: i, Network: n.parameters, Bootstrap: bootstrap, Folder: filepath.Join(folder, fmt.Sprint(i)), Sync: s.Sync, Latency: s.Latency})
		if err != nil {
			return &ProcessError{Vault: i, Cause: err}
		}
		return nil
	}
	first := func() error {
		if err := launch(0); err != nil {
			return err
		}
		w, err := n.hear(ctx, 0, "")
		bootstrap = w.Addresses
		return err
	}
	if err := first(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	for i := 1; i < s.Vaults; i++ {
		if err := launch(i); err != nil {
			return nil, errors.Join(err, n.close())
		}
	}
	for i := 1; i < s.Vaults; i++ {
		progress(fmt.Sprintf("starting: %d of %d vaults", i, s.Vaults))
		w, err := n.hear(ctx, i, "")
		if err != nil {
			return nil, errors.Join(err, n.close())
		}
		if len(bootstrap) < 5 {
			bootstrap = append(bootstrap, w.Addresses...)
		}
	}
	n.bootstrap = bootstrap
	for i := range n.list {
		for {
			w, err := n.hear(ctx, i, orderMeasure)
			if err != nil {
				return nil, errors.Join(err, n.close())
			}
			if w.Settled {
				break
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return nil, errors.Join(fmt.Errorf("vault %d does not know its neighbourhood yet: %w", i, context.Cause(ctx)), n.close())
			}
		}
	}
	return n, nil
}

func launch(c child) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command(self), errors: &tail{}}
	p.command.Args[0] = os.Args[0] // a test binary is several programs, by this name
	p.command.Env = append(os.Environ(), childVariable+"=1")
	p.command.Stderr = p.errors
	detach(p.command)
	if p.orders, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = json.NewDecoder(out)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	return p, json.NewEncoder(p.orders).Encode(c)
}

// hear gives an order, unless it is empty, and waits for the answer.
func (n *processes) hear(ctx context.Context, i int, order string) (word, error) {
	p := n.list[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	if order != "" {
		if _, err := io.WriteString(p.orders, order+"\n"); err != nil {
			return word{}, &ProcessError{i, err, p.errors.String()}
		}
	}
	type heard struct {
		w   word
		err error
	}
	answer := make(chan heard, 1)
	go func() {
		var w word
		err := p.answers.Decode(&w)
		answer <- heard{w, err}
	}()
	select {
	case h := <-answer:
		switch {
		case h.err != nil:
			return h.w, &ProcessError{i, fmt.Errorf("it is gone: %w", h.err), p.errors.String()}
		case h.w.Error != "":
			return h.w, &ProcessError{i, errors.New(h.w.Error), ""}
		}
		return h.w, nil
	case <-ctx.Done():
		_ = p.orders.Close() // nobody asks it again: it ends, or is killed when all are closed
		return word{}, &ProcessError{i, context.Cause(ctx), p.errors.String()}
	}
}

// all gives every vault an order at once.
func (n *processes) all(order string) ([]word, error) {
	words := make([]word, len(n.list))
	errs := make([]error, len(n.list))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for i := range n.list {
		group.Go(func() { words[i], errs[i] = n.hear(ctx, i, order) })
	}
	group.Wait()
	return words, errors.Join(errs...)
}

func (n *processes) config() client.Config {
	return client.Config{Parameters: n.parameters, Bootstrap: n.bootstrap, Latency: n.latency, Settle: -1}
}

func (n *processes) measure() (readings, Spent, error) {
	words, err := n.all(orderMeasure)
	if err != nil {
		return nil, Spent{}, err
	}
	r, use := readings{}, Spent{}
	for _, w := range words {
		r.add(w.Readings)
		use = use.Plus(w.Use)
	}
	return r, use, nil
}

func (n *processes) profile(begin bool) samples {
	if begin {
		_, _ = n.all(orderProfile)
		return nil
	}
	all := samples{}
	words, _ := n.all(orderDivide)
	for _, w := range words {
		all.add(w.Samples)
	}
	return all
}

// close ends the processes: those that do not end by themselves are killed.
func (n *processes) close() error {
	errs := make([]error, len(n.list))
	var group sync.WaitGroup
	for i, p := range n.list {
		if p == nil {
			continue
		}
		group.Go(func() {
			_ = p.orders.Close()
			late := time.AfterFunc(20*time.Second, func() { _ = p.command.Process.Kill() })
			defer late.Stop()
			if err := p.command.Wait(); err != nil {
				errs[i] = &ProcessError{i, err, p.errors.String()}
			}
		})
	}
	group.Wait()
	return errors.Join(errors.Join(errs...), os.RemoveAll(n.folder))
}

// freePorts finds so many ports in a row that nobody listens at.
func freePorts(n int) (int, error) {
	for try := 0; try < 200; try++ {
		first := 20_000 + (os.Getpid()*7+try*131)%10_000
		free := true
		for i := 0; i < n && free; i++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+i))
			if free = err == nil; free {
				l.Close()
			}
		}
		if free {
			return first, nil
		}
	}
	return 0, errors.New("no free ports in a row")
}
