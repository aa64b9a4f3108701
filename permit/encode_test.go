package permit

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/refusal"
)

var cmpMarks = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore())

// greatest has as many addresses and signatures, with paths as long, as there can be.
func greatest(t testing.TB) *Permit {
	list := make([]Allowance, vaultnet.MaxPermitAddresses)
	for i := range list {
		list[i] = Allowance{Address: object(i), Count: 64}
	}
	b := body(1, list)
	var sigs []merkle.Attestation
	for i := range MaxSigners {
		k := signature.NewKey([32]byte{8, byte(i)})
		sigs = append(sigs, merkle.Attestation{Signer: k.Public(), Path: merkle.Path{Index: 65534, Width: 65536,
			Siblings: make([]vaultnet.Digest, 16)}})
	}
	p, ok := Assemble(b, list, 63, sigs)
	if !ok {
		t.Fatal("not assembled")
	}
	return p
}

func TestPermitSurvives(t *testing.T) {
	for _, p := range []*Permit{good(1, allowances(3, 1), 0), good(2, allowances(3, 1, 2, 3, 4, 5), 4), greatest(t)} {
		b := p.Encode()
		if len(b) > MaxSize {
			t.Errorf("%d bytes", len(b))
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p.Body, got.Body, cmpMarks); d != "" || got.Allowance != p.Allowance || !bytes.Equal(got.Encode(), b) {
			t.Error("not the same", d)
		}
		if got.Full() != Full(b) || got.Full() != p.Full() {
			t.Error("the full digest differs")
		}
	}
	t.Logf("a permit of 5 signatures: %d bytes; the greatest: %d", len(good(1, allowances(3, 1), 0).Encode()), len(greatest(t).Encode()))
}

// No byte of a permit can be changed, added or left out: it is malformed, or its signatures are bad; and its full digest
// is another.
func TestEveryByteCounts(t *testing.T) {
	list := allowances(3, 1, 2, 5)
	b := body(1, list)
	p, _ := Assemble(b, list, 1, signed(b, 2))
	enc := p.Encode()
	for i := range enc {
		for _, flip := range []byte{1, 0x80} {
			changed := bytes.Clone(enc)
			changed[i] ^= flip
			if got, err := Decode(changed); err == nil && (got.Verify(network, verifier) || got.Full() == p.Full()) {
				t.Fatalf("byte %d does not count", i)
			}
		}
		if _, err := Decode(enc[:i]); reason(t, err) != refusal.Malformed && i > 0 {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := Decode(append(enc, 0)); reason(t, err) != refusal.Malformed {
		t.Error("a byte more is taken")
	}
	if _, err := Decode(nil); reason(t, err) != refusal.Missing {
		t.Error("no bytes are not a missing permit")
	}
	if _, err := Decode(make([]byte, MaxSize+1)); reason(t, err) != refusal.Malformed {
		t.Error("too many bytes are taken")
	}
	var e *refusal.Error
	if _, err := Decode([]byte{1}); !errors.As(err, &e) || e.Cause == nil {
		t.Errorf("%v does not say why", err)
	}
}

func TestFullCoversSignatures(t *testing.T) {
	list := allowances(3, 1)
	b := body(1, list)
	p, _ := Assemble(b, list, 0, signed(b, 3))
	q, _ := Assemble(b, list, 0, signed(b, 4))
	if p.Full() == q.Full() || p.Body.Digest() != q.Body.Digest() {
		t.Error("two permits with one full digest, or one body with two digests")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(good(1, allowances(3, 1), 0).Encode())
	f.Add(good(2, allowances(64, 1, 2, 3, 4, 5), 4).Encode())
	f.Add(greatest(f).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			if !errors.Is(err, refusal.PermitInvalid) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(p.Encode(), b) {
			t.Fatal("two encodings of one permit")
		}
		if p.Check(p.Body.Issued, p.Body.Requester, p.Allowance.Address) != nil {
			t.Fatal("decoded what is not well formed")
		}
		p.Verify(network, verifier)
		u, err := Usage{}.Use(p, p.Body.Expires, false)
		if err != nil || u.Len() != 1 {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeClose(f *testing.F) {
	f.Add((&Close{Permit: good(1, allowances(3, 1), 0)}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeClose(b)
		if err != nil {
			if !errors.Is(err, refusal.InvalidRequest) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(c.Encode(), b) {
			t.Fatal("two encodings of one close")
		}
	})
}
