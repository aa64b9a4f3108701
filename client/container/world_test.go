package container

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/immutabledata"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// world is a network of one process: the real rules, applied one after the other. With a scheduler it interleaves its
// clients at every step, as a seed says, and lets them crash before or after one.
type world struct {
	t  testing.TB
	mu sync.Mutex

	objects map[vaultnet.Address]*mutabledata.Object
	heights map[vaultnet.Address]vaultnet.Height
	chunks  map[vaultnet.Name][]byte
	now     vaultnet.Time

	reads, mutations, puts, gets, calls int
	largest                             int64
	fullest                             int

	sched *scheduler // nil: whoever comes is served
}

func newWorld(t testing.TB) *world {
	return &world{t: t, objects: map[vaultnet.Address]*mutabledata.Object{}, heights: map[vaultnet.Address]vaultnet.Height{},
		chunks: map[vaultnet.Name][]byte{}, now: 1_700_000_000_000}
}

// person is a key for a name: nothing here is signed.
func person(name string) (k vaultnet.PublicKey) {
	copy(k[:], "key of "+name)
	k[31] = 1
	return k
}

// actor is a world as one key sees it.
type actor struct {
	w      *world
	key    vaultnet.PublicKey
	payer  vaultnet.PublicKey
	client *scheduled // nil outside of the scheduler
	deny   func(Step) error
}

func (w *world) actor(key, payer string) *actor {
	return &actor{w: w, key: person(key), payer: person(payer)}
}

func (a *actor) config(seed uint64) Config {
	return Config{Data: a, Payer: a.payer, Random: newRandom(seed), Clock: func() vaultnet.Time {
		a.w.mu.Lock()
		defer a.w.mu.Unlock()
		a.w.now++
		return a.w.now
	}}
}

type random struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func newRandom(seed uint64) *random {
	var b [32]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	return &random{r: rand.NewChaCha8(b)}
}

func (r *random) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Read(b)
}

func (a *actor) Do(ctx context.Context, steps []Step) []Answer {
	a.w.mu.Lock()
	a.w.calls++
	a.w.mu.Unlock()
	answers := make([]Answer, len(steps))
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	if a.client != nil {
		a.client.shuffle(order)
	}
	for _, i := range order {
		if a.client != nil {
			a.client.pause()
		}
		if err := ctx.Err(); err != nil {
			answers[i].Err = &refusal.Error{Kind: refusal.Unavailable, Cause: err}
			continue
		}
		if a.deny != nil {
			if err := a.deny(steps[i]); err != nil {
				answers[i].Err = err
				continue
			}
		}
		answers[i] = a.w.step(a, steps[i])
		if a.client != nil {
			a.client.applied()
		}
	}
	return answers
}

func (w *world) step(a *actor, s Step) Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s := s.(type) {
	case Read:
		w.reads++
		return w.read(s)
	case Mutate:
		w.mutations++
		return w.mutate(a, s)
	case PutChunk:
		w.puts++
		if len(s.Content) > vaultnet.MaxSize {
			return Answer{Err: refusal.TooLarge(int64(len(s.Content)), vaultnet.MaxSize)}
		}
		name := immutabledata.NameOf(s.Content)
		w.chunks[name] = append([]byte(nil), s.Content...)
		return Answer{Value: name}
	case GetChunk:
		w.gets++
		content, ok := w.chunks[s.Name]
		if !ok {
			return Answer{Err: refusal.New(refusal.NoSuchData)}
		}
		return Answer{Value: content}
	}
	panic(fmt.Sprintf("%T", s))
}

func (w *world) read(s Read) Answer {
	o := w.objects[s.Address]
	b, err := o.Read(s.Query)
	if err != nil {
		return Answer{Err: err}
	}
	a := Answer{Height: w.heights[s.Address]}
	switch q := s.Query.(type) {
	case mutabledata.GetObject:
		a.Value, a.Err = q.Decode(b)
	case mutabledata.GetShell:
		a.Value, a.Err = q.Decode(b)
	case mutabledata.GetVersion:
		a.Value, a.Err = q.Decode(b)
	case mutabledata.GetValuesOf:
		a.Value, a.Err = q.Decode(b)
	default:
		panic(fmt.Sprintf("%T", q))
	}
	return a
}

func (w *world) mutate(a *actor, s Mutate) Answer {
	if _, err := mutabledata.Decode(mutabledata.Encode(s.Mutation)); err != nil {
		w.t.Errorf("malformed %T: %v", s.Mutation, err)
		return Answer{Err: err}
	}
	o := w.objects[s.Address]
	next, result, err := o.Apply(s.Mutation, mutabledata.Context{Requester: a.key, Payer: a.payer})
	if err != nil {
		return Answer{Err: err}
	}
	w.objects[s.Address] = next
	w.heights[s.Address]++
	w.largest, w.fullest = max(w.largest, next.Size()), max(w.fullest, next.Len())
	return Answer{Value: result, Height: w.heights[s.Address]}
}

// scheduler runs one client at a time and chooses, at every step of any, who is next.
type scheduler struct {
	rng     *rand.Rand
	parked  []*scheduled
	news    chan *scheduled // parked or ended
	running int
	crash   float64 // probability, at each step
}

type scheduled struct {
	s      *scheduler
	wake   chan bool // true: crash
	ended  bool
	after  bool // crash after the step that comes
	resume func()
}

type crashed struct{}

func newScheduler(seed uint64) *scheduler {
	return &scheduler{rng: rand.New(rand.NewPCG(seed, 7)), news: make(chan *scheduled)}
}

func (c *scheduled) pause() {
	c.s.news <- c
	if <-c.wake {
		panic(crashed{})
	}
}

func (c *scheduled) applied() {
	if c.after {
		c.after = false
		panic(crashed{})
	}
}

func (c *scheduled) shuffle(order []int) {
	c.s.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
}

// start adds a client; run gives it back whether it crashed.
func (s *scheduler) start(a *actor, run func(), end func(crash bool)) {
	c := &scheduled{s: s, wake: make(chan bool)}
	a.client = c
	s.running++
	go func() {
		crash := false
		defer func() {
			c.ended = true
			c.resume = func() { end(crash) }
			s.news <- c
		}()
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(crashed); !ok {
					panic(p)
				}
				crash = true
			}
		}()
		c.pause()
		run()
	}()
}

// run goes on until all clients ended.
func (s *scheduler) run() {
	for s.running > 0 || len(s.parked) > 0 {
		for s.running > 0 {
			c := <-s.news
			s.running--
			if c.ended {
				c.resume()
			} else {
				s.parked = append(s.parked, c)
			}
		}
		if len(s.parked) == 0 {
			continue
		}
		i := s.rng.IntN(len(s.parked))
		c := s.parked[i]
		s.parked[i] = s.parked[len(s.parked)-1]
		s.parked = s.parked[:len(s.parked)-1]
		s.running++
		crash := false
		if s.rng.Float64() < s.crash {
			if s.rng.IntN(2) == 0 {
				crash = true
			} else {
				c.after = true
			}
		}
		c.wake <- crash
	}
}
