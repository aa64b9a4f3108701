package wire

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
)

// besides is a frame of votes of one turn, some of its leaves, each in a bundle of its own.
func (w *world) besides(width int, leaves ...int) []Message {
	votes := w.votes(data, width)
	var all []Message
	for _, i := range leaves {
		all = append(all, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: votes[i : i+1]}})
	}
	return all
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// Votes of one turn share what they have in common: signer, signature, the upper ends of their paths.
func TestVotesOfOneTurnShareInAFrame(t *testing.T) {
	w := newWorld()
	size := func(m []Message) int {
		frames, err := Encode(m)
		if err != nil || len(frames) != 1 {
			t.Fatalf("%d frames, %v", len(frames), err)
		}
		return len(frames[0])
	}
	one := size(w.besides(64, 17))
	many := size(w.besides(64, upTo(64)...))
	if each := many / 64; each > one-96-3*32 {
		t.Errorf("%d bytes for each of 64 votes, %d for one by itself", each, one)
	}
	for _, far := range [][]int{{0, 63}, {63, 0}, {5, 5}, {62, 63}} {
		if got := size(w.besides(64, far...)) - one; got > one-96 {
			t.Errorf("leaves %v: %d bytes for the second, %d for one by itself", far, got, one)
		}
	}
}

// Whatever leaves of whatever turns stand in a frame, in whatever order: what is read is what was written, every path of
// it, and there is one encoding.
func TestStatementsBesideEachOther(t *testing.T) {
	w := newWorld()
	turns := map[int][]*agreement.Vote{}
	for _, width := range []int{1, 2, 3, 7, 8, 33} {
		turns[width] = w.votes(data, width)
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []Message
		for range rapid.IntRange(1, 20).Draw(t, "votes") {
			of := turns[rapid.SampledFrom([]int{1, 2, 3, 7, 8, 33}).Draw(t, "width")]
			v := of[rapid.IntRange(0, len(of)-1).Draw(t, "leaf")]
			all = append(all, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: []*agreement.Vote{v}}})
		}
		frames, err := Encode(all)
		if err != nil || len(frames) != 1 {
			t.Fatalf("%d frames, %v", len(frames), err)
		}
		got, err := Open(frames[0], w.network, w.v)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			a, b := got[i].(*Bundle).Votes[0], all[i].(*Bundle).Votes[0]
			if a.Ballot != b.Ballot || a.By.Signer != b.By.Signer || a.By.Signature != b.By.Signature || a.By.Path.Index != b.By.Path.Index ||
				a.By.Path.Width != b.By.Path.Width || !slices.Equal(a.By.Path.Siblings, b.By.Path.Siblings) {
				t.Fatalf("vote %d: %+v, want %+v", i, a.By, b.By)
			}
		}
		if again, _ := Encode(got); len(again) != 1 || !bytes.Equal(again[0], frames[0]) {
			t.Fatal("another encoding")
		}
	})
}

// inPieces encodes a frame of two votes with the second's attestation as it is given.
func inPieces(first, second *agreement.Vote, attestation func(c *coder)) []byte {
	c := coder{mode: encoding, frame: true}
	appendMessage(&c, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: []*agreement.Vote{first}}})
	whole := c
	appendMessage(&whole, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: []*agreement.Vote{second}}})
	written := coder{mode: encoding, frame: true, buf: bytes.Clone(c.buf), last: c.last, shared: c.shared}
	stated(&written, second.By)
	at := bytes.Index(whole.buf[len(c.buf):], written.buf[len(c.buf):]) + len(c.buf)
	made := coder{mode: encoding, buf: bytes.Clone(whole.buf[:at])}
	attestation(&made)
	made.buf = append(made.buf, whole.buf[at+len(written.buf)-len(c.buf):]...)
	return append([]byte{0x82}, made.buf...)
}

// What is beside nothing, beside what it is not of, has too few or too many siblings, or is written in full where it
// need not be, is refused.
func TestMalformedStatements(t *testing.T) {
	w := newWorld()
	votes := w.votes(data, 6)
	first, second := votes[2], votes[3]
	beside := func(index uint64, siblings int) func(c *coder) {
		return func(c *coder) {
			c.array(2, "")
			number(c, &index, 0, 1<<20, "")
			bytes := make([]byte, siblings*32)
			for i := range min(siblings, 1) {
				copy(bytes[i*32:], second.By.Path.Siblings[i][:])
			}
			c.bytes(&bytes, 0, 1<<20, "")
		}
	}
	full := func(c *coder) {
		inFull := coder{mode: encoding, frame: true}
		stated(&inFull, second.By)
		c.buf = append(c.buf, inFull.buf...)
	}
	if _, err := Open(inPieces(first, second, beside(3, 1)), w.network, w.v); err != nil {
		t.Fatalf("as it should be: %v", err)
	}
	for name, f := range map[string][]byte{
		"in full":            inPieces(first, second, full),
		"no sibling":         inPieces(first, second, beside(3, 0)),
		"two siblings":       inPieces(first, second, beside(3, 2)),
		"seventeen siblings": inPieces(first, second, beside(3, 17)),
		"half a sibling": inPieces(first, second, func(c *coder) {
			c.array(2, "")
			c.buf = append(c.buf, 3, 0x50)
			c.buf = append(c.buf, make([]byte, 16)...)
		}),
		"index beyond width":    inPieces(first, second, beside(6, 1)),
		"another leaf":          inPieces(first, second, beside(5, 2)),
		"three fields":          inPieces(first, second, func(c *coder) { attestation(c, second.By) }),
		"another leaf's ballot": inPieces(first, votes[4], beside(3, 1)),
	} {
		if _, err := Open(f, w.network, w.v); !isRefusal(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	alone := inPieces(first, second, beside(3, 1))
	at := bytes.LastIndex(alone, []byte{0x80 + 1 + bundleFields, 19}) // where the second bundle begins
	if _, err := Open(append([]byte{0x81}, alone[at:]...), w.network, w.v); !isRefusal(err) {
		t.Errorf("beside nothing: %v", err)
	}
}

// What is left out of a frame takes no more memory where it is read than twice the bytes that were there before.
func TestSharingIsBounded(t *testing.T) {
	w := newWorld()
	path := merkle.Path{Index: 0, Width: merkle.MaxWidth, Siblings: make([]vaultnet.Digest, maxSiblings)}
	var all []Message
	for i := range 2000 {
		by := merkle.Attestation{Signer: w.vaults[0].Public(), Path: path}
		v := &agreement.Vote{Ballot: w.ballot(agreement.Prevote), By: &by}
		v.By.Path.Index = uint32(i % 2)
		all = append(all, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: []*agreement.Vote{v}}})
	}
	frames, err := Encode(all)
	if err != nil || len(frames) != 1 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	c := coder{mode: decoding, network: w.network, buf: frames[0], frame: true}
	var got []Message
	if list(&c, &got, 1, MaxMessages, message, "messages"); c.err != nil {
		t.Fatal(c.err)
	}
	if c.shared == 0 || c.shared*32 > sharedMost*len(frames[0]) {
		t.Errorf("%d bytes left out of a frame of %d", c.shared*32, len(frames[0]))
	}
}
