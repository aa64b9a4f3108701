package routing

import (
	"encoding/binary"
	"testing"
	"time"

	"vaultnet/routing/frame"
)

var time0 time.Time

func TestQueueKeepsOrder(t *testing.T) {
	var q queue
	next, want, bytes := 0, 0, 0
	for round := range 2000 {
		for range round * 7 % 13 {
			f := binary.BigEndian.AppendUint32(nil, uint32(next))
			q.push(queued{frame: f})
			bytes += frame.LengthSize + len(f)
			next++
		}
		batch, due := q.take(nil, round*5%60, time0)
		if !due.IsZero() {
			t.Fatal("something is due later")
		}
		for _, f := range batch {
			if got := int(binary.BigEndian.Uint32(f)); got != want {
				t.Fatalf("took %d, want %d", got, want)
			}
			want++
			bytes -= frame.LengthSize + len(f)
		}
		if q.len() != next-want || q.bytes != bytes {
			t.Fatalf("%d frames of %d bytes, want %d of %d", q.len(), q.bytes, next-want, bytes)
		}
	}
	frames, size := q.clear()
	if frames != next-want || size != bytes || q.len() != 0 || q.bytes != 0 {
		t.Errorf("cleared %d frames of %d bytes, want %d of %d", frames, size, next-want, bytes)
	}
}

func TestQueueHoldsBackWhatIsNotDue(t *testing.T) {
	var q queue
	at := time0.Add(1000)
	q.push(queued{frame: []byte{1}})
	q.push(queued{frame: []byte{2}, due: at})
	if batch, due := q.take(nil, 1000, time0.Add(1)); len(batch) != 1 || !due.IsZero() {
		t.Errorf("took %v, due %v", batch, due)
	}
	if batch, due := q.take(nil, 1000, time0.Add(1)); len(batch) != 0 || due != at {
		t.Errorf("took %v, due %v", batch, due)
	}
	if batch, _ := q.take(nil, 1000, at); len(batch) != 1 || q.len() != 0 {
		t.Errorf("took %v", batch)
	}
}
