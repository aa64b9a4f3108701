package client

import "vaultnet/client/op"

// call is an operation on its way through the loop.
type call struct {
	operation op.Operation
	ticket    op.Ticket          // once it has begun; 0 before
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
