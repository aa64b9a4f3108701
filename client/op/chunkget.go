package op

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// fetching gets a chunk (semantics §2): one holder is asked, and the next after twice the usual latency or when one has
// nothing good. The hash proves the content; that there is none needs A saying so.
type fetching struct {
	job
	place   *place
	until   vaultnet.Time
	finish  func(content []byte, err *refusal.Error) // called once
	ask     *wire.GetChunk
	first   int            // index of who is asked first
	last    *seat[fetched] // who was asked last
	hedge   vaultnet.Time  // when the next is asked though that one says nothing
	again   repeat
	content []byte
	said    roster[fetched]
}

// fetched is what a vault was asked and has said.
type fetched struct {
	at      vaultnet.Time // when it was asked last
	missing bool          // it has no such chunk
	corrupt bool          // what it gave does not hash to the name
	failed  bool          // it gave nothing good this time
}

func (m GetChunk) begin(c *Client, t Ticket) {
	o := c.under(t, "get-chunk")
	timeout, _, err := m.times()
	if err != nil {
		o.fail(err)
		return
	}
	a := vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: m.Name}
	f := &fetching{place: c.place(a), until: c.now.Add(timeout)}
	f.finish = func(content []byte, err *refusal.Error) {
		if err != nil {
			o.refuse(Completion{}, err, fmt.Sprint(a))
			return
		}
		o.complete(Completion{Result: content})
	}
	o.cancel = func() { f.end(nil, &refusal.Error{Kind: refusal.Unavailable, Cause: Cancelled}) }
	f.place.join(&f.job)
	f.start(c, f.step)
	f.ask = &wire.GetChunk{Call: c.open(f), Name: m.Name, Full: true}
	f.first = int(f.ask.Call % maxSeats)
}

func (f *fetching) end(content []byte, err *refusal.Error) {
	if f.over {
		return
	}
	f.c.close(f.ask.Call)
	f.place.leave(&f.job)
	f.stop()
	f.finish(content, err)
}

func (f *fetching) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.ChunkAnswer)
	s := f.said.find(from)
	if !ok || s == nil || a.Name != f.place.address.Name {
		return
	}
	s.heard = true
	s.word.failed = true
	switch {
	case a.Err == nil && a.Proven():
		f.content = a.Content
		if f.content == nil {
			f.content = []byte{}
		}
		f.c.latency.note(f.c.now.Sub(s.word.at))
	case a.Err == nil, a.Err.Kind == refusal.CorruptData:
		s.word.corrupt = true
	default:
		s.word.missing = a.Err.Kind == refusal.NoSuchData
	}
	f.place.hear(from, wire.SetRef{}, nil, a.Nearer)
	f.poke()
}

func (f *fetching) step() {
	if f.content != nil {
		f.end(f.content, nil)
		return
	}
	members := f.place.members()
	limits := f.place.limits()
	missing, corrupt := 0, 0
	for _, s := range f.said.of(members) {
		switch {
		case s.word.missing:
			missing++
		case s.word.corrupt:
			corrupt++
		}
	}
	switch {
	case missing > 0 && missing >= limits.missing && !f.place.vague():
		f.end(nil, refusal.New(refusal.NoSuchData))
		return
	case corrupt > 0 && (missing+corrupt == len(members) || f.c.now >= f.until):
		f.end(nil, refusal.New(refusal.CorruptData))
		return
	case f.c.now >= f.until:
		f.end(nil, refusal.New(refusal.Unavailable))
		return
	}
	if f.place.thin() {
		f.place.lookup()
	}
	f.send()
}

// send asks the next holder, if it is time, and when all have been asked begins again with those who gave nothing.
func (f *fetching) send() {
	list := f.place.audience()
	var next *seat[fetched]
	for i := range list {
		s := f.said.admit(list[(f.first+i)%len(list)])
		if s != nil && !s.asked && next == nil {
			next = s
		}
	}
	switch {
	case next == nil:
		if f.again.gap > 0 && f.again.due(f.c.now) {
			for _, s := range f.said.seats {
				s.asked, s.word.failed = s.word.missing, s.word.missing
			}
			f.poke()
		} else if f.again.gap == 0 {
			f.again.due(f.c.now)
		}
		f.wake(min(f.until, f.again.next))
		return
	case f.last != nil && !f.last.word.failed && f.c.now < f.hedge:
		f.wake(min(f.until, f.hedge))
		return
	}
	next.asked, next.word.at, f.last = true, f.c.now, next
	f.hedge = f.c.now.Add(f.c.latency.hedge())
	f.c.send(next.vault, f.ask)
	f.wake(min(f.until, f.hedge))
}
