package wire

import (
	"testing"
)

// FuzzOpen: no bytes make Open panic; what decodes encodes to the same bytes, which another codec finds canonical; the
// values are judged as the frame is; and an opener that knows permits judges as one that knows none.
func FuzzOpen(f *testing.F) {
	w := newWorld()
	all, err := Encode(w.samples())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all[0])
	turn, err := Encode(w.besides(9, 0, 1, 2, 4, 8, 8, 3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(turn[0])
	for _, m := range w.samples() {
		f.Add(frame(f, m))
	}
	o := w.acquainted(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAgain(t, w, b)
		rememberedAlike(t, w, o, b)
	})
}

// FuzzRequest: the same for what a block names.
func FuzzRequest(f *testing.F) {
	w := newWorld()
	for _, m := range w.samples() {
		if s, ok := m.(*Submit); ok {
			f.Add(s.Request.Bytes, s.Request.Attached)
		}
	}
	f.Fuzz(func(t *testing.T, bytes, attached []byte) {
		r, err := LoadRequest(w.network, bytes, attached)
		if _, opened := OpenRequest(w.network, bytes, attached, w.v); err != nil {
			if !isRefusal(err) || !isRefusal(opened) {
				t.Fatalf("loaded %v, opened %v", err, opened)
			}
			return
		}
		if !canonicalCBOR(t, bytes) || len(attached) > 0 && !canonicalCBOR(t, attached) {
			t.Fatal("not canonical")
		}
		with := Attached{Proof: r.Proof}
		if m, ok := r.Decoded.(*Mutation); ok {
			with.Permit = m.Permit
		}
		if again := NewRequest(w.network, r.Request, with); again.Ref != r.Ref || again.ID != r.ID {
			t.Fatal("another request")
		}
	})
}
