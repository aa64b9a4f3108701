package op

import (
	"encoding/binary"
	"time"

	"vaultnet"
)

// A read asks as many members as suffice where all say alike, and the rest when that does not do. Who is asked first is a
// matter of cost alone: what counts is judged in the same way whoever was asked when.
const (
	hedgeTimes = 4                     // of what answers take of late, until the rest is asked
	hedgeLeast = 10 * time.Millisecond // at least
	hedgeValue = 50 * time.Millisecond // at least, until another is asked for the value, which may be large
	hedgeMost  = repeatFirst           // and at most, for then whoever is silent is asked again, or twice as long as they take
	differFor  = time.Second           // how long all are asked at once where members did not say alike
	shunFirst  = time.Second           // how long a vault is not asked first that was silent; doubles each time
	shunCap    = time.Minute
)

// hedge is how long those that were asked first are waited for.
func (c *Client) hedge() time.Duration {
	if c.reads.usual == 0 {
		return hedgeMost
	}
	return min(max(hedgeTimes*c.reads.usual, hedgeLeast), max(hedgeMost, min(c.reads.patience(), patienceCap)))
}

// awaitValue has whoever was asked for the value now be waited for.
func (r *reading) awaitValue() {
	r.fetchAt = r.c.now.Add(min(max(r.c.hedge(), hedgeValue), max(r.until.Sub(r.c.now)/2, 0)))
}

// turn counts the reads of an address. Readers begin at different members.
func (p *place) turn() int {
	p.turns++
	return int((p.turns + uint64(p.c.cfg.Self[0])) % maxSeats)
}

// suffices is how many answers a read needs that are all alike.
func (t *thresholds) suffices() int { return max(t.settled, t.confirmed, t.alike) }

// choose gives a seat to those that are asked first, or has all be asked: where the members are not known or did not say
// alike of late, and where too few are left that can be reached and are not shunned. The choice changes with each turn of
// the client and orders all vaults in the same way for all reads of one, so that some vaults get no question of that turn
// and the others get several in one frame.
func (r *reading) choose() {
	r.set = r.place.ref
	r.hedgeAt = r.c.now.Add(min(r.c.hedge(), r.until.Sub(r.c.now)/4))
	if !r.place.known() || r.c.now < r.place.differ {
		r.wide = true
		return
	}
	type choice struct {
		vault vaultnet.PublicKey
		order uint64
	}
	var buf [16]choice
	best := buf[:0]
	for _, v := range r.place.members() {
		if r.c.vaults.unreachable(v) || r.c.laggards.shuns(v, r.c.now) {
			continue
		}
		n := choice{v, r.c.order(v)}
		i := len(best)
		best = append(best, n)
		for ; i > 0 && n.order < best[i-1].order; i-- {
			best[i] = best[i-1]
		}
		best[i] = n
	}
	limits := r.place.limits()
	k := limits.suffices()
	if r.wide = len(best) < k; r.wide {
		return
	}
	r.said.reserve(k)
	r.spoke = make([]*seat[answer], 0, k)
	for i := range best[:k] {
		r.said.admit(best[i].vault)
		r.c.laggards.trying(best[i].vault, r.c.now)
	}
}

// order is where a vault stands in the order of this turn.
func (c *Client) order(v vaultnet.PublicKey) uint64 {
	x := binary.BigEndian.Uint64(v[:]) ^ binary.BigEndian.Uint64(c.cfg.Self[:]) ^ c.flight*0x9e3779b97f4a7c15
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return (x ^ x>>32) * 0xd6e8feb86659fd93
}

// seat is the place of a vault among those that are asked by now; nil where it is none of them.
func (r *reading) seat(v vaultnet.PublicKey) *seat[answer] {
	if r.wide {
		return r.said.admit(v)
	}
	return r.said.find(v)
}

// valuer is who is asked for the value: one of those that are asked.
func (r *reading) valuer(members []vaultnet.PublicKey) vaultnet.PublicKey {
	if r.wide {
		return members[r.fetches%len(members)]
	}
	return r.said.seats[r.fetches%len(r.said.seats)].vault
}

// note counts an answer, and notes how long it took for as many as honest members give whatever the others do.
func (r *reading) note() {
	r.heard++
	n := len(r.place.members())
	if limits := r.place.limits(); r.heard == limits.suffices()-vaultnet.Faults(n) {
		r.c.reads.note(r.c.now.Sub(r.since))
	}
}

// lacks reports whether those that were asked first do not do: one of them says something else than the others, nothing
// that counts, or nothing in time, or is gone; or the set has changed.
func (r *reading) lacks(seats []*seat[answer], good bool) bool {
	switch {
	case good:
		return false
	case r.place.ref != r.set || !r.place.known() || r.c.now >= r.hedgeAt || len(seats) == len(r.said.seats):
		return true
	}
	for _, s := range seats {
		if !r.counts(s.word) || !alike(s.word, seats[0].word) || s.word.Height < r.place.proven() {
			return true
		}
	}
	for _, s := range r.said.seats {
		if !s.heard && r.c.vaults.unreachable(s.vault) {
			return true
		}
	}
	return false
}

// widen has all members be asked. Where they do not say alike, the next reads ask all at once; who was silent is not asked
// first for some time. Who was asked for the value may still be sending it: of that one [reading.fetch] judges.
func (r *reading) widen() {
	r.wide = true
	if r.c.now < r.hedgeAt {
		r.place.differ = r.c.now.Add(differFor)
	}
	for _, s := range r.said.seats {
		if !s.heard && s.vault != r.fuller && r.c.now >= r.hedgeAt {
			r.c.laggards.silent(s.vault, r.c.now)
		}
	}
}

// absolve forgets the silence of those that have answered.
func (r *reading) absolve() {
	if len(r.c.laggards) == 0 {
		return
	}
	for _, s := range r.said.seats {
		if s.heard {
			delete(r.c.laggards, s.vault)
		}
	}
}

// laggards are the vaults that let reads wait, at most maxHolders of them.
type laggards map[vaultnet.PublicKey]shunned

type shunned struct {
	until vaultnet.Time // when it is asked first again, by one read
	gap   time.Duration // how long it is shunned for
}

// shuns reports whether a vault is not to be asked first.
func (l laggards) shuns(v vaultnet.PublicKey, now vaultnet.Time) bool {
	return len(l) > 0 && now < l[v].until
}

// silent notes that a vault let a read wait.
func (l *laggards) silent(v vaultnet.PublicKey, now vaultnet.Time) {
	if _, ok := (*l)[v]; !ok && (len(*l) >= maxHolders || *l == nil) {
		*l = make(laggards)
	}
	if !l.shuns(v, now) {
		l.shun(v, now)
	}
}

// trying notes that a vault is asked first: if it was shunned, nobody else asks it first until it has answered.
func (l laggards) trying(v vaultnet.PublicKey, now vaultnet.Time) {
	if len(l) > 0 && l[v].gap > 0 {
		l.shun(v, now)
	}
}

func (l laggards) shun(v vaultnet.PublicKey, now vaultnet.Time) {
	gap := min(max(2*l[v].gap, shunFirst), shunCap)
	l[v] = shunned{now.Add(gap), gap}
}
