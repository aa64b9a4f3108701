package mutabledata

import (
	"vaultnet"
	"vaultnet/refusal"
)

// Context is on whose behalf a mutation is applied. Both were proven before: the signature, and the permit.
type Context struct {
	Requester vaultnet.PublicKey // whose signature the request bears
	Payer     vaultnet.PublicKey // owner of the account that pays
}

// Apply returns the object after m, and what m gave, or a *refusal.Error of the first check that failed, in the order of
// semantics §1; then o is returned as it was. m has passed [Decode] or [Validate]. That the store has room (NetworkFull)
// and that m may be in flight beside others ([InFlight]) is not checked here.
func (o *Object) Apply(m Mutation, by Context) (*Object, Result, error) {
	if m == nil {
		return o, Result{}, refusal.Invalid("no mutation")
	}
	next, result, err := m.apply(o, by)
	if err != nil {
		return o, Result{}, err
	}
	return next, result, nil
}

// Check is the error of [Object.Apply], which for changes of entries is found without making the object after them.
func (o *Object) Check(m Mutation, by Context) error {
	if e, ok := m.(*MutateEntries); ok {
		return e.check(o, by)
	}
	_, _, err := o.Apply(m, by)
	return err
}

func (m *Put) apply(o *Object, by Context) (*Object, Result, error) {
	if m.Owner != by.Payer {
		return nil, Result{}, refusal.New(refusal.InvalidOwners)
	}
	if m.Version != 0 {
		return nil, Result{}, invalidVersion(0)
	}
	// An entry may begin with what an insert into an empty object might ask for: a greater version would make a Floor
	// that no insert can raise.
	bytes := int64(0)
	for _, e := range m.Entries {
		if e.Value.Version > highest(0) {
			return nil, Result{}, invalidVersion(highest(0))
		}
		bytes += entrySize(e.Key, e.Value)
	}
	if len(m.Entries) > vaultnet.MaxEntries {
		return nil, Result{}, tooManyEntries(vaultnet.MaxEntries)
	}
	for _, p := range m.Permissions {
		bytes += permissionSize(p.User, p.Set)
	}
	if n := size(0, len(m.Permissions), len(m.Entries), bytes); n > vaultnet.MaxSize {
		return nil, Result{}, refusal.TooLarge(n, vaultnet.MaxSize)
	}
	if o != nil {
		return nil, Result{}, refusal.New(refusal.DataExists)
	}
	next, ok := build(m.Owner, 0, 0, m.Permissions, m.Entries)
	if !ok {
		return nil, Result{}, refusal.Invalid("permissions or entries twice or out of order")
	}
	return next, Result{}, nil
}

func (m *SetUserPermissions) apply(o *Object, by Context) (*Object, Result, error) {
	if err := o.mayChangeShell(by, m.Version); err != nil {
		return nil, Result{}, err
	}
	next := *o
	next.version = m.Version
	if before, ok := o.permissions.Get(string(m.User)); ok {
		next.bytes -= permissionSize(m.User, before)
	}
	next.bytes += permissionSize(m.User, m.Set)
	next.permissions = o.permissions.Put(string(m.User), m.Set, m.Set.digest())
	return next.fitting(o)
}

func (m *DelUserPermissions) apply(o *Object, by Context) (*Object, Result, error) {
	if err := o.mayChangeShell(by, m.Version); err != nil {
		return nil, Result{}, err
	}
	before, ok := o.permissions.Get(string(m.User))
	if !ok {
		return nil, Result{}, refusal.New(refusal.NoSuchKey)
	}
	next := *o
	next.version = m.Version
	next.bytes -= permissionSize(m.User, before)
	next.permissions = o.permissions.Delete(string(m.User))
	return &next, Result{}, nil
}

func (m *ChangeOwner) apply(o *Object, by Context) (*Object, Result, error) {
	if o == nil {
		return nil, Result{}, refusal.New(refusal.NoSuchData)
	}
	if by.Requester != o.owner || o.owner.IsNobody() {
		return nil, Result{}, refusal.New(refusal.AccessDenied)
	}
	if err := o.successor(m.Version); err != nil {
		return nil, Result{}, err
	}
	next := *o
	next.owner, next.version = m.Owner, m.Version
	return next.fitting(o) // the version may have become a byte longer
}

// mayChangeShell makes the checks that both changes of permissions share.
func (o *Object) mayChangeShell(by Context, version Version) error {
	if o == nil {
		return refusal.New(refusal.NoSuchData)
	}
	if !o.Allowed(by.Requester, ManagePermissions) {
		return refusal.New(refusal.AccessDenied)
	}
	return o.successor(version)
}

// successor checks that the shell's next version is the given one.
func (o *Object) successor(version Version) error {
	if next, ok := o.version.next(); !ok || next != version {
		return refusal.Successor(uint64(o.version))
	}
	return nil
}

// fitting is the object after a change of before's shell, unless it grew beyond the limit.
func (o *Object) fitting(before *Object) (*Object, Result, error) {
	if n := o.Size(); n > vaultnet.MaxSize && n > before.Size() {
		return nil, Result{}, refusal.TooLarge(n, vaultnet.MaxSize)
	}
	return o, Result{}, nil
}

func invalidVersion(max Version) error {
	return &refusal.Error{Kind: refusal.InvalidVersion, Detail: refusal.Detail{Max: uint64(max)}}
}

func tooManyEntries(limit int) error {
	return &refusal.Error{Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: int64(limit)}}
}
