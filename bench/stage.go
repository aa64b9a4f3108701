package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// stage is what a workload works with: clients with their accounts.
type stage struct {
	settings    Settings
	options     Options
	salt        string // in names, so that they are free also where this network was measured before
	connections []*client.Client
	people      []*person
	counts      connectionCounts
}

// person is one client: a requester.
type person struct {
	number int
	on     *client.Client
	as     client.Actor

	mu     sync.Mutex // while objects are made several at once
	random *mathrand.Rand
}

func newStage(s Settings, o Options) *stage {
	return &stage{settings: s, options: o, salt: rand.Text()}
}

// Of preparing: how much at the same time, and how often what a busy machine did not get done is tried again.
const (
	atOnce = 64
	tries  = 5
)

// open connects, and makes the accounts.
func (s *stage) open(ctx context.Context, cfg client.Config) error {
	cfg.Observer.Turn, cfg.Observer.Done = s.counts.turn, s.counts.done
	for range s.settings.Connections {
		c, err := client.Connect(ctx, cfg)
		if err != nil {
			return err
		}
		s.connections = append(s.connections, c)
	}
	for i := range s.settings.Clients {
		s.people = append(s.people, &person{
			number: i, on: s.connections[i%len(s.connections)], as: client.Actor{Key: client.NewKey()},
			random: mathrand.New(mathrand.NewPCG(1, uint64(i))),
		})
	}
	return s.each(ctx, "accounts", len(s.people), func(ctx context.Context, i int) error {
		p := s.people[i]
		if _, err := p.on.CreateAccount(ctx, p.as); err != nil && !errors.Is(err, refusal.AccountExists) {
			return fmt.Errorf("making an account: %w", err)
		}
		if has := cfg.Parameters.AccountOperations; cfg.Parameters.Local && has < enough {
			if _, err := p.on.TopUp(ctx, p.as, enough-has); err != nil {
				return fmt.Errorf("topping up an account: %w", err)
			}
		}
		return nil
	})
}

// enough is how many operations a client can do for a long time.
const enough = 1 << 40

func (s *stage) close() error {
	errs := make([]error, len(s.connections))
	var group sync.WaitGroup
	for i, c := range s.connections {
		group.Go(func() { errs[i] = c.Close() })
	}
	group.Wait()
	return errors.Join(errs...)
}

// each does something so many times, many at once, and tells how far it has come. The first error ends it.
func (s *stage) each(ctx context.Context, what string, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next, done atomic.Int64
	var group sync.WaitGroup
	for range min(atOnce, n) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				err := do(ctx, int(i))
				for again := 1; again < tries && errors.Is(err, refusal.Unavailable) && ctx.Err() == nil; again++ {
					err = do(ctx, int(i))
				}
				if err != nil {
					stop(err)
					return
				}
				if d := done.Add(1); d%16 == 0 || d == int64(n) {
					s.options.say("preparing: %d of %d %s", d, n, what)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// name is a name that nobody else has.
func (s *stage) name(format string, args ...any) vaultnet.Address {
	return client.Address("bench "+s.salt+" "+fmt.Sprintf(format, args...), 1)
}

// content is fresh content, which nobody changes.
func (p *person) content(size int) []byte {
	b := make([]byte, size)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i < len(b); i += 8 {
		v := p.random.Uint64()
		for k := i; k < min(i+8, len(b)); k++ {
			b[k] = byte(v)
			v >>= 8
		}
	}
	return b
}

// key is the name of entry i.
func key(i int) mutabledata.Key { return mutabledata.Key(fmt.Sprint("k", i)) }

// put makes an object; that it is there already, from an attempt whose outcome nobody knew, is no error.
func (p *person) put(ctx context.Context, at vaultnet.Address, o client.Object) error {
	_, err := p.on.Put(ctx, p.as, at, o)
	if errors.Is(err, refusal.DataExists) {
		return nil
	}
	return err
}

// object is an object with the entries that the settings ask for.
func (s *stage) object(p *person, entries int, everybody bool) client.Object {
	o := client.Object{Entries: map[mutabledata.Key][]byte{}}
	for i := range entries {
		o.Entries[key(i)] = p.content(s.settings.Size)
	}
	if everybody {
		o.Permissions = map[mutabledata.User]mutabledata.PermissionSet{
			mutabledata.Anyone: client.Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)}
	}
	return o
}

// item is an entry that one client changes.
type item struct {
	at      vaultnet.Address
	key     mutabledata.Key
	version mutabledata.Version
	unsure  bool // the version may be another
}

// update changes it, finding out first what is there where that is not certain.
func (p *person) update(ctx context.Context, t *item, size int) error {
	if t.unsure {
		v, _, err := p.on.GetValue(ctx, t.at, t.key)
		if err != nil {
			return err
		}
		t.version, t.unsure = v.Version, false
	}
	_, err := p.on.Mutate(ctx, p.as, t.at, client.Update(t.key, p.content(size), t.version+1))
	if err == nil {
		t.version++
		return nil
	}
	t.unsure = true
	var e *refusal.Error
	if errors.As(err, &e) && e.Kind == refusal.InvalidEntryActions && len(e.Detail.Entries) == 1 && e.Detail.Entries[0].Kind == refusal.InvalidSuccessor {
		t.version, t.unsure = mutabledata.Version(e.Detail.Entries[0].Version), false
	}
	return err
}

// connectionCounts adds up what the connections' loops do.
type connectionCounts struct {
	turns, nanos, frames, bytes                atomic.Int64
	changes, turned, lookup, permit, agreement atomic.Int64 // nanoseconds, of changes that were applied
}

type clientCounts struct {
	turns, seconds, frames, bytes              float64
	changes, turned, lookup, permit, agreement float64 // seconds
}

func (c *connectionCounts) turn(t client.Turn) {
	c.turns.Add(1)
	c.nanos.Add(int64(t.Took))
	c.frames.Add(int64(t.Frames))
	c.bytes.Add(int64(t.Bytes))
}

func (c *connectionCounts) done(d client.Done) {
	if d.Operation == "mutate" && d.Err == nil {
		c.changes.Add(1)
		c.turned.Add(int64(d.Phases.Turn))
		c.lookup.Add(int64(d.Phases.Lookup))
		c.permit.Add(int64(d.Phases.Permit))
		c.agreement.Add(int64(d.Phases.Agreement))
	}
}

func (c *connectionCounts) now() clientCounts {
	s := func(n *atomic.Int64) float64 { return float64(n.Load()) / 1e9 }
	return clientCounts{float64(c.turns.Load()), s(&c.nanos), float64(c.frames.Load()), float64(c.bytes.Load()),
		float64(c.changes.Load()), s(&c.turned), s(&c.lookup), s(&c.permit), s(&c.agreement)}
}

// into writes what was counted since.
func (c clientCounts) into(n *Counts, before clientCounts) {
	n.ClientTurns, n.ClientSeconds = c.turns-before.turns, c.seconds-before.seconds
	n.ClientFrames, n.ClientBytes = c.frames-before.frames, c.bytes-before.bytes
	n.Changes, n.TurnSeconds, n.LookupSeconds = c.changes-before.changes, c.turned-before.turned, c.lookup-before.lookup
	n.PermitSeconds, n.AgreementSeconds = c.permit-before.permit, c.agreement-before.agreement
}
