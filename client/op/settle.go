package op

import (
	"bytes"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

const (
	settlesAtOnce = 4                // settlements under way in one book: an account has five places in flight
	closeMargin   = 2 * time.Second  // a permit with less time left is not closed but waited for
	settleTries   = 3                // of one allowance
	settleFor     = 20 * time.Second // one try

	settleBeforeRead = 8 * time.Second // how long a read of the account waits for settlements, half its time at most
)

// settle starts the settlements that are due: of allowances with something unused whose permit has expired, and of all
// that somebody waits for. It forgets what can be settled no more, and returns when to be called again.
func (b *book) settle() vaultnet.Time {
	next := vaultnet.Never
	skew := b.c.cfg.Parameters.Skew
	for _, h := range slices.Clone(b.held) {
		gone := h.body.Expires.Add(vaultnet.UsageGrace)
		due := h.body.Expires.Add(2*skew) + 1 // clear at every honest member
		open := 0
		for i := range h.uses {
			u := &h.uses[i]
			if u.settled || u.running {
				open += b2i(u.running)
				continue
			}
			open++
			switch {
			case u.busy > 0 || len(b.settling) >= settlesAtOnce: // poked when that changes
			case b.c.now >= due && (u.used < u.allowance.Count || u.wanted):
				b.settleOne(h, i, false)
			case u.wanted && !u.open && b.c.now < h.body.Expires.Add(-closeMargin):
				b.settleOne(h, i, true)
			case b.c.now >= due: // all used: that is what will be assumed
				u.settled = true
				open--
			default:
				next = min(next, due)
			}
		}
		if b.c.now > gone || open == 0 && b.c.now > h.body.Expires {
			b.forget(h)
			continue
		}
		next = min(next, gone+1)
		if b.c.now <= h.body.Expires {
			next = min(next, h.body.Expires+1)
		}
	}
	return next
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settlement settles one allowance of a permit (design §8): closes it at the object if it has not expired, gathers the
// statement of its use from A members, and shows that to the account.
type settlement struct {
	job
	book  *book
	held  *held
	use   *use
	index int
	place *place
	until vaultnet.Time

	change   *change // closing, or showing
	ask      *wire.GetStatement
	said     roster[*wire.StatementAnswer]
	again    repeat
	locating locating
}

func (b *book) settleOne(h *held, i int, close bool) {
	u := &h.uses[i]
	u.running, u.closed = true, true
	u.tries++
	s := &settlement{book: b, held: h, use: u, index: i, place: b.c.place(u.allowance.Address), until: b.c.now.Add(settleFor)}
	b.settling = append(b.settling, s)
	s.place.join(&s.job)
	s.start(b.c, s.step)
	s.locating.begin(&s.job, s.place)
	s.ask = &wire.GetStatement{Call: b.c.open(s), Address: u.allowance.Address, Permit: h.digest, Expires: h.body.Expires}
	if !close {
		return
	}
	shut := &permit.Close{Permit: h.permit(i)}
	s.change = &change{
		place: s.place, as: b.as, body: shut.Encode(), absent: refusal.NoSuchData, retries: true, deadline: defaultDeadline,
		finish: func(e ending) {
			s.change = nil
			switch {
			case e.err == nil:
			case e.err.Kind == refusal.NoSuchData: // nothing is there to be closed at: wait for the expiry
				u.open = true
				s.end(false)
			case e.err.Kind == refusal.PermitInvalid && e.err.Detail.Reason == refusal.Closed:
			default:
				s.end(false)
			}
			s.poke()
		},
	}
	s.change.launch(b.c, max(h.body.Expires.Sub(b.c.now), closeMargin))
}

// end reports whether the allowance was settled. What was not may be tried again.
func (s *settlement) end(settled bool) {
	if s.over {
		return
	}
	u := s.use
	u.running = false
	u.settled = settled || u.tries >= settleTries || s.c.now > s.held.body.Expires.Add(vaultnet.UsageGrace)
	u.failed = u.settled && !settled
	s.c.close(s.ask.Call)
	s.locating.end()
	s.place.leave(&s.job)
	s.stop()
	s.book.settling = slices.DeleteFunc(s.book.settling, func(o *settlement) bool { return o == s })
	s.book.poke()
	for _, j := range s.book.customers {
		j.poke()
	}
}

func (s *settlement) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.StatementAnswer)
	w := s.said.find(from)
	if !ok || w == nil || a.By != nil && (a.By.Signer != from || a.Statement.Address != s.ask.Address ||
		a.Statement.Permit != s.ask.Permit || a.Statement.Expires != s.ask.Expires) {
		return
	}
	w.heard, w.word = true, a
	s.place.hear(from, a.Set, a.Members, nil)
	s.poke()
}

func (s *settlement) step() {
	if s.change != nil {
		return // its end pokes
	}
	if s.c.now >= s.until {
		s.end(false)
		return
	}
	if used, closed, by := s.stated(); by != nil {
		s.show(used, closed, by)
		return
	}
	due := s.again.due(s.c.now)
	for _, v := range s.place.audience() {
		w := s.said.admit(v)
		if w != nil && (!w.asked || due && !(w.heard && w.word.By != nil && s.place.speaksFor(w.word.Set))) {
			w.asked = true
			s.c.send(v, s.ask)
		}
	}
	s.wake(min(s.again.next, s.until, s.locating.step()))
}

// stated is what A members state alike, with their signatures in the order of their keys.
func (s *settlement) stated() (used uint16, closed bool, by []merkle.Attestation) {
	if s.place.set == nil && !s.locating.free() {
		return 0, false, nil
	}
	seats := s.said.of(s.place.members())
	for i, w := range seats {
		if w.word.By == nil || !s.place.speaksFor(w.word.Set) || w.word.Statement.Used > s.use.allowance.Count {
			continue
		}
		by = by[:0]
		for _, o := range seats[i:] {
			if o.word.By != nil && s.place.speaksFor(o.word.Set) && o.word.Statement == w.word.Statement {
				by = append(by, *o.word.By)
			}
		}
		if len(by) >= s.place.limits().stated {
			slices.SortFunc(by, func(x, y merkle.Attestation) int { return bytes.Compare(x.Signer[:], y.Signer[:]) })
			return w.word.Statement.Used, w.word.Statement.Closed, by[:min(len(by), permit.MaxSigners)]
		}
	}
	return 0, false, nil
}

// show settles with the account.
func (s *settlement) show(used uint16, closed bool, by []merkle.Attestation) {
	p := s.held.permit(s.index)
	operation := &account.Settle{
		Body: s.held.body, Allowance: s.use.allowance, Path: p.Path, Used: used, Closed: closed, Statements: by,
	}
	s.change = &change{
		place: s.book.place, as: s.book.as, body: account.Encode(operation), absent: refusal.NoSuchAccount, retries: true,
		deadline: defaultDeadline,
		finish: func(e ending) {
			s.change = nil
			// Settled by an earlier try whose answer was lost: the permit is closed, says the account.
			s.end(e.err == nil || e.err.Kind == refusal.PermitInvalid && e.err.Detail.Reason == refusal.Closed)
		},
	}
	s.change.launch(s.c, settleFor)
}
