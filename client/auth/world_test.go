package auth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// world is a network of one process: the real rules of objects and accounts, applied one after the other. Every mutation
// needs a permit from the account that pays, for one operation.
type world struct {
	t        testing.TB
	mu       sync.Mutex
	objects  map[vaultnet.Address]*mutabledata.Object
	accounts map[vaultnet.PublicKey]*account.Account
	now      vaultnet.Time
	ids      uint64
	random   *rand.ChaCha8
	registry *signature.Registry
	param    vaultnet.Parameters

	changes int             // applied so far
	crash   int             // nothing is applied or answered any more once there are so many changes; −1: never
	mute    bool            // the change before the crash is applied, but not answered
	before  map[int]func()  // what others do once there are so many changes
	waited  []vaultnet.Time // what Config.Wait was asked for
}

func newWorld(t testing.TB) *world {
	var seed [32]byte
	return &world{t: t, objects: map[vaultnet.Address]*mutabledata.Object{}, accounts: map[vaultnet.PublicKey]*account.Account{},
		now: 1_700_000_000_000, random: rand.NewChaCha8(seed), registry: signature.NewRegistry(1), param: vaultnet.DefaultParameters(),
		crash: -1, before: map[int]func(){}}
}

// quick is a cost for tests.
var quick = Cost{Time: 1, Memory: 8, Threads: 1}

func (w *world) config() Config {
	return Config{Network: w, Parameters: w.param, Signer: w.registry.Signer, Random: w, Clock: w.clock, Cost: quick,
		Wait: func(_ context.Context, t vaultnet.Time) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.waited = append(w.waited, t)
			w.now = max(w.now, t)
		}}
}

func (w *world) clock() vaultnet.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Read(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.Read(b)
}

var errCrash = &refusal.Error{Kind: refusal.Unavailable, Detail: refusal.Detail{OutcomeUnknown: true}, Cause: errors.New("crash")}

// enter is called before anything that changes or reads.
func (w *world) enter(changes bool) error {
	w.mu.Lock()
	f := w.before[w.changes]
	if f != nil && changes {
		delete(w.before, w.changes)
		w.mu.Unlock()
		f()
		w.mu.Lock()
	}
	defer w.mu.Unlock()
	if w.crash >= 0 && w.changes >= w.crash {
		return errCrash
	}
	return nil
}

// left is called after a change.
func (w *world) left() error {
	w.changes++
	w.now++
	if w.mute && w.changes == w.crash {
		return errCrash
	}
	return nil
}

type actor struct {
	w  *world
	by Actor
}

func (w *world) Data(by Actor) container.Data { return actor{w, by} }

func (a actor) Do(ctx context.Context, steps []container.Step) []container.Answer {
	answers := make([]container.Answer, len(steps))
	for i, s := range steps {
		switch s := s.(type) {
		case container.Read:
			answers[i] = a.read(ctx, s)
		case container.Mutate:
			answers[i] = a.mutate(ctx, s)
		default:
			panic(fmt.Sprintf("%T", s))
		}
	}
	return answers
}

func (a actor) read(ctx context.Context, s container.Read) container.Answer {
	if err := a.w.enter(false); err != nil || ctx.Err() != nil {
		return container.Answer{Err: errCrash}
	}
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	b, err := a.w.objects[s.Address].Read(s.Query)
	if err != nil {
		return container.Answer{Err: err}
	}
	var r container.Answer
	switch q := s.Query.(type) {
	case mutabledata.GetObject:
		r.Value, r.Err = q.Decode(b)
	case mutabledata.GetShell:
		r.Value, r.Err = q.Decode(b)
	case mutabledata.GetVersion:
		r.Value, r.Err = q.Decode(b)
	case mutabledata.GetValue:
		r.Value, r.Err = q.Decode(b)
	case mutabledata.GetValuesOf:
		r.Value, r.Err = q.Decode(b)
	default:
		panic(fmt.Sprintf("%T", q))
	}
	return r
}

func (a actor) mutate(ctx context.Context, s container.Mutate) container.Answer {
	if err := a.w.enter(true); err != nil || ctx.Err() != nil {
		return container.Answer{Err: errCrash}
	}
	w := a.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := mutabledata.Decode(mutabledata.Encode(s.Mutation)); err != nil {
		w.t.Errorf("malformed %T: %v", s.Mutation, err)
		return container.Answer{Err: err}
	}
	ask := &account.IssuePermit{Allowances: []permit.Allowance{{Address: s.Address, Count: 1}}}
	paid, _, err := w.operate(a.by, ask)
	if err != nil {
		return container.Answer{Err: err}
	}
	next, result, err := w.objects[s.Address].Apply(s.Mutation, mutabledata.Context{Requester: a.by.Key.Public(), Payer: a.by.Account})
	if err != nil {
		return container.Answer{Err: err}
	}
	w.accounts[a.by.Account], w.objects[s.Address] = paid, next
	if err := w.left(); err != nil {
		return container.Answer{Err: err}
	}
	return container.Answer{Value: result}
}

func (w *world) operate(by Actor, o account.Operation) (*account.Account, account.Result, error) {
	o, err := account.Decode(account.Encode(o))
	if err != nil {
		w.t.Errorf("malformed: %v", err)
		return nil, nil, err
	}
	w.ids++
	var id vaultnet.Digest
	binary.BigEndian.PutUint64(id[:], w.ids)
	return w.accounts[by.Account].Advance(w.now, w.param).Apply(o,
		account.Context{Requester: by.Key.Public(), Owner: by.Account, ID: id, At: w.now, Parameters: w.param})
}

func (w *world) Operate(ctx context.Context, by Actor, o account.Operation) (account.Result, error) {
	if err := w.enter(true); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	next, result, err := w.operate(by, o)
	if err != nil {
		return nil, err
	}
	w.accounts[by.Account] = next
	return result, w.left()
}

func (w *world) Account(ctx context.Context, by Actor) (*account.View, error) {
	if err := w.enter(false); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if by.Key.Public() != by.Account {
		return nil, refusal.New(refusal.AccessDenied)
	}
	b, err := w.accounts[by.Account].Advance(w.now, w.param).Read(account.Query{Grants: true, Permits: true})
	if err != nil {
		return nil, err
	}
	return account.DecodeView(b)
}

func (w *world) open(by Actor, ref container.Ref) *container.Container {
	return container.Open(container.Config{Data: w.Data(by), Payer: by.Account, Random: w, Clock: w.clock}, ref)
}

// holds reports what a user may do in a container.
func (w *world) holds(ref container.Ref, user vaultnet.PublicKey) mutabledata.PermissionSet {
	w.mu.Lock()
	defer w.mu.Unlock()
	set, _ := w.objects[ref.Address()].UserPermissions(mutabledata.UserOf(user))
	return set
}

// crashes runs a call that crashes before and after its every change, each time in a world of its own that prepare makes,
// and then lets check repeat it.
func crashes(t *testing.T, prepare func(*world), call func(*world) error, check func(*testing.T, *world)) {
	t.Helper()
	for _, mute := range []bool{false, true} {
		for n := 0; ; n++ {
			w := newWorld(t)
			prepare(w)
			if mute && n == 0 {
				continue
			}
			w.crash, w.mute = w.changes+n, mute
			err := call(w)
			crashed := w.changes >= w.crash
			w.crash = -1
			if err == nil && !crashed {
				if n < 2 {
					t.Fatalf("only %d changes", n)
				}
				break
			}
			if !t.Run(fmt.Sprintf("after %d changes, answered %v", n, !mute), func(t *testing.T) { check(t, w) }) {
				return
			}
			if n > 500 {
				t.Fatal("never done")
			}
		}
	}
}
