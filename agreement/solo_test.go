package agreement

import (
	"fmt"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// solo drives one member of a set message by message, as go-f3's emulator does. The other members' objects lend their
// keys and their state and never take a step: what they say is made up by the test. After each call the test states
// what the member cast and did ([solo.casts]), asked or sent ([solo.sends]) and answered ([solo.replies]).
//
// Others are numbered 1…n−1 in the order in which they propose: number i is the proposer of the round that is i after
// the one in which the driven member, number 0, proposes at height 2.
type solo struct {
	*cluster
	m       *member
	crew    []*member // by number
	turn    uint32    // the round in which the driven member proposes
	names   map[vaultnet.Digest]string
	out     Output     // of the last step
	sent    []Outgoing // since the test last looked
	crashes bool       // turns are stored and never sent
}

// alone is a member of a set of n, at height 1, idle, that proposes in the given round of height 2.
func alone(t testing.TB, n, turn int) *solo {
	t.Helper()
	c := newCluster(t, n)
	c.create()
	c.now += 60_000
	return c.drive(c.members[(2+turn)%n], turn)
}

// unborn is a member of a set of n at an address that holds nothing, that proposes in the given round of height 1.
func unborn(t testing.TB, n, turn int) *solo {
	c := newCluster(t, n)
	return c.drive(c.members[(1+turn)%n], turn)
}

func (c *cluster) drive(m *member, turn int) *solo {
	s := &solo{cluster: c, m: m, turn: uint32(turn), names: map[vaultnet.Digest]string{}}
	at := slices.Index(c.members, m)
	for i := range c.members {
		s.crew = append(s.crew, c.members[(at+i)%len(c.members)])
	}
	for _, o := range c.members {
		o.replies, o.events, o.votes, o.locks = nil, nil, nil, nil
	}
	m.name = func(d vaultnet.Digest) string {
		if n := s.names[d]; n != "" {
			return n
		}
		return d.String()
	}
	return s
}

// in steps the member with inputs of one turn.
func (s *solo) in(in ...Input) {
	s.t.Helper()
	before := len(s.m.events)
	s.out = s.m.object.Step(s.now, s.m.host, in...)
	s.seal(s.m, s.out)
	for _, o := range s.out.Send {
		if p := o.Bundle.Proposal; p != nil && p.By.Signer == s.m.key && slices.ContainsFunc(s.out.Sign, func(l Leaf) bool { return l.By == p.By }) {
			d := p.Header.Digest(s.cfg.Network, s.address)
			if s.names[d] == "" {
				s.names[d] = fmt.Sprintf("own%d", p.Round)
				for i := range s.m.events { // it was cast before the test could name it
					s.m.events[i] = rename(s.m.events[i], d.String(), s.names[d])
				}
			}
			e := fmt.Sprintf("propose %d %s", p.Round, s.names[d])
			if p.PolkaRound >= 0 {
				e += fmt.Sprintf(" by polka %d", p.PolkaRound)
			}
			after := max(before, 1+slices.Index(s.m.events, fmt.Sprintf("round %d", p.Round)))
			s.m.events = slices.Insert(s.m.events, after, e)
		}
	}
	if s.crashes {
		return
	}
	s.m.replies = append(s.m.replies, s.out.Replies...)
	s.sent = append(s.sent, s.out.Send...)
}

func rename(event, old, new string) string {
	if n := len(event) - len(old); n >= 0 && event[n:] == old {
		return event[:n] + new
	}
	return event
}

// says is a bundle from crew number i.
func (s *solo) says(i int, b *Bundle) {
	s.t.Helper()
	b.Address = s.address
	if b.Height == 0 {
		b.Height = s.m.object.Height()
	}
	s.in(Input{From: s.crew[i].key, Bundle: b})
}

// at is the crew number of the proposer of a round at the height being decided.
func (s *solo) at(round uint32) int {
	k := (&turn{Object: s.m.object}).proposer(round)
	return slices.IndexFunc(s.crew, func(m *member) bool { return m.key == k })
}

// block makes a block as an honest proposer would, now.
func (s *solo) block(name string, rs ...*Request) *held {
	return s.made(name, Header{Time: s.now}, rs...)
}

// blockAt makes a block with another time.
func (s *solo) blockAt(name string, at vaultnet.Time, rs ...*Request) *held {
	return s.made(name, Header{Time: at}, rs...)
}

// swap makes a set block.
func (s *solo) swap(name string, add, drop vaultnet.PublicKey) *held {
	return s.made(name, Header{Time: s.now, Add: add, Drop: drop})
}

func (s *solo) made(name string, header Header, rs ...*Request) *held {
	s.t.Helper()
	t := &turn{Object: s.m.object, now: s.now, host: &opinion{}, out: &Output{}}
	header.Incarnation, header.Height, header.Previous = t.incarnation(), t.height+1, t.digest
	h := t.block(header, rs)
	if h == nil {
		s.t.Fatalf("block %s does not apply", name)
	}
	s.names[h.digest] = name
	return h
}

// fresh is a first proposal.
func (s *solo) fresh(round uint32, h *held) *Proposal {
	p := &Proposal{Header: *h.header, Round: round, PolkaRound: -1, By: s.by(s.at(round))}
	if h.header.Height == 1 {
		p.Proof = s.proof()
	}
	return p
}

// anew is a re-proposal with its polka.
func (s *solo) anew(round uint32, h *held, polka *Certificate) *Proposal {
	p := s.fresh(round, h)
	p.PolkaRound, p.Polka = int64(polka.Ballot.Round), polka
	return p
}

// proposes: a proposal arrives with its bodies.
func (s *solo) proposes(round uint32, h *held) {
	s.t.Helper()
	s.says(s.at(round), &Bundle{Proposal: s.fresh(round, h), Requests: h.bodies})
}

// reproposes: a proposal arrives with its polka and its bodies.
func (s *solo) reproposes(round uint32, h *held, polka *Certificate) {
	s.t.Helper()
	s.says(s.at(round), &Bundle{Proposal: s.anew(round, h, polka), Requests: h.bodies})
}

func (s *solo) by(i int) *merkle.Attestation { return &merkle.Attestation{Signer: s.crew[i].key} }

func (c *cluster) voteBy(k vaultnet.PublicKey) *merkle.Attestation {
	return &merkle.Attestation{Signer: k}
}

// ballot is for a block, or for nil.
func (s *solo) ballot(kind VoteType, round uint32, h *held) Ballot {
	o := s.m.object
	b := Ballot{Incarnation: (&turn{Object: o}).incarnation(), Height: o.height + 1, Round: round, Type: kind, Set: o.setDigest, Previous: o.digest}
	if h != nil {
		b.Block = h.digest
	}
	return b
}

func (s *solo) voteOf(i int, kind VoteType, round uint32, h *held) *Vote {
	return &Vote{Ballot: s.ballot(kind, round, h), By: s.by(i)}
}

// votes arrive one by one from crew numbers from … to.
func (s *solo) votes(kind VoteType, round uint32, h *held, from, to int) {
	s.t.Helper()
	for i := from; i <= to; i++ {
		s.says(i, &Bundle{Votes: []*Vote{s.voteOf(i, kind, round, h)}})
	}
}

func (s *solo) prevotes(round uint32, h *held, from, to int) {
	s.t.Helper()
	s.votes(Prevote, round, h, from, to)
}

func (s *solo) precommits(round uint32, h *held, from, to int) {
	s.t.Helper()
	s.votes(Precommit, round, h, from, to)
}

// certificate is votes of crew numbers.
func (s *solo) certificate(kind VoteType, round uint32, h *held, crew ...int) *Certificate {
	c := &Certificate{Ballot: s.ballot(kind, round, h)}
	set := s.m.object.set
	slices.SortFunc(crew, func(i, j int) int { return set.Index(s.crew[i].key) - set.Index(s.crew[j].key) })
	for _, i := range crew {
		c.By = append(c.By, s.by(i))
	}
	return c
}

// polka is a polka certificate of a quorum of the others.
func (s *solo) polka(round uint32, h *held) *Certificate {
	return s.certificate(Prevote, round, h, s.others(s.m.object.set.Quorum())...)
}

// proves is a certificate of a quorum of the others.
func (s *solo) proves(round uint32, h *held) *Certificate {
	return s.certificate(Precommit, round, h, s.others(s.m.object.set.Quorum())...)
}

// others are crew numbers 1…n.
func (s *solo) others(n int) []int {
	var crew []int
	for i := 1; i <= n; i++ {
		crew = append(crew, i)
	}
	return crew
}

// client is a connection that requests come from.
var client = vaultnet.PublicKey{9}

func (s *solo) submit(rs ...*Request) {
	s.t.Helper()
	var in []Input
	for _, r := range rs {
		in = append(in, Input{From: client, Submit: r})
	}
	s.in(in...)
}

// waits lets time pass, ringing every alarm.
func (s *solo) waits(ms vaultnet.Time) {
	s.t.Helper()
	end := s.now + ms
	for n := vaultnet.Time(0); s.m.alarm <= end; n++ {
		if n > 100+ms/50 {
			s.t.Fatalf("%d alarms in %d ms", n, ms)
		}
		s.now = max(s.now, s.m.alarm)
		s.in()
	}
	s.now = end
}

// until lets time pass alarm by alarm until the member's last event is the given one.
func (s *solo) until(event string) {
	s.t.Helper()
	for range 1000 {
		if n := len(s.m.events); n > 0 && s.m.events[n-1] == event {
			return
		}
		if s.m.alarm == vaultnet.Never {
			break
		}
		s.now = max(s.now, s.m.alarm)
		s.in()
	}
	s.t.Fatalf("%q never happened: %q", event, s.m.events)
}

// restarts: what was not stored is lost.
func (s *solo) restarts() {
	s.t.Helper()
	s.restart(s.m)
	s.crashes = false
}

// casts states everything the member voted, locked, proposed and decided since the test last asked, in order.
func (s *solo) casts(want ...string) {
	s.t.Helper()
	if got := s.m.events; !slices.Equal(got, want) {
		s.t.Fatalf("the member did %q, want %q", got, want)
	}
	s.m.events = nil
}

// sends reports what the member sent of the given sort since the test last asked, and forgets the rest.
func (s *solo) sends(sort func(o Outgoing) bool) []Outgoing {
	var found []Outgoing
	for _, o := range s.sent {
		if sort(o) {
			found = append(found, o)
		}
	}
	s.sent = nil
	return found
}

// Sorts of bundles.
func asksBodies(o Outgoing) bool  { return len(o.Bundle.Need) > 0 }
func asksBlocks(o Outgoing) bool  { return o.Bundle.Want != nil && o.Bundle.Want.At == 0 }
func asksState(o Outgoing) bool   { return o.Bundle.Want != nil && o.Bundle.Want.At > 0 }
func givesBodies(o Outgoing) bool { return len(o.Bundle.Requests) > 0 }
func givesBlock(o Outgoing) bool  { return o.Bundle.Decided != nil }
func givesState(o Outgoing) bool  { return o.Bundle.State != nil }
func showsPolka(o Outgoing) bool  { return o.Bundle.Polka != nil }
func hasVotes(o Outgoing) bool    { return len(o.Bundle.Votes) > 0 }
func proposal(o Outgoing) bool    { return o.Bundle.Proposal != nil }
func anything(o Outgoing) bool    { return true }

// replied states what the member answered since the test last asked: "applied 2", "refused AccessDenied", …
func (s *solo) replied(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range s.m.replies {
		got = append(got, r.words())
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("the member answered %q, want %q", got, want)
	}
	s.m.replies = nil
}

func (r *Reply) words() string {
	switch r.Outcome {
	case Applied:
		return fmt.Sprintf("applied %d", r.Height)
	case Refused:
		return fmt.Sprintf("refused %v", r.Err)
	case Withdrawn:
		return "withdrawn"
	case Moved:
		return "moved"
	case Stranger:
		return "stranger"
	}
	return "?"
}

// awake and asleep demand that the member is.
func (s *solo) awake() {
	s.t.Helper()
	if s.m.object.Idle() {
		s.t.Fatal("the member is idle")
	}
}

func (s *solo) asleep() {
	s.t.Helper()
	if !s.m.object.Idle() || s.m.alarm != vaultnet.Never {
		s.t.Fatalf("the member is not idle: half-open %v, alarm in %d", s.m.object.HalfOpen(), s.m.alarm-s.now)
	}
}

// alarm demands that the member asked to be called in so many milliseconds.
func (s *solo) alarmIn(ms vaultnet.Time) {
	s.t.Helper()
	if got := s.m.alarm - s.now; got != ms {
		s.t.Fatalf("alarm in %d ms, want %d", got, ms)
	}
}
