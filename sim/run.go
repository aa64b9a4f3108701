package sim

import (
	"context"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
	"vaultnet/sim/adversary"
)

// How long the parts of a run may take, in virtual time.
const (
	afterChaos = 4 * time.Minute  // for scripts to come to their end
	mending    = 20 * time.Second // from the healing to the first demand
	asking     = 90 * time.Second // for the last questions to be answered
	windingUp  = 3 * time.Minute  // for everything that is half-open to be decided, and settled
	listening  = 3 * time.Minute  // to the silence
)

// Run simulates a network once. The options decide everything that happens in it. With story, all that happens is
// written there; a story costs time. It returns what the run did, and with it a *[Violation] if a promise was broken; or
// no report and an error where the options are not valid or ctx ended.
func Run(ctx context.Context, o Options, story io.Writer) (report *Report, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	report = &Report{Options: o.String(), Totals: newTotals()}
	t := newTrace(story, nil)
	w := newWorld(&o, t, report)
	defer func() {
		if x := recover(); x != nil {
			report.Violation = nil
			w.check.violation = nil
			w.check.fail(Panic, nil, "%v\n%s", x, debug.Stack())
			report.Violation = w.check.violation
			err = report.Violation
		}
		for _, u := range w.users {
			stopUser(u)
		}
	}()
	if err := w.run(ctx); err != nil {
		return nil, err
	}
	if w.check.violation == nil {
		w.check.linearize()
	}
	if w.play != nil {
		w.check.nodes()
		w.play.books.check(w.check)
	}
	w.finish()
	if v := w.check.violation; v != nil {
		report.Violation = v
		return report, v
	}
	return report, nil
}

// stopUser ends a script that is not over; one that panicked is over.
func stopUser(u *user) {
	defer func() { recover() }()
	u.stop()
}

// finish fills in what the report says at the end.
func (w *world) finish() {
	w.report.Simulated = time.Duration(w.now) * time.Microsecond
	w.report.Hash = w.trace.hash
	if w.cabal != nil {
		for _, a := range adversary.Acts {
			if n := w.cabal.Count(a); n > 0 {
				w.report.Lies[string(a)] += n
			}
		}
	}
	for _, x := range w.check.order {
		w.report.Unchecked += uint64(x.height() - x.replay.height)
	}
}

// run is the course of a run.
func (w *world) run(ctx context.Context) error {
	o := w.options
	for i := range o.Vaults {
		v := w.newVault()
		v.liar = i < o.Byzantine
		if v.liar {
			w.check.liars[v.key] = true
		}
	}
	for _, v := range w.vaults {
		v.wake()
	}
	for _, v := range w.vaults { // all are there: who knows whom does not depend on who came first
		w.connect(v)
	}
	t := w.newTown()
	if o.Workload == Containers {
		t.people, t.things = nil, nil
	}
	if err := w.until(ctx, 2*time.Second, nil); err != nil { // the vaults get to know each other
		return err
	}
	if o.Workload != Mutations {
		w.play = w.newPlay()
	}
	for i := range o.Users {
		if o.Workload == Containers {
			break
		}
		x := &workload{town: t}
		if i < len(t.people) {
			x.me = t.people[i]
		} else {
			p := t.people[i%len(t.people)]
			x.app = p.apps[i%len(p.apps)]
		}
		w.newUser(x.script)
	}
	w.inject()
	chaos := time.Duration(w.now)*time.Microsecond + o.Duration
	idle := func() bool { return w.idle() }
	if o.Mode == Safety {
		if err := w.until(ctx, chaos+afterChaos, idle); err != nil || w.play == nil || w.check.violation != nil {
			return err
		}
		w.heal()
		return w.audit(ctx)
	}
	if err := w.until(ctx, chaos, nil); err != nil {
		return err
	}
	w.heal()
	if err := w.until(ctx, w.clockAt(mending), nil); err != nil {
		return err
	}
	t.left = 0
	if w.play != nil {
		w.play.over = true
	}
	if err := w.until(ctx, w.clockAt(afterChaos), idle); err != nil {
		return err
	}
	return w.demand(ctx, t)
}

// clockAt is a moment that lies ahead, as time since the run began.
func (w *world) clockAt(ahead time.Duration) time.Duration {
	return time.Duration(w.now)*time.Microsecond + ahead
}

// until runs the network up to a moment, or until done says so, or a promise is broken.
func (w *world) until(ctx context.Context, at time.Duration, done func() bool) error {
	end := at.Microseconds()
	for n := 0; w.check.violation == nil && w.step(end); n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if done != nil && n&0xff == 0 && done() {
			return nil
		}
	}
	return nil
}

// idle reports whether all scripts are over.
func (w *world) idle() bool {
	for _, u := range w.users {
		if !u.done || u.pending() {
			return false
		}
	}
	return true
}

// heal ends all faults for good: a core of every object's members is up and connected from now on.
func (w *world) heal() {
	w.trace.line("HEAL", "no more faults")
	w.net.steady = true
	w.net.healAll(w.now)
	clear(w.net.lag)
	for _, v := range w.vaults {
		v.disk = w.options.Disk.Microseconds()
		v.doom = nil
		if !v.running && !v.gone {
			v.start()
		}
	}
	w.noticed()
}

// demand is what only a healed network owes: answers to everything, decisions, and then silence.
func (w *world) demand(ctx context.Context, t *town) error {
	c := w.check
	for _, u := range w.users {
		if !u.done || u.pending() {
			c.fail(Answered, nil, "%s still waits for an answer %v after the faults ended", u.name, afterChaos+mending)
			return nil
		}
	}
	var last []*act
	w.newUser(func(u *user) { last = u.lastQuestions(t) })
	if err := w.until(ctx, w.clockAt(asking), w.idle); err != nil || c.violation != nil {
		return err
	}
	if !w.idle() {
		c.fail(Answered, nil, "the last questions are not all answered after %v", asking)
		return nil
	}
	for _, a := range last {
		if c.watch(a.address).split() {
			continue
		}
		if a.outcome() == Unknown {
			c.fail(Answered, c.watch(a.address), "%s of a healed network is told %v", a.kind, a.completion.Err)
			return nil
		}
		if b, ok := a.completion.Result.(op.Became); ok && !b.Known && w.remembers(a.address) && a.user.now() < a.operation.(op.Outcome).Deadline.Add(vaultnet.ResultsKept) {
			c.fail(Answered, c.watch(a.address), "what became of a mutation is forgotten before its time")
			return nil
		}
	}
	if err := w.audit(ctx); err != nil || c.violation != nil {
		return err
	}
	if err := w.until(ctx, w.clockAt(windingUp), nil); err != nil || c.violation != nil {
		return err
	}
	if err := w.decidedAll(ctx); err != nil || c.violation != nil {
		return err
	}
	if w.options.Byzantine > 0 {
		if err := w.bounded(ctx); err != nil || c.violation != nil {
			return err
		}
	}
	if err := w.retireLiars(ctx); err != nil || c.violation != nil {
		return err
	}
	w.quiet.watching = true
	if err := w.until(ctx, w.clockAt(listening), nil); err != nil {
		return err
	}
	if w.quiet.bundles > 0 {
		c.fail(Silence, nil, "%d messages in %v in which nothing was to be decided, the first: %s", w.quiet.bundles, listening,
			w.quiet.first)
	}
	return nil
}

// audit has a play's end come: what is in containers is compared with what their users were told.
func (w *world) audit(ctx context.Context) error {
	if w.play == nil {
		return nil
	}
	if err := w.until(ctx, w.clockAt(mending), nil); err != nil || w.check.violation != nil {
		return err
	}
	w.play.audit()
	if err := w.until(ctx, w.clockAt(afterChaos), w.idle); err != nil || w.check.violation != nil {
		return err
	}
	if !w.idle() && w.options.Mode == Liveness {
		w.check.fail(Answered, nil, "containers of a healed network are not looked through after %v", afterChaos)
	}
	return nil
}

// remembers reports whether enough members can be asked for what became of a mutation after its deadline. Results are
// kept beside the agreed state: who restarted, or came by a state instead of blocks, does not have them.
func (w *world) remembers(a vaultnet.Address) bool {
	x := w.check.watch(a)
	b := x.block(x.height())
	if b == nil {
		return false
	}
	n := 0
	for _, v := range w.vaults {
		if m := v.witness.members[x]; !v.liar && v.running && v.lives == 1 && m != nil && !m.leapt && b.after.Set.Index(v.key) >= 0 {
			n++
		}
	}
	return n >= b.after.Set.Answers()
}

// retireLiars stops the liars for good and waits until their places are taken: a liar that comes and goes at the
// intervals at which members are given up keeps its sets awake for as long as it pleases, at a bounded rate.
func (w *world) retireLiars(ctx context.Context) error {
	retired := false
	for _, v := range w.vaults {
		if v.liar && v.running {
			v.doom = nil
			v.crash(Idle) // without a fault that brings it back
			retired = true
		}
	}
	if !retired {
		return nil
	}
	w.noticed()
	return w.until(ctx, w.clockAt(windingUp), nil)
}

// lastQuestions reads every object, changes every object that can be changed, and asks for every unknown outcome.
func (u *user) lastQuestions(t *town) []*act {
	var all []*act
	for _, x := range t.things {
		all = append(all, u.begin("last-read", op.Read{Address: x.address, Query: mutabledata.GetEntries{}}))
		all = append(all, u.begin("last-change", op.Mutate{As: x.owner.signer, Address: x.address, Mutation: &mutabledata.MutateEntries{
			Actions: []mutabledata.EntryAction{{Key: "last", Do: mutabledata.InsertEntry, Content: []byte("words")}}}}))
	}
	for _, p := range t.posts {
		all = append(all, u.begin("last-outcome", op.Outcome{Address: p.address, Identity: p.identity, Deadline: p.deadline}))
	}
	u.await(all...)
	return all
}

// undecided is a height at which an honest member is half-open.
type undecided struct {
	vault  *vault
	object *watched
	height vaultnet.Height
}

// halfOpen lists what honest members have to decide.
func (w *world) halfOpen() []undecided {
	var all []undecided
	for _, v := range w.vaults {
		if v.liar || !v.running {
			continue
		}
		for _, x := range w.check.order {
			if o := v.inner.Object(x.address); o != nil && o.Member() && o.HalfOpen() && w.check.file(v.witness, x.address) == x {
				all = append(all, undecided{v, x, o.Height() + 1})
			}
		}
	}
	return all
}

// decidedAll checks that what is half-open is decided in bounded time. Liars may begin something new at any time.
func (w *world) decidedAll(ctx context.Context) error {
	for _, x := range w.check.order {
		if w.stranded(x) {
			w.report.Stranded++
			w.trace.line("STRANDED", "%v: a quorum of the set is not on the chain of height %d: nothing is demanded", x.address, x.height())
		}
	}
	before := w.halfOpen()
	if len(before) == 0 {
		return nil
	}
	if err := w.until(ctx, w.clockAt(windingUp), nil); err != nil || w.check.violation != nil {
		return err
	}
	after := w.halfOpen()
	for _, u := range before {
		if slices.Contains(after, u) && !w.stranded(u.object) {
			w.check.fail(Progress, u.object, "%s is half-open at height %d, round %d, for %v", u.vault.name, u.height,
				u.vault.inner.Object(u.object.address).Round(), windingUp)
			return nil
		}
	}
	return nil
}
