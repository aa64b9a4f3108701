package wire

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
	"vaultnet/permit"
)

// acquainted is an opener that has seen all samples, and knows the permits in them.
func (w *world) acquainted(t testing.TB) *Opener {
	o := NewOpener(w.network, w.v)
	for range 2 {
		for _, m := range append(w.samples(), &Submit{Request: w.insert()}) {
			if _, err := o.Open(frame(t, m)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return o
}

// rememberedAlike requires that what an opener remembers changes no verdict, nor what it says.
func rememberedAlike(t testing.TB, w *world, o *Opener, b []byte) {
	t.Helper()
	_, err := Open(b, w.network, w.v)
	if _, got := o.Open(b); fmt.Sprint(err) != fmt.Sprint(got) {
		t.Fatalf("%v, and with what is remembered: %v", err, got)
	}
}

// A permit that was found good is decoded and verified once; what was is the same value from then on.
func TestAPermitIsOpenedOnce(t *testing.T) {
	w := newWorld()
	counting := &counter{Verifier: w.v}
	o := NewOpener(w.network, counting)
	var first *permit.Permit
	for i := range 5 {
		before := counting.n
		r := w.mutation(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
			{Key: mutabledata.Key(fmt.Sprint(i)), Do: mutabledata.InsertEntry}}}, Attached{Permit: w.permit(data)})
		messages, err := o.Open(frame(t, &Submit{Request: r}))
		if err != nil {
			t.Fatal(err)
		}
		p := messages[0].(*Submit).Request.Decoded.(*Mutation).Permit
		if first == nil {
			first = p
		}
		if want := 1; i > 0 && (p != first || counting.n-before != want) {
			t.Fatalf("%d signatures verified, want %d; the same permit: %t", counting.n-before, want, p == first)
		}
	}
}

type counter struct {
	vaultnet.Verifier
	n int
}

func (c *counter) Verify(k vaultnet.PublicKey, m []byte, s vaultnet.Signature) bool {
	c.n++
	return c.Verifier.Verify(k, m, s)
}

// No bit of a request, or of what is attached to it, can be changed without an opener noticing that knows the permit.
func TestWhatIsRememberedChangesNoVerdict(t *testing.T) {
	for name, w := range map[string]*world{"registry": newWorld(), "ed25519": realWorld()} {
		o := w.acquainted(t)
		for _, m := range []Message{&Submit{Request: w.insert()}, &Submit{Request: w.put()}, &Submit{Request: w.close()}} {
			good := frame(t, m)
			for at := range good {
				if name == "ed25519" && at%7 != 0 {
					continue
				}
				bad := slices.Clone(good)
				bad[at] ^= 1 << (at % 8)
				rememberedAlike(t, w, o, bad)
			}
			rememberedAlike(t, w, o, good)
		}
		// A permit that is known, with requests that it does not fit.
		known := w.insert()
		for _, r := range []*agreement.Request{w.close(), w.grant()} {
			rememberedAlike(t, w, o, frameOf(r.Bytes, known.Attached))
		}
		rememberedAlike(t, w, o, frameOf(known.Bytes, known.Attached[:len(known.Attached)-1]))
		rememberedAlike(t, w, o, frameOf(known.Bytes, nil))
	}
}

// frameOf is a frame that submits bytes which need not fit together.
func frameOf(bytes, attached []byte) []byte {
	f, err := Encode([]Message{&Submit{Request: &agreement.Request{Bytes: bytes, Attached: attached}}})
	if err != nil {
		panic(err)
	}
	return f[0]
}

// A permit with a bad signature is never remembered, nor one beside a proof, and what is remembered is bounded.
func TestWhatIsRemembered(t *testing.T) {
	w := newWorld()
	o := NewOpener(w.network, w.v)
	bad := w.permit(data)
	bad.Signatures[1].Signature[5] ^= 1
	r := w.mutation(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "k", Do: mutabledata.InsertEntry}}}, Attached{Permit: bad})
	for range 2 {
		if _, err := o.Open(frameOf(r.Bytes, r.Attached)); err == nil {
			t.Fatal("opened")
		}
	}
	if _, err := o.Open(frame(t, &Submit{Request: w.put()})); err != nil {
		t.Fatal(err)
	}
	if n := len(o.known.young) + len(o.known.older); n != 0 {
		t.Fatalf("%d permits are remembered", n)
	}
	p := w.permit(data)
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			for i := range 5_000 {
				r := &agreement.Request{Attached: make([]byte, 4000)}
				r.Ref.Attached = vaultnet.DomainBody.Hash([]byte(fmt.Sprint(k, i)))
				o.known.add(r, p)
				o.known.permit(r.Ref.Attached)
			}
		})
	}
	group.Wait()
	if n := (len(o.known.young) + len(o.known.older)) * (4000 + familiarBase); n > 2*(maxFamiliar+5000) || n < maxFamiliar {
		t.Errorf("%d bytes are remembered", n)
	}
}

// BenchmarkOpenSubmit opens a submitted mutation with its permit, with Ed25519; known: the permit came before.
func BenchmarkOpenSubmit(b *testing.B) {
	for _, known := range []bool{false, true} {
		b.Run(fmt.Sprintf("known=%t", known), func(b *testing.B) {
			w := realWorld()
			f := frame(b, &Submit{Request: w.insert()})
			v := signature.NewVerifier(1000)
			o := NewOpener(w.network, v)
			b.ReportAllocs()
			for b.Loop() {
				if !known {
					o = NewOpener(w.network, v)
				}
				if _, err := o.Open(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
