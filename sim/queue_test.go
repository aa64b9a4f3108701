package sim

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestQueueOrder: events leave by time, those of one time in the order they were made, whatever order pushes and pops
// came in.
func TestQueueOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model []event
		var last int64
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				got, ok := q.pop()
				if ok != (len(model) > 0) {
					t.Fatalf("pop gives %v with %d events inside", ok, len(model))
				}
				if ok {
					if got.seq != model[0].seq || got.at != model[0].at {
						t.Fatalf("popped (%d, %d), want (%d, %d)", got.at, got.seq, model[0].at, model[0].seq)
					}
					model, last = model[1:], got.at
				}
				continue
			}
			e := event{at: rapid.SampledFrom([]int64{0, 1, 20, 5_000, 5_000_000, 90_000_000}).Draw(t, "reach"), seq: q.made + 1}
			e.at = rapid.Int64Range(e.at/2, e.at).Draw(t, "at")
			if last > 0 && rapid.Bool().Draw(t, "later") {
				e.at += last
			}
			q.push(e)
			i, _ := slices.BinarySearchFunc(model, e, func(a, b event) int {
				return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
			})
			model = slices.Insert(model, i, e)
			if at, ok := q.peek(); !ok || at != model[0].at {
				t.Fatalf("peek gives %d, want %d", at, model[0].at)
			}
		}
	})
}

func TestQueueAllocates(t *testing.T) {
	var q queue
	for i := range 1024 {
		q.push(event{at: int64(i * 7919 % 1024)})
	}
	if n := testing.AllocsPerRun(100, func() {
		e, _ := q.pop()
		e.at += 512
		q.push(e)
	}); n > 0 {
		t.Errorf("%v allocations per event, want none", n)
	}
}

func BenchmarkQueue(b *testing.B) {
	var q queue
	for i := range 4096 {
		q.push(event{at: int64(i * 7919 % 4096)})
	}
	b.ReportAllocs()
	for b.Loop() {
		e, _ := q.pop()
		e.at += 4096
		q.push(e)
	}
}
