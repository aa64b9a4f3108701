package op

import (
	"slices"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Bounds of a book, and how long an issue may take.
const (
	maxBooks = 4096
	maxHeld  = 1024 // permits held, until they are settled or can be settled no more
	issueFor = 20 * time.Second

	aheadFrom = 8 // uses of an allowance that is renewed before it is used up
)

// books is all books of a client.
type books struct {
	at   map[bookKey]*book
	list []*book
	byID map[vaultnet.Digest]*held // permits held, by the request that issued them
}

type bookKey struct{ requester, account vaultnet.PublicKey }

// book is the permits of one requester under one account (design §8). Whoever needs one waits here; needs that come
// within 50 ms of the first share a permit with many addresses. Counts grow with use, up to eightfold each time, and shrink
// back.
type book struct {
	job
	as      vaultnet.Signer
	account vaultnet.PublicKey
	place   *place
	waiting []*spending
	ahead   []vaultnet.Address // where an allowance is low, ≤ [vaultnet.MaxPermitAddresses]: the next is asked for
	gather  vaultnet.Time      // when what waits is asked for; 0: nothing waits
	issuing *change
	asked   []permit.Allowance
	narrow  int // how many addresses to ask for at most
	held    []*held

	forecast   forecast
	reclaiming bool          // the account has too little left: what is held unused under it is being closed first
	scarce     vaultnet.Time // until then no more is asked for than is needed

	settling  []*settlement
	customers []*job // poked when a settlement ends
}

// book returns the book of a requester under an account.
func (c *Client) book(as vaultnet.Signer, owner vaultnet.PublicKey) *book {
	k := bookKey{as.Public(), owner}
	if b := c.books.at[k]; b != nil {
		return b
	}
	if c.books.at == nil {
		c.books.at = make(map[bookKey]*book)
		c.books.byID = make(map[vaultnet.Digest]*held)
	}
	if len(c.books.list) >= maxBooks {
		c.books.prune()
	}
	b := &book{as: as, account: owner, place: c.place(vaultnet.AccountAddress(owner)), narrow: vaultnet.MaxPermitAddresses}
	b.place.join(&b.job)
	c.books.at[k] = b
	c.books.list = append(c.books.list, b)
	b.start(c, b.step)
	return b
}

// prune drops the books in which there is nothing.
func (s *books) prune() {
	s.list = slices.DeleteFunc(s.list, func(b *book) bool {
		if len(b.waiting) > 0 || b.issuing != nil || len(b.held) > 0 || len(b.settling) > 0 || len(b.customers) > 0 || b.reclaiming {
			return false
		}
		b.place.leave(&b.job)
		b.stop()
		delete(s.at, bookKey{b.as.Public(), b.account})
		return true
	})
}

// find returns an allowance at an address of which something is left to use, in the newest permit that has one; such, where
// it is given, chooses. Without one it returns nil.
func (b *book) find(a vaultnet.Address, such func(h *held, k int) bool) (*held, int) {
	for _, h := range slices.Backward(b.held) {
		if !h.fresh(b.c.now) {
			continue
		}
		for k := range h.uses {
			if u := &h.uses[k]; u.allowance.Address == a && u.usable() && (such == nil || such(h, k)) {
				return h, k
			}
		}
	}
	return nil, 0
}

// serve gives a need its permit, if there is one.
func (b *book) serve(s *spending) bool {
	h, k := b.find(s.address, nil)
	if h == nil {
		return false
	}
	h.uses[k].busy++
	s.held, s.index = h, k
	return true
}

// step serves what waits, asks for what cannot be served, and settles what has expired.
func (b *book) step() {
	b.waiting = slices.DeleteFunc(b.waiting, func(s *spending) bool {
		if !b.serve(s) {
			return false
		}
		s.user.poke()
		return true
	})
	next := b.settle()
	if b.reclaiming {
		b.reclaimed()
	}
	switch {
	case len(b.waiting)+len(b.ahead) == 0:
		b.gather = 0
	case b.issuing != nil, b.reclaiming:
	case b.gather == 0:
		b.gather = b.c.now.Add(b.patience())
		next = min(next, b.gather)
	case b.c.now < b.gather:
		b.gather = min(b.gather, b.c.now.Add(b.patience())) // what was to be had ahead of need may be needed by now
		next = min(next, b.gather)
	default:
		b.gather = 0
		b.issue()
	}
	b.wake(next)
}

// patience is how long others that need a permit, too, are waited for: little where all that is under way waits for it.
func (b *book) patience() time.Duration {
	if len(b.waiting) == len(b.c.operations)-len(b.c.window.waiting) {
		return gatherAlone
	}
	return gatherFor
}

// foresee has the next allowance at an address asked for before it is needed, unless there is one or the account has little
// left.
func (b *book) foresee(a vaultnet.Address) {
	if b.c.now < b.scarce || len(b.ahead) >= vaultnet.MaxPermitAddresses || slices.Contains(b.ahead, a) ||
		b.issuing != nil && slices.ContainsFunc(b.asked, func(x permit.Allowance) bool { return x.Address == a }) {
		return
	}
	if h, _ := b.find(a, func(h *held, k int) bool { return !h.low(k, b.c.now) }); h != nil {
		return
	}
	b.ahead = append(b.ahead, a)
	b.poke()
}

// issue asks the account for a permit over the addresses that wait, and where one is soon needed.
func (b *book) issue() {
	var list []permit.Allowance
	for _, s := range b.waiting {
		i := slices.IndexFunc(list, func(a permit.Allowance) bool { return a.Address == s.address })
		switch {
		case i >= 0:
			list[i].Count = max(list[i].Count, b.waitingAt(s.address))
		case len(list) < b.narrow:
			list = append(list, permit.Allowance{Address: s.address, Count: b.count(s.address)})
		}
	}
	for _, at := range b.ahead {
		if len(list) < b.narrow && !slices.ContainsFunc(list, func(a permit.Allowance) bool { return a.Address == at }) {
			list = append(list, permit.Allowance{Address: at, Count: b.count(at)})
		}
	}
	b.ahead = nil
	if b.c.now >= b.scarce {
		list = b.ripe(list)
	}
	slices.SortFunc(list, func(x, y permit.Allowance) int { return x.Address.Compare(y.Address) })
	b.asked = list
	operation := &account.IssuePermit{Allowances: list}
	b.issuing = &change{
		place: b.place, as: b.as, body: account.Encode(operation), absent: refusal.NoSuchAccount,
		retries: true, issues: true, deadline: defaultDeadline, finish: b.issued,
	}
	b.issuing.launch(b.c, issueFor)
}

// waitingAt counts the needs at an address, at most as many as a permit can hold.
func (b *book) waitingAt(a vaultnet.Address) uint16 {
	n := uint16(0)
	for _, s := range b.waiting {
		if s.address == a && n < vaultnet.MaxPermitCount {
			n++
		}
	}
	return n
}

// count is how many uses to ask for at an address: one the first time, then more while they get used up, as many as will be
// in a permit's lifetime if they go on as they did, and fewer again when they don't: what is left over has to be settled, for
// each address by itself, and what is lacking is asked for with others. A chunk is put once.
func (b *book) count(a vaultnet.Address) uint16 {
	if a.Kind == vaultnet.KindImmutableData {
		return 1
	}
	if b.c.now < b.scarce {
		return max(1, b.waitingAt(a))
	}
	level := uint16(0)
	for i := len(b.held) - 1; i >= 0 && level == 0; i-- {
		for k := range b.held[i].uses {
			u := &b.held[i].uses[k]
			if u.allowance.Address != a {
				continue
			}
			level = u.allowance.Count
			h := b.held[i]
			switch taken := u.used + u.busy; {
			case taken >= u.allowance.Count, h.low(k, b.c.now) && int(taken)*4 >= int(u.allowance.Count)*3:
				age := max(b.c.now.Sub(h.body.Issued), time.Millisecond)
				coming := int64(taken) * int64(h.body.Expires.Sub(h.body.Issued)) / int64(age)
				level = uint16(min(int64(level)*8, vaultnet.MaxPermitCount, max(coming, 1)))
			case taken*8 <= u.allowance.Count:
				level = max(level/8, 1)
			}
			break
		}
	}
	return max(level, 1, b.waitingAt(a))
}

// issued takes the permit, or the reason why there is none.
func (b *book) issued(e ending) {
	b.issuing = nil
	defer b.poke()
	err := e.err
	if err == nil {
		if h := b.receive(e); h != nil {
			b.narrow = min(2*b.narrow, vaultnet.MaxPermitAddresses)
			return
		}
		err = refusal.New(refusal.Unavailable)
	}
	if len(b.waiting) == 0 { // it was asked for ahead of need
		b.scarce = b.c.now.Add(scarceFor)
		return
	}
	if err.Kind == refusal.LowBalance && len(b.asked) > 1 { // fewer addresses may do
		b.narrow = len(b.asked) / 2
		b.gather = b.c.now
		return
	}
	if err.Kind == refusal.LowBalance && b.reclaim() {
		return
	}
	b.narrow = vaultnet.MaxPermitAddresses
	b.waiting = slices.DeleteFunc(b.waiting, func(s *spending) bool {
		if !slices.ContainsFunc(b.asked, func(a permit.Allowance) bool { return a.Address == s.address }) {
			return false
		}
		s.err = err
		s.user.poke()
		return true
	})
}

// receive makes what A managers reported a permit: signed by w of them at least.
func (b *book) receive(e ending) *held {
	result, err := account.DecodeResult(e.result)
	issued, ok := result.(*account.Issued)
	if err != nil || !ok || issued.Body.ID != e.identity || issued.Body.Account != b.account || issued.Body.Requester != b.as.Public() {
		return nil
	}
	allowances, ok := issued.Allowances(b.asked)
	if !ok {
		return nil
	}
	h := &held{book: b, body: issued.Body, digest: issued.Body.Digest(), result: e.result}
	for _, a := range allowances {
		h.uses = append(h.uses, use{allowance: a, settled: a.Address.Kind != vaultnet.KindMutableData})
	}
	for _, w := range e.signed {
		if w.attested != nil {
			h.sign(w.attested)
		}
	}
	if len(h.signatures) < b.place.limits().signed || h.permit(0) == nil {
		return nil
	}
	h.choose(b.place.limits().signed)
	if len(b.held) >= maxHeld {
		b.forget(b.held[0])
	}
	b.held = append(b.held, h)
	b.c.books.byID[h.body.ID] = h
	return h
}

// forget drops a permit that is settled, or can be settled no more.
func (b *book) forget(h *held) {
	delete(b.c.books.byID, h.body.ID)
	if i := slices.Index(b.held, h); i >= 0 {
		b.held = slices.Delete(b.held, i, i+1)
	}
}
