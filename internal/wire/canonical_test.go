package wire

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// written is what the coder makes of a value.
func written[T any](t *rapid.T, v *T, fields func(*coder, *T)) []byte {
	c := coder{mode: encoding}
	if fields(&c, v); c.err != nil {
		t.Fatal(c.err)
	}
	back := new(T)
	d := coder{mode: decoding, buf: c.buf}
	fields(&d, back)
	if d.end("value"); d.err != nil {
		t.Fatal(d.err)
	}
	return c.buf
}

func alike[T any](t *rapid.T, v *T, fields func(*coder, *T)) {
	if got, want := written(t, v, fields), canonical.Marshal(v); !bytes.Equal(got, want) {
		t.Fatalf("%T: %x, package canonical has %x", v, got, want)
	}
}

// The coder writes what the codec behind package canonical writes, for every type that has the same form in both.
func TestTheCoderWritesCanonicalEncodings(t *testing.T) {
	w := newWorld()
	shown := w.permit(data)
	rapid.Check(t, func(t *rapid.T) {
		digest := func(name string) (d vaultnet.Digest) {
			copy(d[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
			return d
		}
		number := func(name string, most uint64) uint64 {
			return rapid.Uint64Range(0, most).Draw(t, name) >> rapid.IntRange(0, 63).Draw(t, "shift")
		}
		by := func() *merkle.Attestation {
			a := &merkle.Attestation{Signer: vaultnet.PublicKey(digest("signer")), Path: merkle.Path{Index: uint32(number("index", 65535)),
				Width: 1 + uint32(number("width", 65535))}}
			for range rapid.IntRange(0, maxSiblings).Draw(t, "siblings") {
				a.Path.Siblings = append(a.Path.Siblings, digest("sibling"))
			}
			return a
		}
		b := agreement.Ballot{Incarnation: uint32(number("incarnation", 1<<32-1)), Height: 1 + vaultnet.Height(number("height", maxHeight-1)),
			Round: uint32(number("round", maxRound)), Type: agreement.Precommit, Block: digest("block"), Previous: digest("previous")}
		v := &agreement.Vote{Ballot: b, By: by()}
		c := &agreement.Certificate{Ballot: b, By: []*merkle.Attestation{v.By, by()}}
		h := &agreement.Header{Height: b.Height, Time: vaultnet.Time(number("time", maxTime)), State: digest("state")}
		for range rapid.IntRange(0, vaultnet.MaxInFlight).Draw(t, "mutations") {
			h.Mutations = append(h.Mutations, agreement.Ref{Request: digest("request"), Attached: digest("attached")})
		}
		p := &agreement.SetProof{Members: []vaultnet.PublicKey{v.By.Signer}, Views: []agreement.View{{Time: h.Time, By: by()}}}
		alike(t, v, vote)
		alike(t, c, certificate)
		alike(t, h, header)
		alike(t, p, setProof)
		alike(t, &agreement.Wish{Height: b.Height, By: v.By}, wish)
		alike(t, &agreement.Set{Number: 1 + number("set", maxHeight-1), Members: p.Members}, set)
		alike(t, &agreement.Link{Header: *h, Certificate: c, Set: w.set(1, data)}, link)
		alike(t, &agreement.Want{Have: b.Height, From: 7}, want)
		alike(t, &agreement.Record{Key: v.By.Signer[:], Value: []byte{}}, record)
		alike(t, &SetRef{Number: uint64(b.Height), Digest: b.Block}, setRef)
		alike(t, &Ask{Deadline: h.Time}, ask)
		body := shown.Body
		body.Issued = h.Time
		alike(t, &body, permitBody)
		e := refusal.Error{Kind: refusal.InvalidSuccessor, Detail: refusal.Detail{Current: number("current", 1<<64-1)}}
		r := e.Wire()
		if got, want := written(t, &e, refused), canonical.Marshal(&r); !bytes.Equal(got, want) {
			t.Fatalf("refusal: %x, package canonical has %x", got, want)
		}
	})
	c := coder{mode: encoding}
	if shownPermit(&c, shown); !bytes.Equal(c.buf, shown.Encode()) {
		t.Error("permit: not as package permit encodes it")
	}
}
