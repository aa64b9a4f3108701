package sim

import (
	"context"
	"time"

	"vaultnet/internal/wire"
)

// quiet watches a network that has nothing to do.
type quiet struct {
	watching bool
	bundles  int
	each     map[*watched]int // of them
	first    string           // the first message that broke the silence
}

// chatter is the most that the honest members of one object may say in a time in which nothing is to be decided while liars
// are at work: each to all others once a second. A liar that comes and goes at the intervals at which members are given up
// has them wish it away for as long as it pleases, at intervals that grow, and not in a storm.
func chatter(o *Options, d time.Duration) int {
	n := o.Parameters().GroupSize
	return n * (n - 1) * int(d/time.Second)
}

// bounded listens while liars are at work.
func (w *world) bounded(ctx context.Context) error {
	w.quiet = quiet{watching: true}
	if err := w.until(ctx, w.clockAt(listening), nil); err != nil || w.check.violation != nil {
		return err
	}
	for _, x := range w.check.order {
		if n, most := w.quiet.each[x], chatter(w.options, listening); n > most {
			w.check.fail(Silence, x, "%d messages in %v in which only liars wanted something, want at most %d; the first of any object: %s",
				n, listening, most, w.quiet.first)
		}
	}
	w.quiet = quiet{}
	return nil
}

// sent notes agreement's messages of honest vaults.
func (q *quiet) sent(w *world, from int32, to int32, messages []wire.Message) {
	if !q.watching {
		return
	}
	v, ok := w.nodes[from].(*vault)
	if !ok || v.liar {
		return
	}
	for _, m := range messages {
		if b, ok := m.(*wire.Bundle); ok && !w.strandedAt(b.Address) {
			q.bundles++
			if q.each == nil {
				q.each = map[*watched]int{}
			}
			q.each[w.check.watch(b.Address)]++
			if q.first == "" {
				q.first = v.name + " to " + w.nodes[to].label() + ": " + brief(m)
			}
		}
	}
}
