package mutabledata

import (
	"errors"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// One test per claim of RFC 47 (MutableData) and RFC 48 (authorise apps on behalf of the owner to mutate data) that
// concerns an object by itself, by section. Where the project departs, the test says so and holds our rule; docs/rfc.md
// gives the reasons.

// RFC 47 §Detailed design: entries map any key to a content with a version of its own.
func TestRFC47EntriesAreVersionedValuesUnderArbitraryKeys(t *testing.T) {
	o := owned(t, entry("", "the empty key", 0), entry("\x00\xff\xfe", "no text", 3))
	wantEntry(t, o, "", "the empty key", 0)
	wantEntry(t, o, "\x00\xff\xfe", "no text", 3)
	o = applied(t, o, mutate(update("", "changed", 1)), byAlice)
	wantEntry(t, o, "", "changed", 1)
	wantEntry(t, o, "\x00\xff\xfe", "no text", 3)
}

// RFC 47 §Detailed design: the object's version counts changes of everything but the entries.
func TestRFC47ShellVersionIgnoresEntries(t *testing.T) {
	o := owned(t, entry("a", "", 0))
	o = applied(t, o, mutate(update("a", "1", 1), insert("b", "")), byAlice)
	if o.Version() != 0 {
		t.Fatalf("version %d after a mutation of entries", o.Version())
	}
	o = applied(t, o, &SetUserPermissions{User: Anyone, Version: 1}, byAlice)
	o = applied(t, o, &DelUserPermissions{User: Anyone, Version: 2}, byAlice)
	o = applied(t, o, &ChangeOwner{Owner: bob, Version: 3}, byAlice)
	if o.Version() != 3 {
		t.Fatalf("version %d after three changes of the shell", o.Version())
	}
}

// RFC 47 §Detailed design: a set of owners, limited to one. Departure: exactly one, by type.
func TestRFC47ExactlyOneOwner(t *testing.T) {
	if o := owned(t); o.Owner() != alice {
		t.Fatalf("owner %v", o.Owner())
	}
	if err := Validate(&Put{}); !errors.Is(err, refusal.InvalidRequest) {
		t.Fatalf("a Put without an owner: %v", err)
	}
}

// RFC 47 §Data requests: one request carries inserts, updates and deletes of many keys. It does not say what happens
// when some are bad, or in what they are judged. Ours: all or none, each judged by the object before any of them.
func TestRFC47BulkMutationIsAtomic(t *testing.T) {
	o := owned(t, entry("a", "", 0), entry("b", "", 0))
	next := applied(t, o, mutate(insert("c", "c"), update("a", "a", 1), remove("b", 1)), byAlice)
	wantEntry(t, next, "a", "a", 1)
	wantAbsent(t, next, "b")
	wantEntry(t, next, "c", "c", 0)
	refused(t, o, mutate(insert("c", "c"), update("a", "a", 1), remove("b", 2)), byAlice, refusal.InvalidEntryActions)
}

// RFC 47 §Data requests: an update or delete gives the entry's next version.
func TestRFC47UpdateAndDeleteNameTheSuccessor(t *testing.T) {
	o := owned(t, entry("a", "", 6))
	for _, v := range []Version{0, 5, 6, 8} {
		refused(t, o, mutate(update("a", "", v)), byAlice, refusal.InvalidEntryActions)
		refused(t, o, mutate(remove("a", v)), byAlice, refusal.InvalidEntryActions)
	}
	wantEntry(t, applied(t, o, mutate(update("a", "x", 7)), byAlice), "a", "x", 7)
}

// RFC 47 §Data requests: Del takes an entry away. Departure from the 2017 vaults, which left an empty entry that used up
// a place for ever: the entry is gone, its place and bytes are free, and Floor keeps its versions from coming back.
func TestRFC47DeleteRemoves(t *testing.T) {
	o := owned(t, numbered(100, 10)...)
	size := o.Size()
	o = applied(t, o, mutate(remove("k0042", 1)), byAlice)
	wantAbsent(t, o, "k0042")
	if o.Len() != 99 || o.Size() >= size {
		t.Fatalf("%d entries, %d bytes", o.Len(), o.Size())
	}
	o = applied(t, o, mutate(insert("k0042", "again")), byAlice)
	wantEntry(t, o, "k0042", "again", 2)
}

// RFC 47 §Data requests: Ins takes a value with its version. Departure: the version is a lower bound; Floor may raise it.
func TestRFC47InsertVersionIsALowerBound(t *testing.T) {
	o := owned(t, entry("a", "", 10))
	o = applied(t, o, mutate(remove("a", 11)), byAlice)
	_, r := gave(t, o, mutate(EntryAction{Key: "b", Do: InsertEntry, Version: 5},
		EntryAction{Key: "c", Do: InsertEntry, Version: 50}), byAlice)
	if r.Versions[0] != 12 || r.Versions[1] != 50 {
		t.Fatalf("versions %v, want 12 and 50", r.Versions)
	}
}

// RFC 47 §Client interface: get and list requests are always allowed.
func TestRFC47ReadsNeedNoPermission(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{
		permission(Anyone, PermissionSet(0).Deny(Insert, Update, Delete, ManagePermissions))},
		Entries: []Entry{entry("a", "public", 0)}}, byAlice)
	for _, q := range everyQuery("a", Anyone) { // a read names no requester at all
		if _, err := o.Read(q); err != nil {
			t.Errorf("%T: %v", q, err)
		}
	}
}

// everyQuery is one query of each type.
func everyQuery(k Key, u User) []Query {
	return []Query{GetObject{}, GetShell{}, GetVersion{}, GetEntries{}, GetKeys{}, GetValues{}, GetValue{Key: k},
		GetValuesOf{Keys: []Key{k}}, GetPermissions{}, GetUserPermissions{User: u}}
}

// RFC 47 §Responses lists what each read gives; §Requests adds those of permissions.
func TestRFC47Reads(t *testing.T) {
	insertOnly := PermissionSet(0).Allow(Insert)
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(Anyone, insertOnly)},
		Entries: []Entry{entry("a", "1", 4), entry("b", "2", 5)}}, byAlice)
	read := func(q Query) []byte {
		t.Helper()
		b, err := o.Read(q)
		if err != nil {
			t.Fatalf("%T: %v", q, err)
		}
		return b
	}
	if v, err := (GetVersion{}).Decode(read(GetVersion{})); err != nil || v != 0 {
		t.Errorf("GetMDataVersion: %v, %v", v, err)
	}
	if es, err := (GetEntries{}).Decode(read(GetEntries{})); err != nil || len(es) != 2 || es[1].Key != "b" || es[1].Value.Version != 5 {
		t.Errorf("ListMDataEntries: %v, %v", es, err)
	}
	if ks, err := (GetKeys{}).Decode(read(GetKeys{})); err != nil || len(ks) != 2 || ks[0] != "a" || ks[1] != "b" {
		t.Errorf("ListMDataKeys: %v, %v", ks, err)
	}
	if vs, err := (GetValues{}).Decode(read(GetValues{})); err != nil || len(vs) != 2 || string(vs[0].Content) != "1" {
		t.Errorf("ListMDataValues: %v, %v", vs, err)
	}
	if v, err := (GetValue{}).Decode(read(GetValue{Key: "b"})); err != nil || string(v.Content) != "2" || v.Version != 5 {
		t.Errorf("GetMDataValue: %v, %v", v, err)
	}
	if ps, err := (GetPermissions{}).Decode(read(GetPermissions{})); err != nil || len(ps) != 1 || ps[0].User != Anyone || ps[0].Set != insertOnly {
		t.Errorf("ListMDataPermissions: %v, %v", ps, err)
	}
	if s, err := (GetUserPermissions{}).Decode(read(GetUserPermissions{User: Anyone})); err != nil || s != insertOnly {
		t.Errorf("ListMDataUserPermissions: %v, %v", s, err)
	}
}

// RFC 47 §Permissions: a key's own set overrides Anyone's, action by action. This is the RFC's example: all may comment,
// the spammer may not. (The RFC's prose says that the spammer may still update what its sample set denies to Anyone; we
// follow the rule, not the prose: without an own word on update, Anyone's deny holds.)
func TestRFC47SpammerExample(t *testing.T) {
	spammer := vaultnet.PublicKey{0x5b}
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{
		permission(Anyone, PermissionSet(0).Allow(Insert).Deny(Update)),
		permission(UserOf(spammer), PermissionSet(0).Deny(Insert)),
	}}, byAlice)
	bySpammer := Context{Requester: spammer, Payer: spammer}
	o = applied(t, o, mutate(insert("comment", "nice post")), byCarol)
	refused(t, o, mutate(insert("spam", "buy")), bySpammer, refusal.AccessDenied)
	refused(t, o, mutate(update("comment", "buy", 1)), bySpammer, refusal.AccessDenied)
	refused(t, o, mutate(update("comment", "nicer", 1)), byCarol, refusal.AccessDenied)
	o = applied(t, o, &SetUserPermissions{User: Anyone, Set: PermissionSet(0).Allow(Insert, Update), Version: 1}, byAlice)
	applied(t, o, mutate(update("comment", "mine", 1)), bySpammer) // an own set that says nothing of update leaves it to Anyone
}

// RFC 47 §Permissions: a whitelist is a set of keys without an entry for Anyone.
func TestRFC47Whitelist(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(UserOf(bob), PermissionSet(0).Allow(Insert))}}, byAlice)
	applied(t, o, mutate(insert("a", "")), byBob)
	refused(t, o, mutate(insert("a", "")), byCarol, refusal.AccessDenied)
}

// RFC 47 §Permissions, all of it as one table: what the own set says decides; else Anyone's allow; else refused. Nothing
// can deny the owner.
func TestRFC47PermissionOfARequester(t *testing.T) {
	for _, own := range []Rule{Unset, Allow, Deny} {
		for _, anyone := range []Rule{Unset, Allow, Deny} {
			for a := Insert; a <= ManagePermissions; a++ {
				o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{
					permission(Anyone, PermissionSet(0).With(a, anyone)),
					permission(UserOf(alice), PermissionSet(0).With(a, Deny)),
					permission(UserOf(bob), PermissionSet(0).With(a, own)),
				}}, byAlice)
				if want := own == Allow || own == Unset && anyone == Allow; o.Allowed(bob, a) != want {
					t.Errorf("%v: own %v, anyone %v: allowed %v", a, own, anyone, !want)
				}
				if o.Allowed(carol, a) != (anyone == Allow) {
					t.Errorf("%v: anyone %v: a stranger's permission is wrong", a, anyone)
				}
				if !o.Allowed(alice, a) {
					t.Errorf("%v was denied to the owner", a)
				}
			}
		}
	}
}

// RFC 47 §Requests: only owners and holders of ManagePermission change permissions. A holder may give anything to
// anyone, itself included.
func TestRFC47ManagePermissions(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{
		permission(UserOf(bob), PermissionSet(0).Allow(Insert, Update, Delete))}}, byAlice)
	give := &SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Allow(Insert, ManagePermissions), Version: 1}
	refused(t, o, give, byBob, refusal.AccessDenied)
	o = applied(t, o, give, byAlice)
	o = applied(t, o, &SetUserPermissions{User: Anyone, Set: PermissionSet(0).Allow(Delete), Version: 2}, byBob)
	o = applied(t, o, &DelUserPermissions{User: Anyone, Version: 3}, byBob)
	o = applied(t, o, &SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Allow(Insert, Update, Delete, ManagePermissions), Version: 4}, byBob)
	refused(t, o, &ChangeOwner{Owner: bob, Version: 5}, byBob, refusal.AccessDenied)
}

// RFC 47 §Requests and §Ownership transfer: the version given is the last known one + 1.
func TestRFC47ShellChangesNameTheSuccessor(t *testing.T) {
	o := applied(t, owned(t), &SetUserPermissions{User: Anyone, Version: 1}, byAlice)
	for _, v := range []Version{0, 1, 3} {
		for _, m := range []Mutation{&SetUserPermissions{User: Anyone, Version: v},
			&DelUserPermissions{User: Anyone, Version: v}, &ChangeOwner{Owner: bob, Version: v}} {
			if d := refused(t, o, m, byAlice, refusal.InvalidSuccessor); d.Current != 1 {
				t.Errorf("%T: current %d", m, d.Current)
			}
		}
	}
}

// RFC 47 §Limits: 1 MiB, 100 entries; both inclusive.
func TestRFC47LimitsAreInclusive(t *testing.T) {
	o := full(t) // exactly both
	refused(t, o, mutate(insert("one more", "")), byAlice, refusal.TooManyEntries)
}

// RFC 47 §Limits: at most five requests at once for one object, one for a key. Departure: one on the shell, too.
func TestRFC47MutationsInFlight(t *testing.T) {
	var pending []Mutation
	for _, k := range []Key{"a", "b", "c", "d", "e"} {
		m := mutate(insert(k, ""))
		if err := InFlight(pending, m); err != nil {
			t.Fatalf("mutation %d: %v", len(pending)+1, err)
		}
		pending = append(pending, m)
	}
	if err := InFlight(pending, mutate(insert("f", ""))); !errors.Is(err, refusal.TooManyMutations) {
		t.Fatalf("the sixth: %v", err)
	}
	if err := InFlight(pending[:1], mutate(update("a", "", 1))); !errors.Is(err, refusal.MutationInProgress) {
		t.Fatalf("a second one for a key: %v", err)
	}
}

// RFC 47 §Caveats: two vaults that take two large inserts in different orders end beyond both limits. Departure: there
// is one order; in either one the second insert is refused, and no state is ever beyond a limit.
func TestRFC47TheCaveatCannotHappen(t *testing.T) {
	o := owned(t, numbered(99, 1000)...)
	e1, e2 := mutate(insert("e1", string(make([]byte, 900<<10)))), mutate(insert("e2", string(make([]byte, 900<<10))))
	for _, order := range [][2]Mutation{{e1, e2}, {e2, e1}} {
		first := applied(t, o, order[0], byAlice)
		refused(t, first, order[1], byAlice, refusal.TooManyEntries)
	}
}

// RFC 48 §The rules at Maid-Managers: a Put's owner is the account it comes by way of. An app may put for its owner, not
// for itself, and nobody for a stranger.
func TestRFC48PutForTheAccountsOwner(t *testing.T) {
	applied(t, nil, &Put{Owner: alice}, byBob)
	refused(t, nil, &Put{Owner: bob}, byBob, refusal.InvalidOwners)
	refused(t, nil, &Put{Owner: alice}, byCarol, refusal.InvalidOwners)
}

// RFC 48 §The rules at Data-Managers: permissions are judged by the requester's key, whoever pays.
func TestRFC48PermissionsAreTheRequesters(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(UserOf(carol), PermissionSet(0).Allow(Insert))}}, byAlice)
	applied(t, o, mutate(insert("a", "")), byCarol)                     // pays by her own account
	refused(t, o, mutate(insert("a", "")), byBob, refusal.AccessDenied) // alice pays, but bob asks
}

// RFC 48 §Transfer of ownership: by the current owner, never by an app, whatever it is permitted.
func TestRFC48AppsNeverChangeTheOwner(t *testing.T) {
	all := PermissionSet(0).Allow(Insert, Update, Delete, ManagePermissions)
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(Anyone, all), permission(UserOf(bob), all)}}, byAlice)
	refused(t, o, &ChangeOwner{Owner: bob, Version: 1}, byBob, refusal.AccessDenied)
	applied(t, o, &ChangeOwner{Owner: carol, Version: 1}, byAlice)
}

// RFC 48 §Revocation is the account's business (the grant). Removing the key from an object's permissions, which the
// authenticator does as well, works at once.
func TestRFC48RemovedPermissionWorksAtOnce(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(UserOf(bob), PermissionSet(0).Allow(Insert))}}, byAlice)
	o = applied(t, o, &DelUserPermissions{User: UserOf(bob), Version: 1}, byAlice)
	refused(t, o, mutate(insert("a", "")), byBob, refusal.AccessDenied)
}
