package mutabledata

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// model is the naive object: maps, copied before every change, encoded whole to be measured. It follows the text of
// semantics §1 and shares no rule with the package.
type model struct {
	exists         bool
	owner          vaultnet.PublicKey
	version, floor uint64
	users          map[User]PermissionSet
	entries        map[Key]Value
}

func (m *model) clone() *model {
	c := *m
	c.users, c.entries = maps.Clone(m.users), maps.Clone(m.entries)
	return &c
}

func (m *model) encoded() encodedObject {
	e := encodedObject{Owner: m.owner, Version: Version(m.version)}
	for _, u := range slices.Sorted(maps.Keys(m.users)) {
		e.Permissions = append(e.Permissions, Permission{User: u, Set: m.users[u]})
	}
	for _, k := range slices.Sorted(maps.Keys(m.entries)) {
		e.Entries = append(e.Entries, Entry{Key: k, Value: m.entries[k]})
	}
	return e
}

func (m *model) size() int64 {
	e := m.encoded()
	return int64(len(canonical.Marshal(&e)))
}

func (m *model) may(k vaultnet.PublicKey, a Action) bool {
	if k == m.owner {
		return true
	}
	switch m.users[UserOf(k)].Get(a) {
	case Allow:
		return true
	case Deny:
		return false
	}
	return m.users[Anyone].Get(a) == Allow
}

// apply returns what m becomes, or why not: kind and, for InvalidEntryActions, the problems by key.
func (m *model) apply(mutation Mutation, by Context) (*model, refusal.Kind, map[string]refusal.Problem) {
	next := m.clone()
	switch x := mutation.(type) {
	case *Put:
		next = &model{exists: true, owner: x.Owner, users: map[User]PermissionSet{}, entries: map[Key]Value{}}
		for _, p := range x.Permissions {
			next.users[p.User] = p.Set
		}
		tooNew := false
		for _, e := range x.Entries {
			next.entries[e.Key] = e.Value
			tooNew = tooNew || e.Value.Version > 1<<20
		}
		switch {
		case x.Owner != by.Payer:
			return m, refusal.InvalidOwners, nil
		case x.Version != 0 || tooNew:
			return m, refusal.InvalidVersion, nil
		case len(next.entries) > 100:
			return m, refusal.TooManyEntries, nil
		case next.size() > 1<<20:
			return m, refusal.DataTooLarge, nil
		case m.exists:
			return m, refusal.DataExists, nil
		}
	case *MutateEntries:
		var kinds [6]int
		for _, a := range x.Actions {
			kinds[a.Do]++
		}
		switch {
		case kinds[InsertEntry]+kinds[UpdateEntry]+kinds[DeleteEntry] == 0:
			return m, refusal.EmptyMutation, nil
		case !m.exists:
			return m, refusal.NoSuchData, nil
		case kinds[InsertEntry] > 0 && !m.may(by.Requester, Insert),
			kinds[UpdateEntry] > 0 && !m.may(by.Requester, Update),
			kinds[DeleteEntry] > 0 && !m.may(by.Requester, Delete):
			return m, refusal.AccessDenied, nil
		}
		wrong := map[string]refusal.Problem{}
		for _, a := range x.Actions {
			k := string(a.Key)
			v, there := m.entries[a.Key]
			wantsAbsent := a.Do == InsertEntry || a.Do == ExpectAbsent
			current := uint64(v.Version)
			switch {
			case wantsAbsent && there:
				wrong[k] = refusal.Problem{Key: k, Kind: refusal.EntryExists, Version: current}
			case a.Do == InsertEntry && uint64(a.Version) > m.floor+1<<20:
				wrong[k] = refusal.Problem{Key: k, Kind: refusal.InvalidVersion, Version: m.floor + 1<<20}
			case !wantsAbsent && !there:
				wrong[k] = refusal.Problem{Key: k, Kind: refusal.NoSuchEntry}
			case a.Do == ExpectVersion && a.Version != v.Version,
				(a.Do == UpdateEntry || a.Do == DeleteEntry) && uint64(a.Version) != current+1:
				wrong[k] = refusal.Problem{Key: k, Kind: refusal.InvalidSuccessor, Version: current}
			}
		}
		if len(wrong) > 0 {
			return m, refusal.InvalidEntryActions, wrong
		}
		for _, a := range x.Actions {
			switch a.Do {
			case InsertEntry:
				next.entries[a.Key] = Value{Content: a.Content, Version: max(a.Version, Version(m.floor))}
			case UpdateEntry:
				next.entries[a.Key] = Value{Content: a.Content, Version: a.Version}
			case DeleteEntry:
				delete(next.entries, a.Key)
				next.floor = max(next.floor, uint64(a.Version)+1)
			}
		}
		limit := x.MaxEntries
		if limit == 0 {
			limit = 100
		}
		if len(next.entries) > limit && len(next.entries) > len(m.entries) {
			return m, refusal.TooManyEntries, nil
		}
	case *SetUserPermissions:
		if kind := m.shell(m.exists && m.may(by.Requester, ManagePermissions), x.Version); kind != 0 {
			return m, kind, nil
		}
		next.users[x.User] = x.Set
		next.version++
	case *DelUserPermissions:
		if kind := m.shell(m.exists && m.may(by.Requester, ManagePermissions), x.Version); kind != 0 {
			return m, kind, nil
		}
		if _, ok := m.users[x.User]; !ok {
			return m, refusal.NoSuchKey, nil
		}
		delete(next.users, x.User)
		next.version++
	case *ChangeOwner:
		if kind := m.shell(by.Requester == m.owner, x.Version); kind != 0 {
			return m, kind, nil
		}
		next.owner = x.Owner
		next.version++
	}
	if m.exists {
		if n := next.size(); n > 1<<20 && n > m.size() {
			return m, refusal.DataTooLarge, nil
		}
	}
	return next, 0, nil
}

func (m *model) shell(may bool, version Version) refusal.Kind {
	switch {
	case !m.exists:
		return refusal.NoSuchData
	case !may:
		return refusal.AccessDenied
	case uint64(version) != m.version+1:
		return refusal.InvalidSuccessor
	}
	return 0
}

// Generators lean to what is nearly right: versions around the current one, lengths around the borders of the encoding,
// contents that fill an object within a few steps.
var (
	anyLength = rapid.SampledFrom([]int{0, 0, 1, 22, 23, 24, 25, 254, 255, 256, 257, 9_000, 65_534, 65_535, 65_536, 400_000})
	anyPerson = rapid.SampledFrom([]vaultnet.PublicKey{alice, alice, alice, bob, carol})
	anyUser   = rapid.SampledFrom([]User{Anyone, UserOf(alice), UserOf(bob), UserOf(carol), UserOf(vaultnet.PublicKey{9})})
	anySet    = rapid.Custom(func(t *rapid.T) (s PermissionSet) {
		for a := Insert; a <= ManagePermissions; a++ {
			s = s.With(a, Rule(rapid.IntRange(0, 2).Draw(t, a.String())))
		}
		return s
	})
	anyKey = rapid.Custom(func(t *rapid.T) Key {
		n := rapid.IntRange(0, 130).Draw(t, "key")
		if n%13 == 0 {
			return Key(bytes.Repeat([]byte{byte(n)}, []int{0, 23, 24, 255, 256}[n%5]))
		}
		return Key(fmt.Sprintf("%d", n))
	})
	nearVersion = rapid.SampledFrom([]int64{-1, 0, 1, 1, 1, 1, 1, 2})
)

func content(t *rapid.T) []byte {
	n := anyLength.Draw(t, "length")
	if n > 9_000 && rapid.Bool().Draw(t, "small") {
		n = 25
	}
	return bytes.Repeat([]byte{byte(n)}, n)
}

func anyMutation(t *rapid.T, m *model) Mutation {
	shell := Version(int64(m.version) + nearVersion.Draw(t, "version"))
	switch rapid.SampledFrom([]string{"entries", "entries", "entries", "entries", "set", "del", "owner", "put"}).Draw(t, "mutation") {
	case "set":
		return &SetUserPermissions{User: anyUser.Draw(t, "user"), Set: anySet.Draw(t, "set"), Version: shell}
	case "del":
		return &DelUserPermissions{User: anyUser.Draw(t, "user"), Version: shell}
	case "owner":
		return &ChangeOwner{Owner: anyPerson.Draw(t, "owner"), Version: shell}
	case "put":
		return anyPut(t)
	}
	x := &MutateEntries{}
	if rapid.IntRange(0, 4).Draw(t, "max?") == 0 {
		x.MaxEntries = rapid.IntRange(0, 100).Draw(t, "max")
	}
	careful := rapid.IntRange(0, 4).Draw(t, "careful") > 0
	for _, k := range rapid.SliceOfNDistinct(anyKey, 0, 60, rapid.ID[Key]).Draw(t, "keys") {
		v, there := m.entries[k]
		a := EntryAction{Key: k, Do: Do(rapid.IntRange(1, 5).Draw(t, "do"))}
		if careful { // an action that is right, by the state
			a.Do = InsertEntry
			if there {
				a.Do = rapid.SampledFrom([]Do{UpdateEntry, UpdateEntry, DeleteEntry, ExpectVersion}).Draw(t, "do")
			}
		}
		switch a.Do {
		case InsertEntry:
			a.Version = rapid.SampledFrom([]Version{0, 0, 0, 22, Version(m.floor) + 1<<20}).Draw(t, "requested")
			if !careful {
				a.Version += 2
			}
			a.Content = content(t)
		case UpdateEntry:
			a.Version, a.Content = v.Version+1, content(t)
		case DeleteEntry:
			a.Version = v.Version + 1
		case ExpectVersion:
			a.Version = v.Version
		}
		if !careful && (a.Do == UpdateEntry || a.Do == DeleteEntry || a.Do == ExpectVersion) {
			a.Version = Version(int64(v.Version) + nearVersion.Draw(t, "version"))
		}
		x.Actions = append(x.Actions, a)
	}
	Sort(x)
	return x
}

func anyPut(t *rapid.T) *Put {
	x := &Put{Owner: anyPerson.Draw(t, "owner"), Version: Version(max(0, nearVersion.Draw(t, "version")-1))}
	for _, u := range rapid.SliceOfNDistinct(anyUser, 0, 5, rapid.ID[User]).Draw(t, "users") {
		x.Permissions = append(x.Permissions, Permission{User: u, Set: anySet.Draw(t, "set")})
	}
	for _, k := range rapid.SliceOfNDistinct(anyKey, 0, 103, rapid.ID[Key]).Draw(t, "keys") {
		x.Entries = append(x.Entries, Entry{Key: k, Value: Value{Content: content(t),
			Version: rapid.SampledFrom([]Version{0, 0, 0, 0, 23, 1 << 20}).Draw(t, "version")}})
	}
	if rapid.IntRange(0, 2).Draw(t, "fill") == 0 { // to about 1 MiB: a few bytes more or less
		e := encodedObject{Owner: x.Owner, Permissions: x.Permissions, Entries: x.Entries}
		room := 1<<20 - len(canonical.Marshal(&e)) - 17 + rapid.IntRange(-12, 6).Draw(t, "room")
		x.Entries = append(x.Entries, entry("\xff filler", string(make([]byte, max(0, room))), 0))
	}
	Sort(x)
	return x
}

// Whatever is applied, in whatever order: the object is what the model is, refuses what it refuses with the same
// details, and its size, digest, records, and reads are those of an object made from nothing.
func TestObjectAgreesWithTheModel(t *testing.T) {
	seen := map[refusal.Kind]int{}
	rapid.Check(t, func(t *rapid.T) {
		var o *Object
		m := &model{}
		stored := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			x := anyMutation(t, m)
			if !m.exists && rapid.IntRange(0, 9).Draw(t, "begin") > 0 {
				x = anyPut(t)
			}
			by := Context{Requester: anyPerson.Draw(t, "requester"), Payer: anyPerson.Draw(t, "payer")}
			before := o.Digest()
			next, result, err := o.Apply(x, by)
			wantNext, kind, wrong := m.apply(x, by)
			checkRefusal(t, err, kind, wrong)
			seen[kind]++
			if o.Digest() != before {
				t.Fatal("Apply changed the object it was asked of")
			}
			checkResult(t, result, x, wantNext, kind)
			for _, w := range next.Diff(o) {
				if w.Value == nil {
					delete(stored, string(w.Key))
				} else {
					stored[string(w.Key)] = string(w.Value)
				}
			}
			o, m = next, wantNext
			checkSame(t, o, m, stored)
		}
	})
	if testing.Short() {
		return // too few objects to meet every kind for certain
	}
	for _, k := range []refusal.Kind{0, refusal.NoSuchData, refusal.AccessDenied, refusal.InvalidEntryActions,
		refusal.EmptyMutation, refusal.TooManyEntries, refusal.DataTooLarge, refusal.InvalidSuccessor, refusal.NoSuchKey,
		refusal.DataExists, refusal.InvalidOwners, refusal.InvalidVersion} {
		if seen[k] == 0 {
			t.Errorf("the generator never reached %v", k)
		}
	}
}

func checkRefusal(t *rapid.T, err error, kind refusal.Kind, wrong map[string]refusal.Problem) {
	var e *refusal.Error
	if errors.As(err, &e); err == nil && kind != 0 || err != nil && (e == nil || e.Kind != kind) {
		t.Fatalf("got %v, the model says %v", err, kind)
	}
	if kind != refusal.InvalidEntryActions {
		return
	}
	if len(e.Detail.Entries) != len(wrong) {
		t.Fatalf("%d problems, the model has %d", len(e.Detail.Entries), len(wrong))
	}
	for i, p := range e.Detail.Entries {
		if p != wrong[p.Key] || i > 0 && e.Detail.Entries[i-1].Key >= p.Key {
			t.Fatalf("problem %d is %v, the model has %v", i, p, wrong[p.Key])
		}
	}
}

func checkResult(t *rapid.T, r Result, x Mutation, m *model, kind refusal.Kind) {
	var want []Version
	if e, ok := x.(*MutateEntries); ok && kind == 0 {
		for _, a := range e.Actions {
			if a.Do == InsertEntry || a.Do == UpdateEntry {
				want = append(want, m.entries[a.Key].Version)
			}
		}
	}
	if !slices.Equal(r.Versions, want) {
		t.Fatalf("result %v, want %v", r.Versions, want)
	}
	b := r.Encode()
	back, err := DecodeResult(b)
	if err != nil || !slices.Equal(back.Versions, want) || len(b) > maxResult {
		t.Fatalf("result of %d bytes came back as %v, %v", len(b), back, err)
	}
}

func checkSame(t *rapid.T, o *Object, m *model, stored map[string]string) {
	if (o != nil) != m.exists {
		t.Fatalf("exists: %v, the model says %v", o != nil, m.exists)
	}
	if o == nil {
		return
	}
	e := m.encoded()
	whole := canonical.Marshal(&e)
	if !bytes.Equal(appendObject(nil, o), whole) {
		t.Fatal("the encoding is not the model's")
	}
	if o.Size() != int64(len(whole)) {
		t.Fatalf("size %d, the encoding has %d bytes", o.Size(), len(whole))
	}
	if o.Len() != len(m.entries) || uint64(o.Floor()) != m.floor {
		t.Fatalf("%d entries, floor %d; the model has %d and %d", o.Len(), o.Floor(), len(m.entries), m.floor)
	}
	anew, ok := build(e.Owner, e.Version, Version(m.floor), e.Permissions, e.Entries)
	if !ok || anew.Digest() != o.Digest() {
		t.Fatal("the digest depends on the way here")
	}
	records := o.Records()
	fromRecords := map[string]string{}
	for _, w := range records {
		fromRecords[string(w.Key)] = string(w.Value)
	}
	if !maps.Equal(fromRecords, stored) {
		t.Fatal("the records written step by step are not the object's")
	}
	loaded, err := Load(records)
	if err != nil || loaded.Digest() != o.Digest() || loaded.Size() != o.Size() {
		t.Fatalf("load: %v", err)
	}
	b, err := o.Read(GetObject{})
	if err != nil || len(b) > MaxAnswer {
		t.Fatalf("read: %v, %d bytes", err, len(b))
	}
	read, err := (GetObject{}).Decode(b)
	if err != nil || read.Digest() != o.Digest() {
		t.Fatalf("read: %v", err)
	}
}

// Mutations survive their encoding.
func TestBodiesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyMutation(t, &model{version: 3, floor: 7})
		back, err := Decode(Encode(x))
		if err != nil {
			t.Fatalf("%T: %v", x, err)
		}
		if !bytes.Equal(Encode(back), Encode(x)) {
			t.Fatalf("came back changed: %s", cmp.Diff(x.encode(), back.encode()))
		}
		if b := Encode(x); !bytes.Equal(b, canonical.Marshal(x.encode())) {
			t.Fatalf("%x is not its encoding", b)
		}
	})
}
