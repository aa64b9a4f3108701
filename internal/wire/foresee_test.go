package wire

import (
	"fmt"
	"testing"

	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
)

// submits are so many requests of one client.
func (w *world) submits(n int) (all []Message) {
	for i := range n {
		r := w.mutation(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
			{Key: mutabledata.Key(fmt.Sprint(i)), Do: mutabledata.InsertEntry, Content: []byte("content")}}}, Attached{})
		all = append(all, &Submit{Request: r})
	}
	return all
}

// One bad signature among many that are checked together has the frame refused, wherever it is; the good ones pass.
func TestOneBadSignatureAmongManyRequests(t *testing.T) {
	w := realWorld()
	good := w.submits(11)
	frames, err := Encode(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(frames[0], w.network, signature.NewVerifier(1000)); err != nil {
		t.Fatalf("all are good: %v", err)
	}
	for bad := range good {
		v := signature.NewVerifier(1000)
		all := append([]Message(nil), good...)
		s := good[bad].(*Submit)
		signed := s.Request.Request
		signed.Signature[1] ^= 1
		all[bad] = &Submit{Request: NewRequest(w.network, signed, Attached{})}
		frames, err := Encode(all)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := Open(frames[0], w.network, v); !isRefusal(err) {
				t.Errorf("request %d has a bad signature: %v", bad, err)
			}
		}
		if v.Verify(signed.Requester, s.Request.ID[:], signed.Signature) {
			t.Errorf("request %d: a bad signature is taken for good", bad)
		}
	}
}

// Requests of a frame are checked together: what one costs falls with their number.
func BenchmarkOpenSubmits(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := realWorld()
			frames, err := Encode(w.submits(n))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				v := signature.NewVerifier(1000)
				b.StartTimer()
				if _, err := Open(frames[0], w.network, v); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/request")
		})
	}
}
