package vault

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/internal/load"
	"vaultnet/vault/core"
)

// longestSleep is how long the loop waits at most: a clock that was set meanwhile is noticed then.
const longestSleep = time.Minute

// loop is the vault's life: one turn after the other.
func (v *Vault) loop() {
	defer close(v.ended)
	timer := time.NewTimer(0) // the first turn comes at once
	defer timer.Stop()
	var in []core.Input
	var last time.Duration // of the last turn
	var rest rest
	for {
		select {
		case <-v.leave:
			return
		case ask := <-v.questions:
			ask()
			continue
		case err := <-v.unread:
			v.stopFor(err)
			return
		case <-v.inbox.wake:
		case <-timer.C:
		}
		if !v.sleep(rest.left(time.Now())) {
			return
		}
		v.gather(last)
		var bytes int
		begun := time.Now()
		in, bytes = v.inbox.take(in[:0])
		out, err := v.turn(in, bytes)
		clear(in)
		if err != nil {
			v.stopFor(err)
			return
		}
		ended := time.Now()
		last = ended.Sub(begun)
		rest.after(ended, out.Active, &load.Processors)
		timer.Reset(until(out.Alarm))
	}
}

// Of waiting for company.
const (
	gatherLeast = time.Millisecond
	gatherMost  = 20 * time.Millisecond
)

// gather waits for what is being verified at the moment, so that it shares the turn: about as long as the last turn took.
// Where there is nothing else to do it waits for nothing; the busier the processors are, the more a turn takes at once,
// and the fewer signatures there are to make and, for all others, to verify.
func (v *Vault) gather(last time.Duration) {
	if !v.inbox.verifying() {
		return
	}
	patience := time.NewTimer(min(max(2*last, gatherLeast), gatherMost))
	defer patience.Stop()
	for v.inbox.verifying() {
		select {
		case <-v.inbox.quiet:
		case <-patience.C:
			return
		case <-v.leave:
			return
		}
	}
}

// stopFor notes why the vault stops by itself: its store failed.
func (v *Vault) stopFor(err error) {
	v.err = fmt.Errorf("vault: stopped, for its store failed and what it promises must be kept: %w", err)
	if f := v.cfg.Observer.Failed; f != nil {
		f(v.err)
	}
}

// fail has the loop stop for an error that came up beside it.
func (v *Vault) fail(err error) {
	select {
	case v.unread <- err:
	default: // it stops for another already
	}
}

// now is the time that a core is told.
func now() vaultnet.Time { return vaultnet.Time(time.Now().UnixMilli()) }

// until is how long to sleep before an alarm.
func until(alarm vaultnet.Time) time.Duration {
	if alarm == vaultnet.Never {
		return longestSleep
	}
	return min(max(alarm.Sub(now()), 0), longestSleep)
}

// turn is one turn: step, sign, seal, store, send.
func (v *Vault) turn(in []core.Input, bytes int) (core.Output, error) {
	t := Turn{Inputs: len(in), Bytes: bytes}
	begun := time.Now()
	out := v.core.Step(now(), in)
	var s vaultnet.Signature
	if t.Signed = !out.Root.IsZero(); t.Signed {
		s = v.key.Sign(vaultnet.TurnMessage(v.networkID, out.Root))
	}
	sealed := v.core.Seal(s)
	stepped := time.Now()
	if err := v.keep(&sealed); err != nil {
		return out, err
	}
	kept := time.Now()
	v.post(sealed.Send)
	v.fellows.protect(v)
	v.errands.send(out.Lookups, out.Loads)
	t.Writes, t.Chunks, t.Sent = len(sealed.Writes), len(sealed.Chunks), len(sealed.Send)
	t.Step, t.Store, t.Send = stepped.Sub(begun), kept.Sub(stepped), time.Since(kept)
	v.metrics.turn(&t)
	if f := v.cfg.Observer.Turn; f != nil {
		f(t)
	}
	return out, nil
}

// ask has something done between two turns and waits for it; false where the vault has stopped.
func (v *Vault) ask(do func()) bool {
	answered := make(chan struct{})
	select {
	case v.questions <- func() { do(); close(answered) }:
		<-answered
		return true
	case <-v.ended:
		return false
	}
}
