package op

import (
	"vaultnet"
	"vaultnet/internal/wire"
)

// locating asks who holds an address, as part of a job that needs to know: the close group, where no set is known, and
// the members of the set, where w of them name a newer one without saying who is in it.
type locating struct {
	owner   *job
	place   *place
	call    wire.Call
	again   repeat
	rounds  int
	probing bool // the members of a set that is known are asked whether they are
	said    roster[*wire.SetAnswer]
}

// begin makes ready; nothing is sent before [locating.step].
func (l *locating) begin(owner *job, p *place) {
	*l = locating{owner: owner, place: p}
	l.call = p.c.open(l)
}

func (l *locating) end() {
	if l.owner != nil {
		l.place.c.close(l.call)
		l.owner = nil
	}
}

func (l *locating) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.SetAnswer)
	s := l.said.find(from)
	if !ok || s == nil || a.Address != l.place.address {
		return
	}
	s.heard, s.word = true, a
	l.place.hear(from, wire.SetRef{}, a.Set, a.Nearer)
	l.owner.poke()
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
	var m *wire.GetSet
	for _, v := range p.audience() {
		s := l.said.admit(v)
		if s == nil || s.asked && (!due || s.heard && (l.probing || !p.known() && s.word.Set == nil && s.word.Settled)) {
			continue
		}
		if m == nil {
			m = &wire.GetSet{Call: l.call, Address: p.address}
		}
		s.asked = true
		p.c.send(v, m)
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
	n := 0
	for _, s := range l.said.of(p.members()) {
		if s.word.Set == nil && s.word.Settled {
			n++
		}
	}
	return n > 0 && n >= p.limits().absent
}

// unsettled reports whether somebody in the close group does not yet know its neighbourhood.
func (l *locating) unsettled() bool {
	for _, s := range l.said.of(l.place.members()) {
		if s.word.Set == nil && !s.word.Settled {
			return true
		}
	}
	return false
}
