package agreement

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
)

// drawHead makes a headRecord with any of its parts, whether they fit together or not.
func drawHead(t *rapid.T) *headRecord {
	n := func(what string, most int) int { return rapid.IntRange(0, most).Draw(t, what) }
	digest := func() (d vaultnet.Digest) { d[n("where", 31)] = byte(n("digest", 255)); return d }
	number := func() uint64 { return rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(t, "number") }
	times := func() vaultnet.Time {
		return vaultnet.Time(rapid.OneOf(rapid.Int64Range(-30, 1<<41), rapid.Int64()).Draw(t, "time"))
	}
	header := func() Header {
		h := Header{Incarnation: uint32(number()), Height: vaultnet.Height(number()), Previous: digest(), Time: times(), Mutations: make([]Ref, n("mutations", 6)),
			Add: vault(n("add", 3)), Set: digest(), State: digest()}
		for i := range h.Mutations {
			h.Mutations[i] = Ref{Request: digest(), Attached: digest()}
		}
		return h
	}
	by := func() *merkle.Attestation {
		a := &merkle.Attestation{Signer: vault(n("signer", 9)), Path: merkle.Path{Index: uint32(number()), Width: uint32(number())}}
		a.Signature[n("place", 63)] = 1
		a.Path.Siblings = make([]vaultnet.Digest, n("siblings", 3))
		for i := range a.Path.Siblings {
			a.Path.Siblings[i] = digest()
		}
		return a
	}
	certificate := func() *Certificate {
		c := &Certificate{Ballot: Ballot{Incarnation: uint32(number()), Height: vaultnet.Height(number()), Round: uint32(number()), Type: VoteType(n("type", 255)),
			Block: digest(), Set: digest(), Previous: digest()}, By: make([]*merkle.Attestation, n("attestations", 4))}
		for i := range c.By {
			c.By[i] = by()
		}
		return c
	}
	set := func() *Set {
		s := &Set{Number: number(), Members: make([]vaultnet.PublicKey, n("members", 3))}
		for i := range s.Members {
			s.Members[i] = vault(n("member", 2))
		}
		return s
	}
	h := &headRecord{Header: header(), Certificate: certificate(), Set: set(), Proof: make([]*SetProof, n("proofs", 1)), Links: make([]Link, n("links", 2))}
	if h.Voters = h.Set; rapid.Bool().Draw(t, "other voters") {
		h.Voters = set()
	}
	for i := range h.Proof {
		h.Proof[i] = &SetProof{Members: set().Members, Views: make([]View, n("views", 2))}
		for k := range h.Proof[i].Views {
			h.Proof[i].Views[k] = View{Time: times(), By: by()}
		}
	}
	for i := range h.Links {
		h.Links[i] = Link{Header: header(), Certificate: certificate(), Set: set()}
	}
	return h
}

// TestReadHeadIsUnmarshal has both read what is sound, and the same damaged: they take the same, and read the same of it.
func TestReadHeadIsUnmarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := canonical.Marshal(drawHead(t))
		if !sameHead(t, b) {
			t.Fatalf("%x is sound, and refused", b)
		}
		for range rapid.IntRange(1, 2).Draw(t, "damages") {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "where")
			switch rapid.IntRange(0, 5).Draw(t, "damage") {
			case 0:
				b[i] = rapid.Byte().Draw(t, "what")
			case 1:
				b = b[:i+1]
			case 2:
				b = slices.Insert(b, i, rapid.Byte().Draw(t, "what"))
			case 3:
				b = append(b, 0)
			case 4: // a list of more than there is
				b = slices.Replace(b, i, i+1, binary.BigEndian.AppendUint32([]byte{0x9a}, rapid.Uint32Range(1<<16, 1<<18).Draw(t, "elements"))...)
			default: // another item's head
				b[i] = byte(rapid.IntRange(0, 7).Draw(t, "major"))<<5 | b[i]&31
			}
		}
		sameHead(t, b)
	})
}

// sameHead requires both to judge b alike, and reports whether they take it.
func sameHead(t *rapid.T, b []byte) bool {
	want, got := new(headRecord), new(headRecord)
	wrong, err := canonical.Unmarshal(b, want, maxRecordSize), readHead(b, got)
	if (err == nil) != (wrong == nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%x:\nread %+v, %v\nUnmarshal %+v, %v", b, got, err, want, wrong)
	}
	if err != nil {
		return false
	}
	if (got.Voters == got.Set) != got.Voters.equal(got.Set) {
		t.Fatal("two sets that are alike")
	}
	if again := canonical.Marshal(got); !bytes.Equal(again, b) {
		t.Fatalf("read %x, written %x", b, again)
	}
	return true
}
