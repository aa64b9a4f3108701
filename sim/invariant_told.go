package sim

import (
	"reflect"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// toldApplied checks an applied operation that a user is told of: the block of that height applied exactly it, gave that
// result, and comes after everything that anybody had been told of before the operation began.
func (c *checker) toldApplied(w *watched, a *act) {
	d := &a.completion
	if at, ok := w.ids[d.Identity]; !ok || at != d.Height {
		b := w.block(d.Height)
		if !ok && b != nil && b.bodies == nil {
			return // nobody honest has shown what is in that block
		}
		c.fail(Truthful, w, "%s is told that height %d applied %v; it is in height %d", a.user.name, d.Height, d.Identity, at)
		return
	}
	if before := w.history.seenBefore(a.begin); d.Height <= before {
		c.fail(Linearizable, w, "%s began an operation when height %d was known to users, and it was applied at %d", a.user.name,
			before, d.Height)
	}
	applied, ok := w.block(d.Height).after.Ledger.Get(d.Deadline, d.Identity)
	if !ok {
		c.fail(Once, w, "mutation %v is applied at height %d and not remembered", d.Identity, d.Height)
		return
	}
	var want any
	var err error
	switch r := d.Result.(type) {
	case op.Issued:
		want, err = account.DecodeResult(applied.Result)
		if err != nil || !reflect.DeepEqual(want, account.Result(r.Result)) {
			c.fail(Truthful, w, "%s is told of another permit than was issued", a.user.name)
		}
		return
	case account.Result:
		want, err = account.DecodeResult(applied.Result)
	default:
		want, err = mutabledata.DecodeResult(applied.Result)
	}
	if err != nil || !reflect.DeepEqual(want, d.Result) {
		c.fail(Truthful, w, "%s is told %+v of mutation %v, which gave %+v", a.user.name, d.Result, d.Identity, want)
	}
}

// toldRead checks an answer to a read: what the object was at that height, and not older than what anybody had been told
// before the read began.
func (c *checker) toldRead(w *watched, a *act) {
	d := &a.completion
	if d.Height == 0 && absent(a) && a.user.aside(w) {
		a.apart = true
		return
	}
	if before := w.history.seenBefore(a.begin); d.Height < before {
		c.fail(Linearizable, w, "%s began to read when height %d was known to users, and was told of height %d", a.user.name,
			before, d.Height)
	}
	if d.Height > w.height() {
		c.fail(Truthful, w, "%s is told of height %d; %d are decided", a.user.name, d.Height, w.height())
		return
	}
	if w.address.Kind != vaultnet.KindMutableData || w.replay.broken || d.Height > w.replay.height {
		return
	}
	var o *naive
	if d.Height > 0 {
		o = w.replay.data[d.Height-1]
	}
	want, kind := o.answer(a.query)
	if e := a.refused(); kind != 0 || e != nil {
		if e == nil || e.Kind != kind {
			c.fail(Truthful, w, "%s reads %s at height %d and is told %v; it should be %v", a.user.name, queryText(a.query), d.Height,
				d.Err, kind)
		}
		return
	}
	if !sameAnswer(want, d.Result) {
		c.fail(Truthful, w, "%s reads %s at height %d and is told something else than it was", a.user.name, queryText(a.query), d.Height)
	}
}

// aside reports whether the user was lately on the smaller side of a split: where no quorum of an object's members can be
// reached, one that was made after the split began is not known (design §11). Of so few members that none may fail, who is
// down is not reached either: others need not have heard of what they made while they were cut off.
func (u *user) aside(w *watched) bool {
	b := w.block(w.height())
	if b == nil {
		return false
	}
	n, reached := len(b.after.Set.Members), 0
	for _, k := range b.after.Set.Members {
		i, ok := u.w.byKey[k]
		if !ok || u.w.net.wasCut(u.index, i, u.w.now-aftermath) {
			continue
		}
		if v, is := u.w.nodes[i].(*vault); vaultnet.Faults(n) > 0 || is && v.running {
			reached++
		}
	}
	return reached < vaultnet.Quorum(n)
}

// aftermath is how long, in µs, after the end of a split the two sides may not have found each other again.
const aftermath = 10_000_000

// answer is what a query gives, or the kind of its refusal.
func (o *naive) answer(q mutabledata.Query) (any, refusal.Kind) {
	if o == nil {
		return nil, refusal.NoSuchData
	}
	value := func(k mutabledata.Key) mutabledata.Value {
		e := o.entries[k]
		return mutabledata.Value{Content: []byte(e.content), Version: mutabledata.Version(e.version)}
	}
	sorted := keys(o.entries)
	switch q := q.(type) {
	case mutabledata.GetObject:
		return o, 0
	case mutabledata.GetShell:
		return mutabledata.Shell{Owner: o.owner, Version: mutabledata.Version(o.version), Permissions: o.sets(),
			Floor: mutabledata.Version(o.floor), Entries: len(o.entries), Size: o.size()}, 0
	case mutabledata.GetVersion:
		return mutabledata.Version(o.version), 0
	case mutabledata.GetEntries:
		var all []mutabledata.Entry
		for _, k := range sorted {
			all = append(all, mutabledata.Entry{Key: k, Value: value(k)})
		}
		return all, 0
	case mutabledata.GetKeys:
		return sorted, 0
	case mutabledata.GetValues:
		var all []mutabledata.Value
		for _, k := range sorted {
			all = append(all, value(k))
		}
		return all, 0
	case mutabledata.GetValue:
		if _, ok := o.entries[q.Key]; !ok {
			return nil, refusal.NoSuchEntry
		}
		return value(q.Key), 0
	case mutabledata.GetValuesOf:
		var all []*mutabledata.Value
		for _, k := range q.Keys {
			if _, ok := o.entries[k]; !ok {
				all = append(all, nil)
				continue
			}
			v := value(k)
			all = append(all, &v)
		}
		return all, 0
	case mutabledata.GetPermissions:
		return o.sets(), 0
	case mutabledata.GetUserPermissions:
		s, ok := o.rights[q.User]
		if !ok {
			return nil, refusal.NoSuchKey
		}
		return s, 0
	}
	return nil, refusal.InvalidRequest
}

func (o *naive) sets() []mutabledata.Permission {
	var all []mutabledata.Permission
	for _, u := range keys(o.rights) {
		all = append(all, mutabledata.Permission{User: u, Set: o.rights[u]})
	}
	return all
}

// sameAnswer compares an answer with what the naive model says: empty and missing lists are alike.
func sameAnswer(want, got any) bool {
	switch got := got.(type) {
	case *mutabledata.Object:
		o, ok := want.(*naive)
		return ok && o.differs(got) == ""
	case mutabledata.Value:
		v, ok := want.(mutabledata.Value)
		return ok && sameValue(v, got)
	case []mutabledata.Value:
		vs, ok := want.([]mutabledata.Value)
		return ok && alike(vs, got, sameValue)
	case []*mutabledata.Value:
		vs, ok := want.([]*mutabledata.Value)
		return ok && alike(vs, got, func(a, b *mutabledata.Value) bool {
			return a == nil && b == nil || a != nil && b != nil && sameValue(*a, *b)
		})
	case []mutabledata.Entry:
		es, ok := want.([]mutabledata.Entry)
		return ok && alike(es, got, func(a, b mutabledata.Entry) bool { return a.Key == b.Key && sameValue(a.Value, b.Value) })
	case []mutabledata.Key:
		ks, ok := want.([]mutabledata.Key)
		return ok && alike(ks, got, func(a, b mutabledata.Key) bool { return a == b })
	case []mutabledata.Permission:
		ps, ok := want.([]mutabledata.Permission)
		return ok && alike(ps, got, func(a, b mutabledata.Permission) bool { return a.User == b.User && a.Set == b.Set })
	case mutabledata.Shell:
		s, ok := want.(mutabledata.Shell)
		return ok && s.Owner == got.Owner && s.Version == got.Version && s.Floor == got.Floor && s.Entries == got.Entries &&
			s.Size == got.Size && sameAnswer(s.Permissions, got.Permissions)
	}
	return want == got
}

func sameValue(a, b mutabledata.Value) bool {
	return a.Version == b.Version && string(a.Content) == string(b.Content)
}

func alike[T any](a, b []T, same func(T, T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}
