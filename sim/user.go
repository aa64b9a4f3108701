package sim

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/wire"
)

// user is a script that runs beside others, with a client and a connection of its own. Scripts are coroutines: one runs
// at a time, and only inside the user's turn, so that a run is deterministic.
type user struct {
	w      *world
	number int
	index  int32
	name   string
	key    vaultnet.PublicKey // of the connection
	random *rand.Rand
	clock  clock
	client *op.Client
	inbox  []op.Input

	next, last int64
	known      map[int32]bool
	misled     bool // liars were more of the vaults it could reach than a close group of so many stands

	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	acts    map[op.Ticket]*act
	done    bool // the script is over
	dead    bool // it crashed
	waking  int64
	self    *person
	beliefs map[*thing]*belief
}

func (u *user) identity() vaultnet.PublicKey { return u.key }
func (u *user) label() string                { return u.name }
func (u *user) life() uint32                 { return 0 }
func (u *user) up() bool                     { return !u.dead }

// stopped is what a script panics with when the run ends before it does.
type stopped struct{}

// newUser makes a user that is about to run a script.
func (w *world) newUser(script func(u *user)) *user {
	n := len(w.users)
	u := &user{w: w, number: n, name: fmt.Sprintf("user %d", n), random: stream(w.options.Seed, fmt.Sprintf("user %d", n)),
		next: -1, known: map[int32]bool{}, acts: map[op.Ticket]*act{}, waking: -1, beliefs: map[*thing]*belief{}}
	fill(u.random, u.key[:])
	u.clock.offset = int64((u.random.Float64()*2 - 1) * w.options.Skew * 0.9 * float64(w.params.Skew.Microseconds()) / 2)
	nonces := stream(w.options.Seed, fmt.Sprintf("nonces %d", n))
	u.client = op.New(op.Config{Parameters: w.params, Self: u.key, Verifier: w.verifier, Nonces: func() (x vaultnet.Nonce) {
		fill(nonces, x[:])
		return x
	}})
	u.index = w.add(u)
	w.users = append(w.users, u)
	u.resume, u.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			u.done = true
			if x := recover(); x != nil {
				if _, ok := x.(stopped); !ok {
					panic(x)
				}
			}
		}()
		u.yield = yield
		script(u)
	})
	for _, v := range w.vaults {
		u.met(v)
	}
	u.surrounded()
	u.wakeAt(w.now)
	return u
}

// surrounded notes whether the user can reach so few vaults that more of them lie than a close group of so many stands:
// below four nothing is safe from liars (design §3). What it then comes to believe about who holds an object it may
// believe for long.
func (u *user) surrounded() {
	n, liars := 0, 0
	for _, i := range keys(u.known) {
		if v := u.w.nodes[i].(*vault); u.known[i] {
			n++
			if v.liar {
				liars++
			}
		}
	}
	if liars > vaultnet.Faults(min(n, u.w.params.GroupSize)) && !u.misled {
		u.misled = true
		u.w.report.Misled++
		u.w.trace.line(u.name, "MISLED: %d of the %d vaults it can reach are liars: it is promised nothing", liars, n)
	}
}

// met and lost tell the client of vaults that come and go; in large networks it finds out by itself.
func (u *user) met(v *vault) {
	if len(u.w.vaults) > nearAll && len(u.known) >= nearSome || !v.running || u.known[v.index] {
		return
	}
	u.known[v.index] = true
	u.tell(op.PeerUp(v.key))
}

func (u *user) lost(v *vault) {
	if u.known[v.index] {
		u.known[v.index] = false
		u.w.at(u.w.now+between(u.random, 20*time.Millisecond, 2*time.Second), func() {
			if !v.running {
				u.tell(op.PeerDown(v.key))
			}
		})
		u.surrounded()
	}
}

// noticed looks at the connections to the vaults that the user knows.
func (u *user) noticed() {
	for _, i := range keys(u.known) {
		v := u.w.nodes[i].(*vault)
		open := v.running && u.w.net.open(u.index, i) && u.w.net.open(i, u.index)
		if open == u.known[i] {
			continue
		}
		u.known[i] = open
		in := op.PeerUp(v.key)
		if !open {
			in = op.PeerDown(v.key)
		}
		u.w.at(u.w.now+between(u.random, 100*time.Millisecond, 2*time.Second), func() { u.tell(in) })
	}
	u.surrounded()
}

func (u *user) tell(in op.Input) {
	u.inbox = append(u.inbox, in)
	u.ask(u.w.now)
}

func (u *user) receive(from int32, p *parcel) {
	if p.frames != nil {
		for _, f := range p.frames {
			messages, err := wire.Open(f, u.w.network, u.w.verifier)
			if err != nil {
				continue
			}
			for _, m := range messages {
				u.inbox = append(u.inbox, op.Message(p.from, m))
			}
		}
	}
	for _, m := range p.messages {
		u.inbox = append(u.inbox, op.Message(p.from, m))
	}
	if u.next < 0 || u.next > u.w.now+int64(u.w.wakeUp) {
		u.ask(u.w.now + int64(u.w.net.random.Uint32N(u.w.wakeUp)))
	}
}

func (u *user) ask(at int64) {
	at = max(at, u.last+u.w.turnEvery, u.w.now)
	if u.next >= 0 && u.next <= at {
		return
	}
	u.next = at
	u.w.events.push(event{at: at, kind: turn, node: u.index})
}

// turn steps the client with what arrived, runs the script as far as it goes, and sends.
func (u *user) turn(at int64) {
	if at != u.next {
		return
	}
	w := u.w
	u.next, u.last = -1, w.now
	in := u.inbox
	u.inbox = u.inbox[len(in):]
	u.client.Step(u.now(), in)
	u.inbox = in[:0]
	for {
		out := u.client.Output()
		for i := range out.Send {
			w.dispatch(u.index, out.Send[i].To, out.Send[i].Messages, 0)
		}
		w.sent()
		for _, name := range out.Lookups {
			u.lookup(name)
		}
		for i := range out.Done {
			u.completed(&out.Done[i])
		}
		if when := u.clock.when(out.Alarm, w.now); when >= 0 {
			u.ask(when)
		}
		ran := false
		if !u.done && (len(out.Done) > 0 || u.waking >= 0 && u.waking <= w.now) {
			if u.waking <= w.now {
				u.waking = -1
			}
			u.resume()
			ran = true
		}
		if !ran && len(out.Done) == 0 {
			break
		}
	}
	if u.waking >= 0 {
		u.ask(u.waking)
	}
}

func (u *user) now() vaultnet.Time { return u.clock.read(u.w.now) }

func (u *user) lookup(name vaultnet.Name) {
	found := u.w.group(name, 2*u.w.params.GroupSize)
	u.w.at(u.w.now+between(u.random, 5*time.Millisecond, 200*time.Millisecond), func() { u.tell(op.GroupFound(name, found)) })
}

func (u *user) wakeAt(at int64) {
	u.waking = at
	u.ask(at)
}

// pause hands control back until something completed or the user is woken.
func (u *user) pause() {
	if !u.yield(struct{}{}) {
		panic(stopped{})
	}
}

// sleep is for scripts: time passes.
func (u *user) sleep(d time.Duration) {
	until := u.w.now + d.Microseconds()
	for u.w.now < until {
		u.wakeAt(until)
		u.pause()
	}
}

// begin starts an operation and does not wait for it.
func (u *user) begin(kind string, o op.Operation) *act {
	a := newAct(u, kind, o)
	a.ticket = u.client.Start(u.now(), o)
	u.acts[a.ticket] = a
	u.w.check.began(a)
	return a
}

// await waits until operations are over.
func (u *user) await(acts ...*act) {
	for _, a := range acts {
		for !a.over {
			u.pause()
		}
	}
}

// do starts an operation and waits for its end.
func (u *user) do(kind string, o op.Operation) *act {
	a := u.begin(kind, o)
	u.await(a)
	return a
}

// cancel ends an operation early.
func (u *user) cancel(a *act) { u.client.Cancel(u.now(), a.ticket) }

func (u *user) completed(d *op.Completion) {
	a := u.acts[d.Ticket]
	if a == nil {
		u.w.check.fail(Answered, nil, "%s is told twice how an operation ended", u.name)
		return
	}
	delete(u.acts, d.Ticket)
	a.over, a.end, a.completion = true, u.w.now, *d
	u.w.check.ended(a)
}

// pending reports whether an operation is under way.
func (u *user) pending() bool { return !u.dead && len(u.acts) > 0 }
