package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
)

// Step takes what has happened since the last step, in the order in which it happened, and the time, which never runs
// backwards: an earlier one counts as the last. Nothing leaves the vault before [Vault.Seal].
func (v *Vault) Step(now vaultnet.Time, in []Input) Output {
	v.now = max(now, v.now, 1)
	v.out.begin()
	if v.started == 0 {
		v.started = v.now
		v.begin()
	}
	for i := range in {
		v.take(&in[i])
	}
	for do := v.schedule.due(v.now); do != nil; do = v.schedule.due(v.now) {
		do()
	}
	for len(v.alarms) > 0 && v.alarms[0].alarm <= v.now {
		l := v.alarms[0]
		v.alarms.set(l, vaultnet.Never)
		v.touch(l)
	}
	v.stepObjects()
	for v.nextChanges(); len(v.dirty) > 0 && len(v.out.leaves) < maxStatements; v.nextChanges() {
		v.stepObjects()
	}
	v.answerAll()
	v.askNeighbours()
	v.unload()
	v.objects.atlas = nil
	o := Output{Lookups: v.out.lookups, Loads: v.out.loads, Alarm: min(v.schedule.next(), v.unloadAt()), Active: len(v.alarms)}
	if len(v.alarms) > 0 {
		o.Alarm = min(o.Alarm, v.alarms[0].alarm)
	}
	if len(v.dirty) > 0 {
		o.Alarm = v.now // more than one turn's statements: the rest comes with the next
	}
	o.Root = v.out.root()
	return o
}

// begin is done at the first step, when there is a time.
func (v *Vault) begin() {
	for _, s := range v.peers.space.spots {
		q := s.thing
		q.since = v.now
		if q != v.peers.self {
			v.fadeLater(q)
		}
	}
	if v.chunks.count() > 0 {
		v.compareLater(compareAfter)
	}
}

// stepObjects steps what was touched, and what that touches in turn.
func (v *Vault) stepObjects() {
	next := 0
	for next < len(v.dirty) && len(v.out.leaves) < maxStatements {
		l := v.dirty[next]
		next++
		v.stepObject(l)
	}
	if v.dirty = slices.Delete(v.dirty, 0, next); len(v.dirty) == 0 && cap(v.dirty) > maxContacts {
		v.dirty = nil
	}
}

func (v *Vault) stepObject(l *live) {
	in := l.inbox
	l.inbox, l.dirty = nil, false
	defer v.emptied(in)
	if l.entry.live != l {
		return // gone meanwhile
	}
	height, set := l.Height(), l.Set()
	out := l.Step(v.now, v, in...)
	v.alarms.set(l, out.Alarm)
	v.used(l)
	v.out.leaves = append(v.out.leaves, out.Sign...)
	if out.Record && !l.record {
		l.record = true
		v.out.records = append(v.out.records, l)
	}
	v.sendBundles(out.Send, len(in) == 0)
	if l.mending != nil && l.Height() > 0 {
		v.mended(l)
	}
	if l.Height() != height {
		v.count(l.entry, false)
		v.resize(l)
	}
	for i := range out.Replies {
		v.reply(l, &out.Replies[i])
	}
	v.resume(l)
	if now := l.Set(); l.Height() > 0 && (height == 0 || !sameSet(set, now)) {
		v.setChanged(l, set, now)
	}
	v.pursue(l)
	v.linger(l)
	v.sweepAsking(l)
	if l.Height() == 0 && l.Idle() && l.mending == nil {
		v.tidy(l)
	}
}

func sameSet(a, b *agreement.Set) bool {
	return a == b || a != nil && b != nil && a.Number == b.Number && slices.Equal(a.Members, b.Members)
}

// Seal completes the turn: it fills in the attestations under the signature of [Output.Root] (zero where that is zero)
// and returns what has to be made durable, and then sent. The writes are good until the next Seal.
func (v *Vault) Seal(s vaultnet.Signature) Sealed {
	o := &v.out
	v.agree.Reuse()
	for i, leaf := range o.leaves {
		*leaf.By = merkle.Attestation{Signer: v.cfg.Self, Signature: s, Path: o.tree.Path(i)}
	}
	o.writes = slices.Grow(o.writes, 6*len(o.records)) // 1 or 2 of an object that votes, 9 of one that decides
	for _, l := range o.records {
		l.record = false
		var buf [1 + vaultnet.AddressSize]byte
		first := len(o.writes)
		o.writes = l.AppendRecord(o.writes, l.entry.address().Append(append(buf[:0], sectionObject)))
		for i := first; i < len(o.writes) && !l.entry.stored; i++ {
			l.entry.stored = o.writes[i].Value != nil
		}
	}
	sealed := Sealed{Chunks: o.chunks, Writes: append(o.writes, o.erased...), Send: o.envelopes()}
	o.empty(sealed.Writes)
	v.shrink()
	return sealed
}
