package sim

import (
	"fmt"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// workload is what users do: a generator that keeps bumping into every limit.
type workload struct {
	*user
	town *town
	me   *person // an owner; nil for an app
	app  *app    // nil for an owner
}

// actor is whose signature, and whose account.
func (x *workload) signer() vaultnet.Signer {
	if x.app != nil {
		return x.app.signer
	}
	return x.me.signer
}

func (x *workload) payer() vaultnet.PublicKey {
	if x.app != nil {
		return x.app.owner.signer.Public()
	}
	return vaultnet.PublicKey{}
}

// script is a user's life: an account, grants, then one thing after the other until the run's operations are used up.
func (x *workload) script(u *user) {
	x.user = u
	u.sleep(time.Duration(u.random.IntN(1500)) * time.Millisecond)
	if x.me != nil {
		x.arrive()
	} else {
		u.sleep(3 * time.Second)
	}
	for x.town.left > 0 {
		x.something()
		if u.random.IntN(3) == 0 {
			u.sleep(time.Duration(u.random.IntN(2000)) * time.Millisecond)
		}
	}
}

// take takes operations from those that are left.
func (x *workload) take(n int) { x.town.left -= n }

// arrive makes the account and grants its apps.
func (x *workload) arrive() {
	for tries := 0; !x.me.made && tries < 5 && x.town.left > 0; tries++ {
		x.take(1)
		a := x.do("create-account", op.Operate{As: x.me.signer, Operation: &account.CreateAccount{}})
		x.me.made = a.completion.Err == nil || a.is(refusal.AccountExists)
	}
	for _, p := range x.me.apps {
		if x.town.left > 0 {
			x.grant(p)
		}
	}
	for _, t := range x.town.things {
		if t.owner == x.me && x.town.left > 0 && x.random.IntN(3) > 0 {
			x.put(t)
		}
	}
}

func (x *workload) grant(p *app) {
	x.take(1)
	x.me.terms++
	a := x.do("insert-grant", op.Operate{As: x.me.signer, Operation: &account.InsertGrant{Key: p.signer.Public(),
		Terms: drawTerms(x.random, x.now(), x.me.terms), Version: x.accountVersion() + 1}})
	x.learnAccount(a)
	p.granted = p.granted || a.completion.Err == nil
}

// accountVersion is the version the owner takes its account to have, now and then a wrong one.
func (x *workload) accountVersion() uint64 {
	if x.random.IntN(12) == 0 {
		return x.me.version + 1
	}
	return x.me.version
}

func (x *workload) learnAccount(a *act) {
	switch r := a.completion.Result.(type) {
	case *account.Granted:
		x.me.version = r.Version
	case *account.Revoked:
		x.me.version = r.Version
	case op.AccountRead:
		x.me.version = r.View.Version
	}
	if e := a.refused(); e != nil && e.Kind == refusal.InvalidSuccessor {
		x.me.version = e.Detail.Current
	}
}

// something does one thing, or a few at once.
func (x *workload) something() {
	t := x.thing()
	if !t.put && x.random.IntN(4) > 0 {
		x.put(t)
		return
	}
	switch n := x.random.IntN(100); {
	case n < 20:
		x.mutate(t)
	case n < 46:
		x.read(t)
	case n < 52:
		x.burst(t)
	case n < 57:
		x.fight(t)
	case n < 61:
		x.fill(t)
	case n < 63:
		x.grow(t)
	case n < 71:
		x.rights(t)
	case n < 74:
		x.put(t)
	case n < 78:
		x.impatient(t)
	case n < 82:
		x.unpaid(t)
	case n < 85:
		x.outcome()
	case n < 87:
		x.chunk()
	case n < 90:
		x.race()
	default:
		x.bookkeeping()
	}
}

// thing picks an object: the user's own more often, and the first few so often that users meet there.
func (x *workload) thing() *thing {
	all := x.town.things
	if x.random.IntN(3) == 0 {
		all = all[:min(len(all), 3)]
	}
	return all[x.random.IntN(len(all))]
}

func (x *workload) belief(t *thing) *belief {
	b := x.beliefs[t]
	if b == nil {
		b = &belief{entries: map[mutabledata.Key]uint64{}}
		x.beliefs[t] = b
	}
	return b
}

// mutation is a mutation by this user, paid as usual.
func (x *workload) mutation(t *thing, m mutabledata.Mutation) op.Mutate {
	mutabledata.Sort(m)
	o := op.Mutate{As: x.signer(), Account: x.payer(), Address: t.address, Mutation: m}
	o.NoRetry = x.random.IntN(4) == 0
	if x.random.IntN(6) == 0 {
		o.Timeout = time.Duration(2+x.random.IntN(20)) * time.Second
	}
	if x.random.IntN(8) == 0 {
		o.Deadline = time.Duration(500+x.random.IntN(5000)) * time.Millisecond
	}
	return o
}

// learn takes in what an operation showed of an object.
func (x *workload) learn(t *thing, a *act) {
	b := x.belief(t)
	if a.unknown() && a.changes() {
		x.town.posts = append(x.town.posts, post{a.address, a.completion.Identity, a.completion.Deadline})
	}
	switch e := a.refused(); {
	case e == nil:
		t.put = true
	case e.Kind == refusal.DataExists:
		t.put = true
	case e.Kind == refusal.InvalidSuccessor:
		b.version = e.Detail.Current
	case e.Kind == refusal.InvalidEntryActions:
		for _, p := range e.Detail.Entries {
			switch p.Kind {
			case refusal.NoSuchEntry:
				delete(b.entries, mutabledata.Key(p.Key))
			case refusal.EntryExists, refusal.InvalidSuccessor:
				b.entries[mutabledata.Key(p.Key)] = p.Version
			}
		}
	}
	if a.completion.Err != nil {
		return
	}
	switch m := a.mutation.(type) {
	case *mutabledata.MutateEntries:
		r, _ := a.completion.Result.(mutabledata.Result)
		i := 0
		for _, e := range m.Actions {
			switch e.Do {
			case mutabledata.InsertEntry, mutabledata.UpdateEntry:
				if i < len(r.Versions) {
					b.entries[e.Key] = uint64(r.Versions[i])
				}
				i++
			case mutabledata.DeleteEntry:
				delete(b.entries, e.Key)
			}
		}
	case *mutabledata.SetUserPermissions:
		b.version = uint64(m.Version)
	case *mutabledata.DelUserPermissions:
		b.version = uint64(m.Version)
	case *mutabledata.ChangeOwner:
		b.version = uint64(m.Version)
	}
	switch r := a.completion.Result.(type) {
	case []mutabledata.Entry:
		clear(b.entries)
		for _, e := range r {
			b.entries[e.Key] = uint64(e.Value.Version)
		}
	case mutabledata.Shell:
		b.version = uint64(r.Version)
	case *mutabledata.Object:
		b.version = uint64(r.Version())
		clear(b.entries)
		for k, v := range r.Entries() {
			b.entries[k] = uint64(v.Version)
		}
	}
}

// put puts an object, its owner being who pays.
func (x *workload) put(t *thing) {
	x.take(1)
	owner := x.payer()
	if owner.IsNobody() {
		owner = x.me.signer.Public()
	}
	if x.random.IntN(20) == 0 { // somebody else's: refused
		owner = x.town.people[x.random.IntN(len(x.town.people))].signer.Public()
	}
	m := &mutabledata.Put{Owner: owner}
	if x.random.IntN(3) > 0 {
		m.Permissions = append(m.Permissions, mutabledata.Permission{User: mutabledata.Anyone, Set: x.set()})
	}
	for _, p := range x.town.people {
		if x.random.IntN(4) == 0 {
			m.Permissions = append(m.Permissions, mutabledata.Permission{User: mutabledata.UserOf(p.apps[0].signer.Public()), Set: x.set()})
		}
	}
	for i := range x.random.IntN(4) {
		m.Entries = append(m.Entries, mutabledata.Entry{Key: keyOf(i), Value: mutabledata.Value{Content: x.content(),
			Version: mutabledata.Version(x.random.IntN(3))}})
	}
	x.learn(t, x.do("put", x.mutation(t, m)))
}

func keyOf(i int) mutabledata.Key { return mutabledata.Key(fmt.Sprintf("k%d", i)) }

// key picks one of a few keys, so that users meet; "" is one too.
func (x *workload) key() mutabledata.Key {
	if x.random.IntN(30) == 0 {
		return ""
	}
	return keyOf(x.random.IntN(10))
}

func (x *workload) content() []byte { return randomBytes(x.random, x.random.IntN(40)) }

// set draws a permission set; most allow.
func (x *workload) set() mutabledata.PermissionSet {
	var s mutabledata.PermissionSet
	for a := mutabledata.Insert; a <= mutabledata.ManagePermissions; a++ {
		switch n := x.random.IntN(10); {
		case n < 7:
			s = s.With(a, mutabledata.Allow)
		case n < 8:
			s = s.With(a, mutabledata.Deny)
		}
	}
	return s
}

// entry draws an action that fits what the user believes, and now and then one that does not.
func (x *workload) entry(b *belief, k mutabledata.Key) mutabledata.EntryAction {
	v, there := b.entries[k]
	a := mutabledata.EntryAction{Key: k}
	if x.random.IntN(12) == 0 {
		there = !there
	}
	switch n := x.random.IntN(20); {
	case n == 0 && there:
		a.Do, a.Version = mutabledata.ExpectVersion, mutabledata.Version(v)
	case n == 0:
		a.Do = mutabledata.ExpectAbsent
	case there && n < 13:
		a.Do, a.Version, a.Content = mutabledata.UpdateEntry, mutabledata.Version(v+1), x.content()
	case there:
		a.Do, a.Version = mutabledata.DeleteEntry, mutabledata.Version(v+1)
	default:
		a.Do, a.Content = mutabledata.InsertEntry, x.content()
		switch x.random.IntN(10) {
		case 0:
			a.Version = mutabledata.Version(x.random.IntN(50))
		case 1:
			a.Version = 1 << 62 // far beyond what may be asked for
		}
	}
	if a.Do != mutabledata.InsertEntry && a.Version > 0 && x.random.IntN(15) == 0 {
		a.Version--
	}
	return a
}

// mutate changes a few entries.
func (x *workload) mutate(t *thing) {
	x.take(1)
	b := x.belief(t)
	m := &mutabledata.MutateEntries{}
	for range 1 + x.random.IntN(3) {
		k := x.key()
		if !slices.ContainsFunc(m.Actions, func(a mutabledata.EntryAction) bool { return a.Key == k }) {
			m.Actions = append(m.Actions, x.entry(b, k))
		}
	}
	if x.random.IntN(30) == 0 {
		m.Actions = nil
	}
	x.learn(t, x.do("mutate", x.mutation(t, m)))
}

// burst sends more mutations of distinct keys at once than may be in flight: half the time without patience, so that they
// do not wait for each other at the client.
func (x *workload) burst(t *thing) {
	b := x.belief(t)
	var acts []*act
	hasty := x.random.IntN(2) == 0
	for i := range 3 + x.random.IntN(6) {
		x.take(1)
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{x.entry(b, keyOf(i))}}
		o := x.mutation(t, m)
		o.NoRetry = o.NoRetry || hasty
		acts = append(acts, x.begin("burst", o))
	}
	x.await(acts...)
	for _, a := range acts {
		x.learn(t, a)
	}
}

// fight sends several mutations of one key at once, without patience: contradictory ones, or one that expects the key as
// it is and others that change it, which would fit each other in one block.
func (x *workload) fight(t *thing) {
	b := x.belief(t)
	k := x.key()
	expects := x.random.IntN(2) == 0
	var acts []*act
	for range 2 + x.random.IntN(3) {
		x.take(1)
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{x.entry(b, k)}}
		if expects {
			expects = false
			m.Actions = []mutabledata.EntryAction{{Key: k, Do: mutabledata.ExpectAbsent}, x.entry(b, k+" beside")}
			if v, there := b.entries[k]; there {
				m.Actions[0].Do, m.Actions[0].Version = mutabledata.ExpectVersion, mutabledata.Version(v)
			}
		}
		o := x.mutation(t, m)
		o.NoRetry = true
		acts = append(acts, x.begin("fight", o))
	}
	x.await(acts...)
	for _, a := range acts {
		x.learn(t, a)
	}
}

// fill inserts so many entries that the hundred are soon reached, and empties what it finds too full.
func (x *workload) fill(t *thing) {
	x.take(1)
	b := x.belief(t)
	m := &mutabledata.MutateEntries{}
	if len(b.entries) > 90 {
		for _, k := range keys(b.entries)[:60] {
			m.Actions = append(m.Actions, mutabledata.EntryAction{Key: k, Do: mutabledata.DeleteEntry, Version: mutabledata.Version(b.entries[k] + 1)})
		}
	} else {
		from := x.random.IntN(3) * 40
		for i := range 20 + x.random.IntN(50) {
			k := mutabledata.Key(fmt.Sprintf("fill %d", from+i))
			if _, there := b.entries[k]; !there {
				m.Actions = append(m.Actions, mutabledata.EntryAction{Key: k, Do: mutabledata.InsertEntry, Content: []byte("full")})
			}
		}
		m.MaxEntries = pick(x.random, 0, 0, 96, 50)
	}
	x.learn(t, x.do("fill", x.mutation(t, m)))
}

// blank is what grow inserts, in parts; nobody changes it.
var blank = make([]byte, 1<<20)

// grow inserts so much that the mebibyte is reached: an object at its limit, one byte more, and less again.
func (x *workload) grow(t *thing) {
	x.take(1)
	b := x.belief(t)
	k := mutabledata.Key("large")
	a := mutabledata.EntryAction{Key: k, Do: mutabledata.InsertEntry, Content: blank[:pick(x.random, 2_000, 300_000, 600_000, 1<<20)]}
	if v, there := b.entries[k]; there {
		a.Do, a.Version = mutabledata.UpdateEntry, mutabledata.Version(v+1)
		if x.random.IntN(2) == 0 {
			a.Do, a.Content = mutabledata.DeleteEntry, nil
		}
	}
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{a}}
	if x.random.IntN(2) == 0 && a.Do == mutabledata.InsertEntry && len(a.Content) < 1<<20 {
		m.Actions = append(m.Actions, mutabledata.EntryAction{Key: "large too", Do: mutabledata.InsertEntry, Content: blank[:500_000]})
	}
	x.learn(t, x.do("grow", x.mutation(t, m)))
}

// rights changes permissions or owner.
func (x *workload) rights(t *thing) {
	x.take(1)
	b := x.belief(t)
	version := mutabledata.Version(b.version + 1)
	if x.random.IntN(10) == 0 {
		version++
	}
	p := x.town.people[x.random.IntN(len(x.town.people))]
	who := mutabledata.UserOf(p.signer.Public())
	switch x.random.IntN(3) {
	case 0:
		who = mutabledata.Anyone
	case 1:
		who = mutabledata.UserOf(p.apps[x.random.IntN(len(p.apps))].signer.Public())
	}
	var m mutabledata.Mutation
	switch x.random.IntN(8) {
	case 0:
		m = &mutabledata.ChangeOwner{Owner: p.signer.Public(), Version: version}
	case 1, 2:
		m = &mutabledata.DelUserPermissions{User: who, Version: version}
	default:
		m = &mutabledata.SetUserPermissions{User: who, Set: x.set(), Version: version}
	}
	x.learn(t, x.do("rights", x.mutation(t, m)))
}

// read reads one thing or another.
func (x *workload) read(t *thing) {
	x.take(1)
	var q mutabledata.Query
	switch x.random.IntN(12) {
	case 0:
		q = mutabledata.GetObject{}
	case 1, 2:
		q = mutabledata.GetShell{}
	case 3:
		q = mutabledata.GetVersion{}
	case 4:
		q = mutabledata.GetKeys{}
	case 5:
		q = mutabledata.GetValues{}
	case 6:
		q = mutabledata.GetValue{Key: x.key()}
	case 7:
		q = mutabledata.GetValuesOf{Keys: []mutabledata.Key{"", "k1", "k5", "large"}}
	case 8:
		q = mutabledata.GetPermissions{}
	case 9:
		q = mutabledata.GetUserPermissions{User: mutabledata.Anyone}
	default:
		q = mutabledata.GetEntries{}
	}
	x.learn(t, x.do("read", op.Read{Address: t.address, Query: q}))
}

// impatient begins a mutation and cancels it.
func (x *workload) impatient(t *thing) {
	x.take(1)
	a := x.begin("impatient", x.mutation(t, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{x.entry(x.belief(t), x.key())}}))
	x.sleep(time.Duration(x.random.IntN(400)) * time.Millisecond)
	x.cancel(a)
	x.await(a)
	x.learn(t, a)
}

// unpaid tries mutations without a permit, with one of another address, with one that is over, and with one often.
func (x *workload) unpaid(t *thing) {
	x.take(2)
	insert := func(k mutabledata.Key) op.Mutate {
		o := x.mutation(t, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{x.entry(x.belief(t), k)}})
		o.NoRetry = true
		return o
	}
	if x.random.IntN(3) == 0 {
		o := insert(x.key())
		o.Permit = op.PermitNone()
		x.learn(t, x.do("unpaid", o))
		return
	}
	other := x.thing()
	list := []permit.Allowance{{Address: t.address, Count: uint16(1 + x.random.IntN(2))}}
	if other.address != t.address {
		list = append(list, permit.Allowance{Address: other.address, Count: 1})
	}
	slices.SortFunc(list, func(a, b permit.Allowance) int { return a.Address.Compare(b.Address) })
	owner := x.payer()
	issue := &account.IssuePermit{Allowances: list}
	if x.random.IntN(2) == 0 {
		issue.Lifetime = time.Duration(1+x.random.IntN(3)) * time.Second
	}
	a := x.do("issue-permit", op.Operate{As: x.signer(), Owner: owner, Operation: issue})
	r, ok := a.completion.Result.(op.Issued)
	if !ok {
		return
	}
	if x.random.IntN(3) == 0 {
		x.sleep(issue.Lifetime + time.Duration(x.random.IntN(2000))*time.Millisecond)
	}
	var acts []*act
	for i := range 1 + x.random.IntN(3) {
		o := insert(keyOf(i))
		o.Permit = op.PermitGiven(r.Permits[x.random.IntN(len(r.Permits))])
		x.take(1)
		acts = append(acts, x.begin("given-permit", o))
	}
	x.await(acts...)
	for _, a := range acts {
		x.learn(t, a)
	}
}

// outcome asks what became of a mutation whose author does not know.
func (x *workload) outcome() {
	if len(x.town.posts) == 0 {
		return
	}
	x.take(1)
	i := x.random.IntN(len(x.town.posts))
	p := x.town.posts[i]
	x.do("outcome", op.Outcome{Address: p.address, Identity: p.identity, Deadline: p.deadline})
}

// chunk stores content and fetches it again.
func (x *workload) chunk() {
	x.take(2)
	content := randomBytes(x.random, pick(x.random, 0, 100, 5000))
	a := x.do("put-chunk", op.PutChunk{As: x.signer(), Account: x.payer(), Content: content})
	if name, ok := a.completion.Result.(vaultnet.Name); ok {
		b := x.do("get-chunk", op.GetChunk{Name: name})
		if got, ok := b.completion.Result.([]byte); ok && !slices.Equal(got, content) {
			x.w.check.fail(Truthful, nil, "%s fetches another content than it stored", x.name)
		}
	}
}

// race has this user put at an address that another may put at in the same moment.
func (x *workload) race() {
	for _, t := range x.town.things {
		if !t.put {
			x.put(t)
			return
		}
	}
	x.take(1)
	x.read(x.thing())
}

// bookkeeping is what is done with accounts.
func (x *workload) bookkeeping() {
	x.take(1)
	if x.app != nil {
		owner := x.app.owner.signer.Public()
		switch x.random.IntN(3) {
		case 0:
			x.do("verify", op.Operate{As: x.app.signer, Owner: owner, Operation: &account.Verify{}})
		case 1:
			x.do("settle", op.SettleAll{As: x.app.signer, Account: owner})
		default: // not its to do
			x.do("top-up", op.Operate{As: x.app.signer, Owner: owner, Operation: &account.TopUp{Operations: 1}})
		}
		return
	}
	me := x.me.signer
	p := x.me.apps[x.random.IntN(len(x.me.apps))]
	var a *act
	switch x.random.IntN(9) {
	case 0:
		a = x.do("delete-grant", op.Operate{As: me, Operation: &account.DeleteGrant{Key: p.signer.Public(), Version: x.accountVersion() + 1}})
	case 1:
		o := &account.RevokeAll{Temporary: x.random.IntN(2) == 0}
		if x.random.IntN(2) == 0 {
			o.Except = []vaultnet.PublicKey{p.signer.Public()}
		}
		a = x.do("revoke-all", op.Operate{As: me, Operation: o})
	case 2:
		a = x.do("top-up", op.Operate{As: me, Operation: &account.TopUp{Operations: 1 + x.random.Int64N(50)}})
	case 3:
		a = x.do("settle", op.SettleAll{As: me, Account: me.Public()})
	case 4:
		a = x.do("verify", op.Operate{As: me, Operation: &account.Verify{}})
	case 5, 6:
		a = x.do("read-account", op.ReadAccount{As: me, Query: account.Query{Grants: true, Permits: x.random.IntN(2) == 0},
			Unsettled: x.random.IntN(2) == 0})
	default:
		x.grant(p)
		return
	}
	x.learnAccount(a)
}
