package client_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
	"vaultnet/sim/localnet"
)

var mixedFor = flag.Duration("mixed", 5*time.Second, "how long TestMixedLoad loads its network")

// A network of twelve vaults under mixed load, while vaults stop and come back: every answer is right, and at the end
// everything that was acknowledged is there. It is meant for the race detector:
//
//	go test -race ./client -run TestMixedLoad -mixed 60s -v
func TestMixedLoad(t *testing.T) {
	params := vaultnet.DefaultParameters() // a vault that comes back soon has not left
	params.AccountOperations = 1 << 40
	net := localnet.Start(t, localnet.Config{Vaults: 12, Parameters: params})
	load := &load{t: t}
	var clients []*client.Client
	for range 3 {
		clients = append(clients, net.Client(t))
	}
	var people, apps []client.Actor
	for i := range 4 {
		p := client.Actor{Key: client.NewKey()}
		if _, err := clients[0].CreateAccount(patient(t), p); err != nil {
			t.Fatal(err)
		}
		a := client.Actor{Key: client.NewKey(), Account: p.Key.Public()}
		if _, err := clients[0].Grant(patient(t), p, a.Key.Public(), account.Terms{Label: fmt.Sprint("app ", i)}); err != nil {
			t.Fatal(err)
		}
		people, apps = append(people, p), append(apps, a)
	}
	for i := range 4 {
		load.shared = append(load.shared, client.Address(fmt.Sprint("shared ", i), 1))
		_, err := clients[0].Put(patient(t), people[0], load.shared[i], client.Object{Permissions: map[mutabledata.User]mutabledata.PermissionSet{
			mutabledata.Anyone: client.Allow(mutabledata.Insert, mutabledata.Delete, mutabledata.Update)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var workers []*worker
	for i := range 9 {
		w := &worker{load: load, c: clients[i%len(clients)], number: i, by: people[i%len(people)], own: client.Address(fmt.Sprint("own ", i), 7),
			random: rand.New(rand.NewPCG(7, uint64(i)))}
		if i%3 == 0 {
			w.app = apps[i%len(apps)] // it may write what its owner owns only where it is allowed to
		}
		workers = append(workers, w)
	}
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(w.begin)
	}
	group.Wait()
	load.until, load.end = context.WithTimeout(context.Background(), *mixedFor)
	defer load.end()
	for _, w := range workers {
		group.Go(w.work)
	}
	group.Go(func() { load.restarts(net) })
	group.Wait()

	fresh := net.Client(t)
	for _, w := range workers {
		w.check(fresh)
	}
	t.Logf("%d operations, %d of them cancelled, %d unavailable, %d restarts", load.done.Load(), load.cancelled.Load(), load.unavailable.Load(), load.restarted)
	if load.done.Load() == 0 {
		t.Error("nothing was done")
	}
}

// load is what all workers share.
type load struct {
	t         *testing.T
	until     context.Context
	end       context.CancelFunc
	shared    []vaultnet.Address
	restarted int

	done, cancelled, unavailable atomic.Int64
}

// restarts stops vaults and starts them again, one at a time.
func (l *load) restarts(net *localnet.Network) {
	for i := 0; ; i = (i + 5) % 12 {
		select {
		case <-l.until.Done():
			return
		case <-time.After(3 * time.Second):
		}
		if err := net.StopVault(i); err != nil {
			l.t.Error(err)
		}
		select {
		case <-l.until.Done():
		case <-time.After(500 * time.Millisecond):
		}
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
		if err := net.StartVault(ctx, i); err != nil {
			l.t.Error(err)
		}
		stop()
		l.restarted++
		select {
		case <-l.until.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// worker does one thing after the other. It alone writes its own object, so it knows what has to be there.
type worker struct {
	*load
	c      *client.Client
	number int
	by     client.Actor
	app    client.Actor // may be nobody
	own    vaultnet.Address
	random *rand.Rand

	value   int // in entry "n" of its own object, whose version it is too
	unsure  bool
	shell   mutabledata.Version
	counted int
}

func (w *worker) begin() {
	if _, err := w.c.Put(patient(w.t), w.by, w.own, client.Object{Entries: map[mutabledata.Key][]byte{"n": []byte("0")}}); err != nil {
		w.t.Error(err)
	}
}

func (w *worker) work() {
	for w.until.Err() == nil && !w.t.Failed() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
		switch n := w.random.IntN(100); {
		case n < 30:
			w.write(ctx)
		case n < 35:
			w.hurry()
		case n < 60:
			w.read(ctx)
		case n < 75:
			w.share(ctx)
		case n < 85:
			w.look(ctx)
		case n < 93:
			w.chunk(ctx)
		case n < 96:
			w.permit(ctx)
		case n < 98:
			w.account(ctx)
		default:
			w.grant(ctx)
		}
		stop()
	}
}

// went counts an operation that went as it should, or reports what is wrong with it. It reports true where it was done.
func (w *worker) went(what string, err error, may ...refusal.Kind) bool {
	w.done.Add(1)
	if err == nil {
		return true
	}
	if errors.Is(err, refusal.Unavailable) { // no lie, on a machine that has too much to do
		w.unavailable.Add(1)
		return false
	}
	for _, k := range may {
		if errors.Is(err, k) {
			return false
		}
	}
	w.t.Errorf("worker %d, %s: %v", w.number, what, err)
	return false
}

func unknown(err error) bool {
	var e *refusal.Error
	return errors.As(err, &e) && e.Detail.OutcomeUnknown
}

func (w *worker) write(ctx context.Context) {
	if w.unsure && !w.settle(ctx) {
		return
	}
	next := w.value + 1
	_, err := w.c.Mutate(ctx, w.by, w.own, client.Update("n", fmt.Append(nil, next), mutabledata.Version(next)))
	w.unsure = unknown(err)
	if w.went("write", err) {
		w.value = next
	}
}

// hurry writes with a context that ends at any time.
func (w *worker) hurry() {
	if w.unsure {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(1+w.random.IntN(40))*time.Millisecond)
	defer stop()
	next := w.value + 1
	_, err := w.c.Mutate(ctx, w.by, w.own, client.Update("n", fmt.Append(nil, next), mutabledata.Version(next)))
	w.unsure = unknown(err)
	switch {
	case err == nil:
		w.value = next
	case errors.Is(err, refusal.Unavailable):
		w.cancelled.Add(1)
	default:
		w.t.Errorf("worker %d, in a hurry: %v", w.number, err)
	}
}

// settle finds out whether the last write was applied.
func (w *worker) settle(ctx context.Context) bool {
	time.Sleep(100 * time.Millisecond)
	v, _, err := w.c.GetValue(ctx, w.own, "n")
	if !w.went("settle", err) {
		return false
	}
	if int(v.Version) > w.value+1 || int(v.Version) < w.value {
		w.t.Errorf("worker %d: version %d after %d", w.number, v.Version, w.value)
	}
	if int(v.Version) == w.value { // it may still be applied: overwrite it, which can succeed once only
		_, err := w.c.Mutate(ctx, w.by, w.own, client.Update("n", fmt.Append(nil, w.value+1), mutabledata.Version(w.value+1)))
		if err != nil && !w.went("overwrite", err, refusal.InvalidEntryActions) {
			return false
		}
	}
	w.value++
	w.unsure = false
	return true
}

func (w *worker) read(ctx context.Context) {
	v, _, err := w.c.GetValue(ctx, w.own, "n")
	if !w.went("read", err) || w.unsure {
		return
	}
	if int(v.Version) != w.value || string(v.Content) != fmt.Sprint(w.value) {
		w.t.Errorf("worker %d wrote %d and read %q of version %d", w.number, w.value, v.Content, v.Version)
	}
}

// share inserts into an object that everybody changes, and takes away again.
func (w *worker) share(ctx context.Context) {
	by := w.by
	if w.app.Key != nil {
		by = w.app
	}
	at := w.shared[w.random.IntN(len(w.shared))]
	w.counted++
	key := mutabledata.Key(fmt.Sprint(w.number, "/", w.counted))
	m, err := w.c.Mutate(ctx, by, at, client.Insert(key, bytes.Repeat([]byte{'x'}, w.random.IntN(500))))
	if !w.went("share", err, refusal.TooManyEntries) {
		return
	}
	if w.random.IntN(4) > 0 {
		_, err = w.c.Mutate(ctx, by, at, client.Delete(key, m.Versions[key]+1))
		w.went("take away", err)
	}
}

// look reads an object that others change: what is read is one state.
func (w *worker) look(ctx context.Context) {
	at := w.shared[w.random.IntN(len(w.shared))]
	o, h1, err := w.c.GetObject(ctx, at)
	if !w.went("look", err) {
		return
	}
	s, h2, err := w.c.GetShell(ctx, at)
	if w.went("look again", err) && (h2 < h1 || h1 == h2 && s.Entries != o.Len()) {
		w.t.Errorf("worker %d: height %d with %d entries, then %d with %d", w.number, h1, o.Len(), h2, s.Entries)
	}
	keys, h3, err := w.c.GetKeys(ctx, at)
	if w.went("keys", err) && (h3 < h2 || len(keys) > vaultnet.MaxEntries) {
		w.t.Errorf("worker %d: %d keys at height %d after %d", w.number, len(keys), h3, h2)
	}
}

func (w *worker) chunk(ctx context.Context) {
	content := make([]byte, w.random.IntN(32<<10))
	for i := range content {
		content[i] = byte(w.random.Uint32())
	}
	name, err := w.c.PutChunk(ctx, w.by, content)
	if !w.went("put a chunk", err) {
		return
	}
	got, err := w.c.GetChunk(ctx, name)
	if w.went("get a chunk", err) && !bytes.Equal(got, content) {
		w.t.Errorf("worker %d: a chunk came back as another", w.number)
	}
}

func (w *worker) permit(ctx context.Context) {
	_, err := w.c.SetPermissions(ctx, w.by, w.own, mutabledata.Anyone, client.Allow(mutabledata.Insert), w.shell+1)
	if unknown(err) {
		v, _, err := w.c.GetVersion(ctx, w.own)
		if w.went("version", err) {
			w.shell = v
		}
		return
	}
	if w.went("permissions", err, refusal.InvalidSuccessor) {
		w.shell++
	}
}

func (w *worker) account(ctx context.Context) {
	a, _, err := w.c.Account(ctx, w.by)
	if w.went("account", err) && (a.Done+a.Reserved < 1 || a.Done+a.Reserved+a.Available != 1<<40) {
		w.t.Errorf("worker %d: %+v", w.number, a.View)
	}
}

// grant lets an app in for one write.
func (w *worker) grant(ctx context.Context) {
	app := client.Actor{Key: client.NewKey(), Account: w.by.Key.Public()}
	if _, err := w.c.Grant(ctx, w.by, app.Key.Public(), account.Terms{Label: "for one write", Uses: 8}); !w.went("grant", err) {
		return
	}
	w.counted++
	at := w.shared[w.random.IntN(len(w.shared))]
	_, err := w.c.Mutate(ctx, app, at, client.Insert(mutabledata.Key(fmt.Sprint(w.number, "/", w.counted)), nil))
	w.went("write of an app", err, refusal.TooManyEntries)
	a, _, err := w.c.Account(ctx, w.by)
	if !w.went("account", err) {
		return
	}
	_, err = w.c.DeleteGrant(ctx, w.by, app.Key.Public(), a.Version+1)
	w.went("revoke", err, refusal.InvalidSuccessor) // others of this account grant, too
}

// check reads, through a client that knows nothing, what has to be there.
func (w *worker) check(c *client.Client) {
	v, _, err := c.GetValue(patient(w.t), w.own, "n")
	if err != nil {
		w.t.Errorf("worker %d, at the end: %v", w.number, err)
		return
	}
	if got := int(v.Version); got != w.value && !(w.unsure && got == w.value+1) {
		w.t.Errorf("worker %d: version %d at the end, %d were acknowledged", w.number, got, w.value)
	}
}
