package core

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// Idle objects beyond the memory budget, and those of which nothing was heard for [Config.Idle], are kept in the store
// alone: of each the vault remembers address, height, digest and set, and reads the rest when something comes for it. To
// agreement it is as if the vault had started anew; what it would then tell no more is kept for as long as that is told.

// evictions is how many objects a turn looks at whose time is over.
const evictions = 64

// lru is the loaded objects in order of use.
type lru struct {
	oldest, newest *live
	bytes          int64 // of memories, too
}

// overhead is what a loaded object counts beyond its data, in bytes, with its last block still at hand; loadedOverhead, as
// it is read from the store (see TestIdleObjectCosts).
const (
	overhead       = 12 << 10
	loadedOverhead = 6 << 10
)

func (s *lru) add(l *live) {
	l.older, l.younger = s.newest, nil
	if s.newest != nil {
		s.newest.younger = l
	} else {
		s.oldest = l
	}
	s.newest = l
	s.bytes += l.size
}

func (s *lru) remove(l *live) {
	if l.older != nil {
		l.older.younger = l.younger
	} else {
		s.oldest = l.younger
	}
	if l.younger != nil {
		l.younger.older = l.older
	} else {
		s.newest = l.older
	}
	l.older, l.younger = nil, nil
	s.bytes -= l.size
}

// use makes an object the last used.
func (s *lru) use(l *live) {
	if l.entry.live == l && s.newest != l {
		s.remove(l)
		s.add(l)
	}
}

// used notes that an object was used now.
func (v *Vault) used(l *live) {
	l.used = v.now
	v.loaded.use(l)
}

// resize counts an object's data anew.
func (v *Vault) resize(l *live) {
	var n int64
	if s := l.State(); s != nil {
		switch m := s.Machine.(type) {
		case *dataMachine:
			n = m.bytes()
		case *accountMachine:
			n = m.bytes()
		}
	}
	v.bytes += n - int64(l.entry.bytes)
	l.entry.bytes = uint32(n) // at most a few MiB
	size := overhead + n
	if d := l.Decided(); d != nil && len(d.Bodies) == 0 {
		size = loadedOverhead + n
	} else if d != nil {
		for _, r := range d.Bodies { // kept for whoever missed the last block
			size += int64(len(r.Bytes) + len(r.Attached))
		}
	}
	v.loaded.bytes += size - l.size
	l.size = size
}

// unload evicts what was not used for [Config.Idle], and forgets memories that are over.
func (v *Vault) unload() {
	for range evictions {
		l := v.loaded.oldest
		if l == nil || v.idleAt(l) >= v.now {
			break
		}
		if v.evictable(l) && !l.Wished(v.now) {
			v.evict(l)
		} else {
			v.used(l)
		}
	}
	for m := v.memories.oldest(); m != nil && m.until < v.now; m = v.memories.oldest() {
		v.recall(m.entry)
	}
}

// idleAt is until when an object is kept loaded if it is not used.
func (v *Vault) idleAt(l *live) vaultnet.Time { return max(l.used, v.started).Add(v.cfg.Idle) }

// unloadAt is when there is something to unload.
func (v *Vault) unloadAt() vaultnet.Time {
	at := vaultnet.Never
	if l := v.loaded.oldest; l != nil {
		at = v.idleAt(l)
	}
	if m := v.memories.oldest(); m != nil {
		at = min(at, m.until)
	}
	if at == vaultnet.Never {
		return at
	}
	return max(v.halfSecond(at+1), v.now+1)
}

// shrink evicts objects that were not used for longest until the budget is kept, or nothing idle is left; and then forgets
// what those could still tell.
func (v *Vault) shrink() {
	busy := 0
	for l := v.loaded.oldest; l != nil && v.loaded.bytes > v.cfg.Memory && busy < 4*maxHeld; {
		next := l.younger
		if v.evictable(l) {
			v.evict(l)
		} else {
			busy++
		}
		l = next
	}
	for m := v.memories.oldest(); m != nil && v.loaded.bytes > v.cfg.Memory; m = v.memories.oldest() {
		v.recall(m.entry)
	}
}

// evictable reports whether nothing of an object is lost by forgetting all but its records. What never came to be is dropped
// altogether soon ([Vault.tidy]), unless the vault voted there.
func (v *Vault) evictable(l *live) bool {
	v.forgetAsking(l)
	return l.entry.stored && l.mending == nil && l.Idle() && !l.HalfOpen() && !l.dirty && !l.record && l.alarm == vaultnet.Never &&
		len(l.asking) == 0 && len(l.held) == 0 && l.change == nil && (l.Height() > 0 && l.Member() || l.Height() == 0 && l.Voted())
}

func (v *Vault) evict(l *live) {
	e := l.entry
	e.height, e.digest = l.Height(), l.HeaderDigest()
	if s := l.Set(); s != nil && e.height > 0 && s.Number >= uint64(e.number) {
		v.objects.note(e, s)
	}
	v.loaded.remove(l)
	e.live = nil
	v.remember(e, l.Memory(v.now))
	if f := v.cfg.Observer.Evicted; f != nil {
		f(e.address())
	}
}

// loading is an object that is being read, with what came for it meanwhile.
type loading struct {
	inputs []Input
	then   []func(*live)
}

// load holds a message for an object that has to be read first, and has it read; false where it has not. More than
// [maxLoading] are not held but answered that it is too much.
func (v *Vault) load(e *object, from vaultnet.PublicKey, m wire.Message) bool {
	if e == nil || e.live != nil || !e.stored || e.damaged {
		return false
	}
	ld := v.startLoading(e)
	if len(ld.inputs) >= maxLoading {
		v.busy(from, m)
		return true
	}
	ld.inputs = append(ld.inputs, Input{from: from, message: m})
	return true
}

// loadFor has an object read, and then something done with it.
func (v *Vault) loadFor(e *object, then func(*live)) {
	ld := v.startLoading(e)
	if len(ld.then) < maxLoading {
		ld.then = append(ld.then, then)
	}
}

func (v *Vault) startLoading(e *object) *loading {
	ld := v.loading[e.address()]
	if ld == nil {
		ld = &loading{}
		v.loading[e.address()] = ld
		v.out.loads = append(v.out.loads, e.address())
	}
	return ld
}

// busy answers what cannot be held.
func (v *Vault) busy(from vaultnet.PublicKey, m wire.Message) {
	switch m := m.(type) {
	case *wire.Submit:
		v.refuse(from, nil, m.Request, refusal.New(refusal.TooManyMutations))
	case *wire.Withdraw:
		v.send(from, &wire.Reply{Address: m.Withdraw.Address, ID: m.Withdraw.Identity(v.network), Outcome: agreement.Refused,
			Err: v.refused(m.Withdraw.Address, refusal.New(refusal.TooManyMutations))})
	case *wire.Read:
		v.send(from, v.answerRead(&wire.ReadAnswer{Call: m.Call}, m, nil, refusal.New(refusal.NotSettled)))
	case *wire.GetOutcome:
		v.send(from, &wire.OutcomeAnswer{Call: m.Call})
	case *wire.GetStatement:
		v.send(from, &wire.StatementAnswer{Call: m.Call, Err: v.refused(m.Address, refusal.New(refusal.NotSettled))})
	default:
		v.ignore(from, "too much for an object that is being read")
	}
}

// objectLoaded takes the records of an object, and what waited for it.
func (v *Vault) objectLoaded(a vaultnet.Address, records []vaultnet.Write) {
	ld, e := v.loading[a], v.objects.get(a)
	delete(v.loading, a)
	if ld == nil || e == nil || e.live != nil {
		return
	}
	told := v.recall(e)
	prefix := len(ObjectPrefix(a))
	own := make([]vaultnet.Write, 0, len(records))
	for _, w := range records {
		if len(w.Key) > prefix {
			own = append(own, vaultnet.Write{Key: w.Key[prefix:], Value: w.Value})
		}
	}
	o, err := agreement.Load(&v.agree, v, a, own)
	if err == nil && (o.Height() != e.height || o.HeaderDigest() != e.digest) {
		err = refusal.Invalid("stored height %d, %d expected", o.Height(), e.height)
	}
	if err != nil {
		v.mend(e, own)
		if f := v.cfg.Observer.Damaged; f != nil {
			f(a, err)
		}
	} else {
		o.Remember(told)
		l := v.adopt(e, o)
		v.resize(l)
		if o.Height() == 0 {
			v.touch(l)
		}
		if f := v.cfg.Observer.Loaded; f != nil {
			f(a)
		}
		for _, then := range ld.then {
			then(l)
		}
	}
	for _, in := range ld.inputs {
		v.receive(in.from, in.message)
	}
}
