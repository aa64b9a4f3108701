package client

import (
	"sync"

	"vaultnet"
	"vaultnet/client/op"
)

// What one peer may have waiting in the inbox (design §12); beyond that nothing more is read from it.
const (
	maxWaiting      = 4096
	maxWaitingBytes = 16 << 20
	maxRecycled     = 16_384 // inputs of a slice that is used again
)

// inbox is what has arrived and was not taken yet. The loop's lock guards it.
type inbox struct {
	list  []op.Input
	spare []op.Input
	of    map[vaultnet.PublicKey]waiting
	room  sync.Cond // signalled when the inbox was taken
}

type waiting struct{ inputs, bytes int }

// fits reports whether a peer may add so much. An empty place takes any one frame.
func (b *inbox) fits(from vaultnet.PublicKey, inputs, bytes int) bool {
	w := b.of[from]
	return w.inputs == 0 || w.inputs+inputs <= maxWaiting && w.bytes+bytes <= maxWaitingBytes
}

// count notes what a peer has added.
func (b *inbox) count(from vaultnet.PublicKey, inputs, bytes int) {
	if b.of == nil {
		b.of = make(map[vaultnet.PublicKey]waiting)
	}
	w := b.of[from]
	b.of[from] = waiting{w.inputs + inputs, w.bytes + bytes}
}

// take empties the inbox.
func (b *inbox) take() []op.Input {
	in := b.list
	b.list, b.spare = b.spare, nil
	if len(b.of) > 0 {
		clear(b.of)
		b.room.Broadcast()
	}
	return in
}

// recycle takes back what take gave, cleared.
func (b *inbox) recycle(in []op.Input) {
	if b.spare == nil && cap(in) <= maxRecycled {
		b.spare = in[:0]
	}
}
