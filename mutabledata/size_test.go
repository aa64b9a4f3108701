package mutabledata

import (
	"fmt"
	"math"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// The borders at which a head of the encoding becomes longer.
var borders = []int{0, 1, 22, 23, 24, 25, 254, 255, 256, 257, 65_534, 65_535, 65_536, 65_537}

// Size never encodes anything; here it is held against the encoding at every border.
func TestSizeIsTheLengthOfTheEncoding(t *testing.T) {
	check := func(what string, o *Object) {
		t.Helper()
		e := encodedObject{Owner: o.Owner(), Version: o.Version()}
		for u, s := range o.Permissions() {
			e.Permissions = append(e.Permissions, Permission{User: u, Set: s})
		}
		for k, v := range o.Entries() {
			e.Entries = append(e.Entries, Entry{Key: k, Value: v})
		}
		if b := canonical.Marshal(&e); int64(len(b)) != o.Size() || string(b) != string(appendObject(nil, o)) {
			t.Errorf("%s: size %d, encoding %d bytes", what, o.Size(), len(b))
		}
	}
	for _, n := range borders {
		check(fmt.Sprintf("content of %d bytes", n), owned(t, entry("k", string(make([]byte, n)), 0)))
		if n <= vaultnet.MaxKeySize {
			check(fmt.Sprintf("key of %d bytes", n), owned(t, entry(Key(make([]byte, n)), "x", 0)))
		}
		o, _ := build(alice, Version(n), 0, nil, []Entry{entry("k", "", Version(n))})
		check(fmt.Sprintf("versions %d", n), o)
		check(fmt.Sprintf("versions %d", n+1), applied(t, applied(t, o, mutate(update("k", "", Version(n)+1)), byAlice),
			&ChangeOwner{Owner: alice, Version: Version(n) + 1}, byAlice))
	}
	for _, v := range []Version{1<<32 - 1, 1 << 32, 1<<63 - 1, math.MaxUint64} {
		o, _ := build(alice, v, v, nil, []Entry{entry("k", "", v)})
		check(fmt.Sprintf("versions %d", v), o)
	}
	o := owned(t)
	check("no entries", o)
	for i := range vaultnet.MaxEntries {
		o = applied(t, o, mutate(insert(Key(fmt.Sprint(i)), "")), byAlice)
		check(fmt.Sprintf("%d entries", i+1), o)
	}
	for i := range vaultnet.MaxEntries {
		o = applied(t, o, mutate(remove(Key(fmt.Sprint(i)), 1)), byAlice)
		check(fmt.Sprintf("%d entries left", o.Len()), o)
	}
	for i := range 260 {
		u := UserOf(vaultnet.PublicKey{2, byte(i >> 8), byte(i)})
		o = applied(t, o, &SetUserPermissions{User: u, Set: PermissionSet(i % 3), Version: Version(i + 1)}, byAlice)
		check(fmt.Sprintf("%d permissions", i+1), o)
	}
	o = applied(t, o, &SetUserPermissions{User: Anyone, Set: PermissionSet(0).Deny(ManagePermissions), Version: 261}, byAlice)
	check("a set of two bytes", o)
	o = applied(t, o, &SetUserPermissions{User: Anyone, Version: 262}, byAlice)
	check("a set of one byte", o)
	o = applied(t, o, &DelUserPermissions{User: Anyone, Version: 263}, byAlice)
	check("a set less", o)
}

// Every part of an object is in its digest.
func TestDigestCoversEverything(t *testing.T) {
	base := func() (vaultnet.PublicKey, Version, Version, []Permission, []Entry) {
		return alice, 3, 4, []Permission{permission(Anyone, 1)}, []Entry{entry("a", "x", 5), entry("b", "y", 6)}
	}
	variants := map[string]*Object{"nothing": nil}
	make := func(name string, change func(owner *vaultnet.PublicKey, version, floor *Version, ps *[]Permission, es *[]Entry)) {
		owner, version, floor, ps, es := base()
		change(&owner, &version, &floor, &ps, &es)
		variants[name], _ = build(owner, version, floor, ps, es)
	}
	make("base", func(*vaultnet.PublicKey, *Version, *Version, *[]Permission, *[]Entry) {})
	make("owner", func(o *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, _ *[]Entry) { *o = bob })
	make("version", func(_ *vaultnet.PublicKey, v, _ *Version, _ *[]Permission, _ *[]Entry) { *v++ })
	make("floor", func(_ *vaultnet.PublicKey, _, f *Version, _ *[]Permission, _ *[]Entry) { *f++ })
	make("user", func(_ *vaultnet.PublicKey, _, _ *Version, p *[]Permission, _ *[]Entry) { (*p)[0].User = UserOf(bob) })
	make("set", func(_ *vaultnet.PublicKey, _, _ *Version, p *[]Permission, _ *[]Entry) { (*p)[0].Set = 2 })
	make("no permissions", func(_ *vaultnet.PublicKey, _, _ *Version, p *[]Permission, _ *[]Entry) { *p = nil })
	make("key", func(_ *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, e *[]Entry) { (*e)[1].Key = "c" })
	make("content", func(_ *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, e *[]Entry) { (*e)[1].Value.Content = nil })
	make("entry version", func(_ *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, e *[]Entry) { (*e)[1].Value.Version++ })
	make("fewer entries", func(_ *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, e *[]Entry) { *e = (*e)[:1] })
	make("no entries", func(_ *vaultnet.PublicKey, _, _ *Version, _ *[]Permission, e *[]Entry) { *e = nil })
	seen := map[vaultnet.Digest]string{}
	for name, o := range variants {
		if other, ok := seen[o.Digest()]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[o.Digest()] = name
	}
}
