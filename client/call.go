package client

import (
	"maps"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// call is an operation on its way through the loop.
type call struct {
	operation op.Operation
	ticket    op.Ticket          // once it has begun; 0 before
	began     time.Time          // then
	done      chan op.Completion // holds the one completion
}

func newCall(o op.Operation) *call {
	return &call{operation: o, done: make(chan op.Completion, 1)}
}

// begin hands a call to the loop. It reports false where the client is closed.
func (l *loop) begin(k *call) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.starts = append(l.starts, k)
	l.mu.Unlock()
	l.poke()
	return true
}

// cancel has the loop cancel a call that it was handed.
func (l *loop) cancel(k *call) {
	l.mu.Lock()
	l.cancels = append(l.cancels, k)
	l.mu.Unlock()
	l.poke()
}

// underWay is how many operations the loop has under way; further ones wait. Package op takes no more than 4,096.
const underWay = 4000

// The rest is done by the loop's goroutine.

// beginSome begins what waits, as far as there is room.
func (l *loop) beginSome(now vaultnet.Time, turn time.Time) {
	for len(l.waiting) > 0 && len(l.calls) < underWay {
		k := l.waiting[0]
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		l.accounts.note(k.operation)
		k.ticket, k.began = l.core.Start(now, k.operation), turn
		l.rest.begin(k.operation)
		l.calls[k.ticket] = k
	}
}

// complete hands over completions.
func (l *loop) complete(turn time.Time, all []op.Completion) {
	for i := range all {
		d := &all[i]
		if k := l.calls[d.Ticket]; k != nil {
			delete(l.calls, d.Ticket)
			l.rest.done(k.operation, turn.Sub(k.began))
			k.done <- *d
		}
	}
	if len(l.waiting) > 0 && len(all) > 0 {
		l.poke() // there is room again
	}
}

// abandon cancels a call, wherever it is.
func (l *loop) abandon(now vaultnet.Time, k *call) {
	if k.ticket != 0 {
		l.core.Cancel(now, k.ticket)
	} else if i := slices.Index(l.waiting, k); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		k.never()
	}
}

// abandonAll cancels everything.
func (l *loop) abandonAll(now vaultnet.Time) {
	for _, k := range l.waiting {
		k.never()
	}
	l.waiting = nil
	for _, t := range slices.Sorted(maps.Keys(l.calls)) {
		l.core.Cancel(now, t)
	}
}

// never completes a call that has not begun.
func (k *call) never() {
	k.done <- op.Completion{Err: &refusal.Error{Kind: refusal.Unavailable, Cause: op.Cancelled}}
}
