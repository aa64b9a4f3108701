package routing

import (
	"time"

	"vaultnet/routing/frame"
)

// queued is a frame that waits to be sent.
type queued struct {
	frame []byte
	due   time.Time // not before; zero: at once
}

// queue holds the frames that wait for one peer, in order. Its owner locks it.
type queue struct {
	frames []queued // from head on
	head   int
	bytes  int // of frames, with their lengths
}

func (q *queue) len() int { return len(q.frames) - q.head }

func (q *queue) push(f queued) {
	if q.head > 0 && len(q.frames) == cap(q.frames) {
		n := copy(q.frames, q.frames[q.head:])
		clear(q.frames[n:])
		q.frames, q.head = q.frames[:n], 0
	}
	q.frames = append(q.frames, f)
	q.bytes += frame.LengthSize + len(f.frame)
}

// take moves frames that are due to batch, until it holds about limit bytes. If none is due it says when one will be.
func (q *queue) take(batch [][]byte, limit int, now time.Time) ([][]byte, time.Time) {
	for size := 0; q.head < len(q.frames) && size < limit; q.head++ {
		f := &q.frames[q.head]
		if f.due.After(now) {
			if len(batch) > 0 {
				return batch, time.Time{}
			}
			return batch, f.due
		}
		batch = append(batch, f.frame)
		size += frame.LengthSize + len(f.frame)
		q.bytes -= frame.LengthSize + len(f.frame)
		*f = queued{}
	}
	if q.head == len(q.frames) {
		q.frames, q.head = q.frames[:0], 0
		if cap(q.frames) > 256 { // keep no large array for an idle peer
			q.frames = nil
		}
	}
	return batch, time.Time{}
}

// clear drops everything and returns how many frames and bytes there were.
func (q *queue) clear() (frames, bytes int) {
	frames, bytes = q.len(), q.bytes
	*q = queue{}
	return frames, bytes
}
