package sealed_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"vaultnet/internal/sealed"
)

// TestBox: what is sealed opens with its key, in its context, whole; and with nothing else, cut or changed.
func TestBox(t *testing.T) {
	b, other := sealed.NewBox([32]byte{1}), sealed.NewBox([32]byte{2})
	for _, plain := range [][]byte{nil, []byte("w"), bytes.Repeat([]byte("words "), 1_000)} {
		s, err := b.Seal(bytes.NewReader(make([]byte, 24)), plain, []byte("here"))
		if err != nil || len(s) != len(plain)+sealed.Overhead {
			t.Fatal(len(s), err)
		}
		if got, ok := b.Open([]byte("before "), s, []byte("here")); !ok || !bytes.Equal(got, append([]byte("before "), plain...)) {
			t.Errorf("%q, %v", got, ok)
		}
		for name, open := range map[string]func() ([]byte, bool){
			"another key":     func() ([]byte, bool) { return other.Open(nil, s, []byte("here")) },
			"another context": func() ([]byte, bool) { return b.Open(nil, s, []byte("there")) },
			"cut":             func() ([]byte, bool) { return b.Open(nil, s[:len(s)-1], []byte("here")) },
			"cut to little":   func() ([]byte, bool) { return b.Open(nil, s[:sealed.Overhead-1], []byte("here")) },
			"nothing":         func() ([]byte, bool) { return b.Open(nil, nil, []byte("here")) },
		} {
			if got, ok := open(); ok {
				t.Errorf("%s: opened %q", name, got)
			}
		}
		for i := range len(s) {
			changed := bytes.Clone(s)
			changed[i] ^= 1
			if _, ok := b.Open(nil, changed, []byte("here")); ok {
				t.Fatalf("opened with byte %d changed", i)
			}
		}
	}
}

// TestNoRandomness: without a nonce nothing is sealed.
func TestNoRandomness(t *testing.T) {
	broken := errors.New("broken")
	if s, err := sealed.NewBox([32]byte{1}).Seal(iotest.ErrReader(broken), []byte("words"), nil); s != nil || !errors.Is(err, broken) {
		t.Errorf("%x, %v", s, err)
	}
	if s, err := sealed.NewBox([32]byte{1}).Seal(bytes.NewReader(make([]byte, 23)), nil, nil); s != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%x, %v", s, err)
	}
}
