package op

import (
	"slices"

	"vaultnet"
	"vaultnet/internal/wire"
)

// locating asks who holds an address, as part of a job that needs to know: the close group, where no set is known, and
// the members of the set, where w of them name a newer one without saying who is in it.
type locating struct {
	owner   *job
	place   *place
	asking  []*round // whose answers it hears, the newest [maxRounds]
	again   repeat
	rounds  int
	probing bool // the members of a set that is known are asked whether they are
	said    roster[*wire.SetAnswer]
}

// round is one question to vaults who holds an address, for all jobs that want to know it before it leaves. A job that
// begins later asks again: what it is told has to be as fresh as it is.
type round struct {
	place  *place
	ask    *wire.GetSet
	flight uint64 // of [Client.Output]: what it leaves with
	asked  []vaultnet.PublicKey
	jobs   []*locating
}

// maxRounds bounds the questions whose answers a job waits for.
const maxRounds = 8

// begin makes ready; nothing is sent before [locating.step].
func (l *locating) begin(owner *job, p *place) { *l = locating{owner: owner, place: p} }

func (l *locating) end() {
	for len(l.asking) > 0 {
		l.forget()
	}
	l.owner = nil
}

// ask asks a vault, together with the other jobs here that do so now.
func (l *locating) ask(v vaultnet.PublicKey) {
	p := l.place
	r := p.round
	if r == nil || r.flight != p.c.flight || len(r.jobs) == 0 {
		r = &round{place: p, flight: p.c.flight, asked: make([]vaultnet.PublicKey, 0, len(p.members()))}
		r.ask = &wire.GetSet{Call: p.c.open(r), Address: p.address}
		p.round = r
	}
	if !slices.Contains(l.asking, r) {
		if len(l.asking) == maxRounds {
			l.forget()
		}
		l.asking, r.jobs = append(l.asking, r), append(r.jobs, l)
	}
	if !slices.Contains(r.asked, v) {
		r.asked = append(r.asked, v)
		p.c.send(v, r.ask)
	}
}

// forget no longer waits for the oldest question's answers.
func (l *locating) forget() {
	r := l.asking[0]
	l.asking = slices.Delete(l.asking, 0, 1)
	r.jobs = slices.DeleteFunc(r.jobs, func(o *locating) bool { return o == l })
	if len(r.jobs) == 0 {
		r.place.c.close(r.ask.Call)
	}
}

func (r *round) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.SetAnswer)
	if !ok || a.Address != r.place.address || !slices.Contains(r.asked, from) {
		return
	}
	for _, l := range r.jobs {
		if s := l.said.find(from); s != nil {
			s.heard, s.word = true, a
			l.owner.poke()
		}
	}
	r.place.hear(from, wire.SetRef{}, a.Set, a.Nearer)
}

// lacking reports whether there is something to ask.
func (l *locating) lacking() bool { return !l.place.known() || l.place.lacking() || l.probing }

// probe asks the members of the set that is known who they are.
func (l *locating) probe() {
	l.probing, l.again, l.said = true, repeat{}, roster[*wire.SetAnswer]{}
}

// step asks those who have not been asked, and again those whose answers do not help. It returns when to be called
// again.
func (l *locating) step() vaultnet.Time {
	p := l.place
	if p.believe(); !l.lacking() {
		return vaultnet.Never
	}
	due := l.again.due(p.c.now)
	if due {
		l.rounds++
	}
	if p.thin() || l.rounds > 3 {
		p.lookup()
	}
	audience := p.audience()
	l.said.reserve(len(audience))
	for _, v := range audience {
		s := l.said.admit(v)
		if s == nil || s.asked && (!due || s.heard && (l.probing || !p.known() && s.word.Set == nil && s.word.Settled)) {
			continue
		}
		s.asked = true
		l.ask(v)
	}
	if p.vague() && p.c.now < p.unsure {
		return min(l.again.next, p.unsure)
	}
	return l.again.next
}

// free reports whether q of the close group say, settled, that nothing is held at the address.
func (l *locating) free() bool {
	p := l.place
	if p.known() || p.vague() {
		return false
	}
	n := l.said.count(p.members(), func(a *wire.SetAnswer) bool { return a.Set == nil && a.Settled })
	return n > 0 && n >= p.limits().absent
}

// unsettled reports whether somebody in the close group does not yet know its neighbourhood.
func (l *locating) unsettled() bool {
	return l.said.count(l.place.members(), func(a *wire.SetAnswer) bool { return a.Set == nil && !a.Settled }) > 0
}
