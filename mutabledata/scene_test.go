package mutabledata

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// The cast. Their keys stand for public keys; nothing here verifies signatures.
var (
	alice = vaultnet.PublicKey{0xa1} // owns objects and the account that pays
	bob   = vaultnet.PublicKey{0xb0} // an app of alice's
	carol = vaultnet.PublicKey{0xca} // a stranger with an account of her own
)

var (
	byAlice = Context{Requester: alice, Payer: alice}
	byBob   = Context{Requester: bob, Payer: alice}
	byCarol = Context{Requester: carol, Payer: carol}
)

func entry(k Key, content string, v Version) Entry {
	return Entry{Key: k, Value: Value{Content: []byte(content), Version: v}}
}

func permission(u User, s PermissionSet) Permission { return Permission{User: u, Set: s} }

func insert(k Key, content string) EntryAction {
	return EntryAction{Key: k, Do: InsertEntry, Content: []byte(content)}
}

func update(k Key, content string, v Version) EntryAction {
	return EntryAction{Key: k, Do: UpdateEntry, Content: []byte(content), Version: v}
}

func remove(k Key, v Version) EntryAction { return EntryAction{Key: k, Do: DeleteEntry, Version: v} }

func expect(k Key, v Version) EntryAction { return EntryAction{Key: k, Do: ExpectVersion, Version: v} }

func absent(k Key) EntryAction { return EntryAction{Key: k, Do: ExpectAbsent} }

func mutate(as ...EntryAction) *MutateEntries {
	m := &MutateEntries{Actions: as}
	Sort(m)
	return m
}

// owned is an object of alice's with the given entries.
func owned(t testing.TB, es ...Entry) *Object {
	t.Helper()
	m := &Put{Owner: alice, Entries: es}
	Sort(m)
	return applied(t, nil, m, byAlice)
}

// applied passes m through its encoding and applies it.
func applied(t testing.TB, o *Object, m Mutation, by Context) *Object {
	t.Helper()
	next, _ := gave(t, o, m, by)
	return next
}

func gave(t testing.TB, o *Object, m Mutation, by Context) (*Object, Result) {
	t.Helper()
	decoded, err := Decode(Encode(m))
	if err != nil {
		t.Fatalf("decode %T: %v", m, err)
	}
	next, result, err := o.Apply(decoded, by)
	if err != nil {
		t.Fatalf("apply %T: %v", m, err)
	}
	return next, result
}

// refused applies m, wants a refusal of that kind, and that nothing changed.
func refused(t testing.TB, o *Object, m Mutation, by Context, want refusal.Kind) refusal.Detail {
	t.Helper()
	before, size := o.Digest(), o.Size()
	next, result, err := o.Apply(m, by)
	if !errors.Is(err, want) {
		t.Fatalf("apply %T: got %v, want %v", m, err, want)
	}
	if next != o || o.Digest() != before || o.Size() != size || len(result.Versions) != 0 {
		t.Fatalf("a refused %T changed something", m)
	}
	var e *refusal.Error
	errors.As(err, &e)
	return e.Detail
}

func wantEntry(t testing.TB, o *Object, k Key, content string, v Version) {
	t.Helper()
	got, ok := o.Entry(k)
	if !ok || string(got.Content) != content || got.Version != v {
		t.Fatalf("entry %q: got %.40q version %d (%v), want %.40q version %d", k, got.Content, got.Version, ok, content, v)
	}
}

func wantAbsent(t testing.TB, o *Object, k Key) {
	t.Helper()
	if v, ok := o.Entry(k); ok {
		t.Fatalf("entry %q is there: %.40q version %d", k, v.Content, v.Version)
	}
}

// problems prints the details of an InvalidEntryActions.
func problems(d refusal.Detail) string {
	var parts []string
	for _, p := range d.Entries {
		parts = append(parts, fmt.Sprintf("%s %v(%d)", p.Key, p.Kind, p.Version))
	}
	return strings.Join(parts, ", ")
}

// numbered gives n entries of the given length of content.
func numbered(n, length int) []Entry {
	es := make([]Entry, n)
	for i := range es {
		es[i] = Entry{Key: Key(fmt.Sprintf("k%04d", i)), Value: Value{Content: bytes.Repeat([]byte{byte(i)}, length)}}
	}
	return es
}

// full is an object of alice's with 100 entries and exactly 1 MiB.
func full(t testing.TB) *Object {
	t.Helper()
	es := numbered(vaultnet.MaxEntries, 10_400)
	o := owned(t, es...)
	last := &es[len(es)-1].Value
	last.Content = append(last.Content, make([]byte, vaultnet.MaxSize-int(o.Size()))...)
	o = owned(t, es...)
	if o.Size() != vaultnet.MaxSize || o.Len() != vaultnet.MaxEntries {
		t.Fatalf("not full: %d bytes, %d entries", o.Size(), o.Len())
	}
	return o
}
