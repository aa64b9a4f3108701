package mutabledata

import (
	"math"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// Each test starts from a mutation that breaks every check of its row of the table in semantics §1 and mends one check
// after the other: what is answered each time is the first check still broken.

func TestPutChecksInOrder(t *testing.T) {
	exists := owned(t)
	m := &Put{Owner: carol, Version: 1, Entries: numbered(101, 11_000)}
	refused(t, exists, m, byAlice, refusal.InvalidOwners)
	refused(t, exists, m, Context{Requester: bob}, refusal.InvalidOwners)
	m.Owner = alice
	if d := refused(t, exists, m, byAlice, refusal.InvalidVersion); d.Max != 0 {
		t.Fatalf("max %d, want 0", d.Max)
	}
	m.Version = 0
	if d := refused(t, exists, m, byAlice, refusal.TooManyEntries); d.Limit != 100 {
		t.Fatalf("limit %d, want 100", d.Limit)
	}
	m.Entries = m.Entries[:100]
	if d := refused(t, exists, m, byAlice, refusal.DataTooLarge); d.Limit != vaultnet.MaxSize || d.Size < 1_100_000 {
		t.Fatalf("size %d, limit %d", d.Size, d.Limit)
	}
	m.Entries = m.Entries[:3]
	refused(t, exists, m, byAlice, refusal.DataExists)
	o := applied(t, nil, m, byBob)
	if o.Owner() != alice || o.Version() != 0 || o.Floor() != 0 || o.Len() != 3 {
		t.Fatalf("put made owner %v, version %d, floor %d, %d entries", o.Owner(), o.Version(), o.Floor(), o.Len())
	}
}

func TestPutBoundsEntryVersionsLikeAnInsert(t *testing.T) {
	m := &Put{Owner: alice, Entries: []Entry{entry("k", "", 1<<20+1)}}
	if d := refused(t, nil, m, byAlice, refusal.InvalidVersion); d.Max != 1<<20 {
		t.Fatalf("max %d, want %d", d.Max, 1<<20)
	}
	m.Entries[0].Value.Version = 1 << 20
	wantEntry(t, applied(t, nil, m, byAlice), "k", "", 1<<20)
}

func TestMutateEntriesChecksInOrder(t *testing.T) {
	o := full(t)
	o = applied(t, o, mutate(remove("k0099", 1)), byAlice)
	o = applied(t, o, mutate(insert("k0099", "")), byAlice) // 100 entries, some 10 kB of room
	m := mutate(expect("k0001", 7))
	refused(t, nil, m, byBob, refusal.EmptyMutation)
	big := string(make([]byte, 20_000))
	m = mutate(expect("k0001", 7), update("k0002", big, 9), insert("new", "x"))
	refused(t, nil, m, byBob, refusal.NoSuchData)
	refused(t, o, m, byBob, refusal.AccessDenied)
	d := refused(t, o, m, byAlice, refusal.InvalidEntryActions)
	if got, want := problems(d), "k0001 InvalidSuccessor(0), k0002 InvalidSuccessor(0)"; got != want {
		t.Fatalf("problems %s, want %s", got, want)
	}
	m = mutate(expect("k0001", 0), update("k0002", big+"x", 1), update("k0003", big, 1), insert("new", "x"))
	refused(t, o, m, byAlice, refusal.TooManyEntries)
	m.Actions = m.Actions[:3]
	refused(t, o, m, byAlice, refusal.DataTooLarge)
	m = mutate(expect("k0001", 0), update("k0002", big[:11_000], 1))
	wantEntry(t, applied(t, o, m, byAlice), "k0002", big[:11_000], 1)
}

func TestEntryActions(t *testing.T) {
	base := owned(t, entry("a", "a0", 0), entry("b", "b4", 4))
	base = applied(t, base, mutate(remove("a", 1)), byAlice) // Floor 2
	base = applied(t, base, mutate(insert("c", "c2")), byAlice)
	for _, c := range []struct {
		name   string
		action EntryAction
		want   string // the problem, or "" for applied
	}{
		{"insert of an absent key", insert("x", "1"), ""},
		{"insert asking for less than Floor", EntryAction{Key: "x", Do: InsertEntry, Version: 1}, ""},
		{"insert asking for the most", EntryAction{Key: "x", Do: InsertEntry, Version: 2 + 1<<20}, ""},
		{"insert asking for more", EntryAction{Key: "x", Do: InsertEntry, Version: 3 + 1<<20}, "x InvalidVersion(1048578)"},
		{"insert of a present key", insert("b", "1"), "b EntryExists(4)"},
		{"insert of a present key asking for too much", EntryAction{Key: "b", Do: InsertEntry, Version: 1 << 30}, "b EntryExists(4)"},
		{"update by the successor", update("b", "1", 5), ""},
		{"update by the current version", update("b", "1", 4), "b InvalidSuccessor(4)"},
		{"update that skips one", update("b", "1", 6), "b InvalidSuccessor(4)"},
		{"update of an absent key", update("a", "1", 1), "a NoSuchEntry(0)"},
		{"delete by the successor", remove("b", 5), ""},
		{"delete by the current version", remove("b", 4), "b InvalidSuccessor(4)"},
		{"delete of an absent key", remove("a", 1), "a NoSuchEntry(0)"},
		{"expect of the current version", expect("b", 4), ""},
		{"expect of a later version", expect("b", 5), "b InvalidSuccessor(4)"},
		{"expect of an earlier version", expect("b", 3), "b InvalidSuccessor(4)"},
		{"expect of an absent key", expect("a", 0), "a NoSuchEntry(0)"},
		{"expect absent of an absent key", absent("a"), ""},
		{"expect absent of a present key", absent("b"), "b EntryExists(4)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mutate(c.action, insert("zz", "so that something changes"))
			if c.want == "" {
				applied(t, base, m, byAlice)
				return
			}
			if got := problems(refused(t, base, m, byAlice, refusal.InvalidEntryActions)); got != c.want {
				t.Fatalf("problems %q, want %q", got, c.want)
			}
		})
	}
}

func TestAllProblemsAreGatheredInKeyOrder(t *testing.T) {
	o := owned(t, entry("b", "", 4), entry("d", "", 1))
	m := mutate(update("a", "", 1), insert("b", ""), expect("c", 0), remove("d", 9),
		EntryAction{Key: "e", Do: InsertEntry, Version: 1 << 40}, insert("f", ""))
	want := "a NoSuchEntry(0), b EntryExists(4), c NoSuchEntry(0), d InvalidSuccessor(1), e InvalidVersion(1048576)"
	if got := problems(refused(t, o, m, byAlice, refusal.InvalidEntryActions)); got != want {
		t.Fatalf("problems %s, want %s", got, want)
	}
	wantAbsent(t, o, "f")
}

func TestExpectNeedsNoPermission(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Entries: []Entry{entry("a", "", 3)},
		Permissions: []Permission{permission(UserOf(bob), PermissionSet(0).Allow(Insert))}}, byAlice)
	o = applied(t, o, mutate(expect("a", 3), absent("seal"), insert("b", "")), byBob)
	refused(t, o, mutate(expect("a", 3), insert("c", ""), remove("b", 1)), byBob, refusal.AccessDenied)
}

func TestResultGivesVersionsInKeyOrder(t *testing.T) {
	o := owned(t, entry("b", "", 7), entry("c", "", 2), entry("d", "", 1))
	o = applied(t, o, mutate(remove("c", 3)), byAlice)
	_, r := gave(t, o, mutate(insert("a", ""), update("b", "", 8), remove("d", 2), absent("e"),
		EntryAction{Key: "f", Do: InsertEntry, Version: 9}), byAlice)
	want := []Version{4, 8, 9}
	if len(r.Versions) != 3 || r.Versions[0] != want[0] || r.Versions[1] != want[1] || r.Versions[2] != want[2] {
		t.Fatalf("versions %v, want %v", r.Versions, want)
	}
	if _, r = gave(t, o, &ChangeOwner{Owner: bob, Version: 1}, byAlice); len(r.Versions) != 0 {
		t.Fatalf("a change of owner gave %v", r)
	}
}

func TestDeletesRaiseFloorAfterTheMutationsOwnInserts(t *testing.T) {
	o := owned(t, entry("a", "", 8))
	o, r := gave(t, o, mutate(remove("a", 9), insert("b", "")), byAlice)
	if r.Versions[0] != 0 || o.Floor() != 10 {
		t.Fatalf("insert got version %d, floor %d; want 0 and 10", r.Versions[0], o.Floor())
	}
	o, r = gave(t, o, mutate(insert("a", "")), byAlice)
	if r.Versions[0] != 10 {
		t.Fatalf("the re-inserted key got version %d, want 10", r.Versions[0])
	}
	if o = applied(t, o, mutate(remove("b", 1)), byAlice); o.Floor() != 10 {
		t.Fatalf("a delete lowered floor to %d", o.Floor())
	}
}

func TestMaxEntries(t *testing.T) {
	o := owned(t, numbered(5, 1)...)
	m := mutate(insert("x", ""))
	m.MaxEntries = 5
	if d := refused(t, o, m, byAlice, refusal.TooManyEntries); d.Limit != 5 {
		t.Fatalf("limit %d, want 5", d.Limit)
	}
	m.MaxEntries = 6
	applied(t, o, m, byAlice)
	m = mutate(insert("x", ""), remove("k0000", 1), update("k0001", "more", 1))
	m.MaxEntries = 1 // below what is there, but the mutation adds nothing
	applied(t, o, m, byAlice)
}

func TestSetUserPermissionsChecksInOrder(t *testing.T) {
	users := 27_593
	m := &SetUserPermissions{User: UserOf(carol), Set: PermissionSet(0).Allow(Insert), Version: 2}
	refused(t, nil, m, byBob, refusal.NoSuchData)
	o := crowded(t, users)
	refused(t, o, m, byBob, refusal.AccessDenied)
	if d := refused(t, o, m, byAlice, refusal.InvalidSuccessor); d.Current != 0 {
		t.Fatalf("current %d, want 0", d.Current)
	}
	m.Version = 1
	if d := refused(t, o, m, byAlice, refusal.DataTooLarge); d.Size != vaultnet.MaxSize+1 {
		t.Fatalf("size %d, want one byte too many", d.Size)
	}
	o = applied(t, o, &DelUserPermissions{User: Anyone, Version: 1}, byAlice)
	m.Version = 2
	m.Set = 0
	o = applied(t, o, m, byAlice)
	if s, ok := o.UserPermissions(UserOf(carol)); !ok || s != 0 || o.Version() != 2 {
		t.Fatalf("set %v (%v), version %d", s, ok, o.Version())
	}
}

// crowded is an object of alice's so full of permissions that carol's would make it one byte too large.
func crowded(t *testing.T, users int) *Object {
	t.Helper()
	m := &Put{Owner: alice, Permissions: []Permission{permission(Anyone, 0)}}
	for i := range users {
		k := vaultnet.PublicKey{2, byte(i >> 16), byte(i >> 8), byte(i)}
		m.Permissions = append(m.Permissions, permission(UserOf(k), 1))
	}
	o := applied(t, nil, m, byAlice)
	if o.Size() > vaultnet.MaxSize {
		t.Fatalf("%d bytes", o.Size())
	}
	target := vaultnet.MaxSize + 1 - permissionSize(UserOf(carol), 1)
	m.Entries = []Entry{entry("p", "", 0)}
	for o.Size() != target {
		room := target - applied(t, nil, m, byAlice).Size() + int64(len(m.Entries[0].Value.Content))
		m.Entries[0].Value.Content = make([]byte, room)
		o = applied(t, nil, m, byAlice)
	}
	return o
}

func TestSetUserPermissionsReplacesTheWholeSet(t *testing.T) {
	o := owned(t)
	o = applied(t, o, &SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Allow(Insert, Update), Version: 1}, byAlice)
	o = applied(t, o, &SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Deny(Delete), Version: 2}, byAlice)
	if s, _ := o.UserPermissions(UserOf(bob)); s.String() != "deny delete" {
		t.Fatalf("set %v", s)
	}
}

func TestDelUserPermissionsChecksInOrder(t *testing.T) {
	m := &DelUserPermissions{User: UserOf(bob), Version: 5}
	refused(t, nil, m, byBob, refusal.NoSuchData)
	o := owned(t)
	refused(t, o, m, byBob, refusal.AccessDenied)
	refused(t, o, m, byAlice, refusal.InvalidSuccessor)
	m.Version = 1
	refused(t, o, m, byAlice, refusal.NoSuchKey)
	o = applied(t, o, &SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Allow(ManagePermissions), Version: 1}, byAlice)
	m.Version = 2
	o = applied(t, o, m, byBob) // a manager may remove itself
	if _, ok := o.UserPermissions(UserOf(bob)); ok || o.Version() != 2 {
		t.Fatal("the set is still there")
	}
}

func TestChangeOwnerChecksInOrder(t *testing.T) {
	m := &ChangeOwner{Owner: carol, Version: 3}
	refused(t, nil, m, byBob, refusal.NoSuchData)
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{
		permission(UserOf(bob), PermissionSet(0).Allow(Insert, Update, Delete, ManagePermissions))}}, byAlice)
	refused(t, o, m, byBob, refusal.AccessDenied)
	refused(t, o, m, byAlice, refusal.InvalidSuccessor)
	m.Version = 1
	o = applied(t, o, m, byAlice)
	if o.Owner() != carol || o.Version() != 1 {
		t.Fatalf("owner %v, version %d", o.Owner(), o.Version())
	}
	if s, ok := o.UserPermissions(UserOf(bob)); !ok || s.Get(Insert) != Allow {
		t.Fatal("permissions were lost")
	}
	refused(t, o, &ChangeOwner{Owner: alice, Version: 2}, byAlice, refusal.AccessDenied)
}

func TestWhatIsGivenToNobodyIsGone(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(UserOf(bob), PermissionSet(0).Allow(Insert))}}, byAlice)
	o = applied(t, o, &ChangeOwner{Version: 1}, byAlice)
	for _, by := range []Context{byAlice, byBob, {}} {
		refused(t, o, &ChangeOwner{Owner: alice, Version: 2}, by, refusal.AccessDenied)
		refused(t, o, &SetUserPermissions{User: Anyone, Version: 2}, by, refusal.AccessDenied)
	}
	applied(t, o, mutate(insert("k", "permissions stay")), byBob)
}

func TestAChangeOfOwnerKeepsTheLimit(t *testing.T) {
	o := full(t)
	for v := Version(1); v < 24; v++ {
		o = applied(t, o, &ChangeOwner{Owner: alice, Version: v}, byAlice)
	}
	refused(t, o, &ChangeOwner{Owner: alice, Version: 24}, byAlice, refusal.DataTooLarge) // its version takes a byte more
	v, _ := o.Entry("k0000")
	o = applied(t, o, mutate(update("k0000", string(v.Content[1:]), 1)), byAlice)
	applied(t, o, &ChangeOwner{Owner: alice, Version: 24}, byAlice)
}

func TestWhatDoesNotGrowIsAcceptedAtTheLimits(t *testing.T) {
	o := full(t)
	v, _ := o.Entry("k0007")
	applied(t, o, mutate(update("k0007", string(v.Content), 1)), byAlice)
	applied(t, o, mutate(remove("k0007", 1), insert("k0777", string(v.Content[1:]))), byAlice)
	refused(t, o, mutate(update("k0007", string(v.Content)+"!", 1)), byAlice, refusal.DataTooLarge)
	refused(t, o, mutate(insert("x", "")), byAlice, refusal.TooManyEntries)
}

// No object comes to be beyond a limit; if one did, it could be mended.
func TestWhatDoesNotGrowIsAcceptedBeyondTheLimits(t *testing.T) {
	o, _ := build(alice, 0, 0, nil, numbered(103, 11_000))
	v, _ := o.Entry("k0000")
	o = applied(t, o, mutate(update("k0000", string(v.Content), 1)), byAlice)
	o = applied(t, o, mutate(update("k0000", "", 2), remove("k0001", 1)), byAlice)
	o = applied(t, o, &ChangeOwner{Owner: alice, Version: 1}, byAlice)
	refused(t, o, mutate(update("k0000", "more", 3)), byAlice, refusal.DataTooLarge)
	refused(t, o, mutate(insert("x", "")), byAlice, refusal.TooManyEntries)
}

func TestVersionsNeverWrap(t *testing.T) {
	const top = math.MaxUint64
	o, _ := build(alice, top, top-5, nil, []Entry{entry("a", "", top), entry("b", "", top-1), entry("c", "", top-1)})
	refused(t, o, &ChangeOwner{Owner: bob, Version: 0}, byAlice, refusal.InvalidSuccessor)
	refused(t, o, &SetUserPermissions{User: Anyone, Version: 0}, byAlice, refusal.InvalidSuccessor)
	for _, a := range []EntryAction{update("a", "", 0), remove("a", 0), update("a", "", top), remove("a", top)} {
		if got := problems(refused(t, o, mutate(a), byAlice, refusal.InvalidEntryActions)); got != "a InvalidSuccessor(18446744073709551615)" {
			t.Fatal(got)
		}
	}
	o = applied(t, o, mutate(remove("b", top)), byAlice)
	if o.Floor() != top {
		t.Fatalf("floor %d", o.Floor())
	}
	o = applied(t, o, mutate(insert("b", ""), update("c", "", top)), byAlice)
	wantEntry(t, o, "b", "", top)
	wantEntry(t, o, "c", "", top)
}

func TestWrongInputToApply(t *testing.T) {
	refused(t, owned(t), nil, byAlice, refusal.InvalidRequest)
	m := &Put{Owner: alice, Entries: []Entry{entry("b", "", 0), entry("a", "", 0)}}
	refused(t, nil, m, byAlice, refusal.InvalidRequest)
}
