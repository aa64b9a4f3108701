package wire

import (
	"bytes"
	"fmt"
	"testing"

	"vaultnet/mutabledata"
)

// A request with what was prepared is the one that it is without.
func TestPreparedMakesTheSameRequest(t *testing.T) {
	w := newWorld()
	put := mutabledata.Encode(&mutabledata.Put{Owner: w.owner.Public()})
	for i, with := range []Attached{{}, {Permit: w.permit(data)}, {Proof: w.proof(data)}, {Permit: w.permit(data), Proof: w.proof(data)}} {
		for k, body := range [][]byte{put, []byte("no body"), make([]byte, maxBody+1)} {
			signed := w.sign(w.owner, data, body)
			want, got := NewRequest(w.network, signed, with), NewRequest(w.network, signed, with.Prepared())
			if want.Ref != got.Ref || want.ID != got.ID || !bytes.Equal(want.Bytes, got.Bytes) || !bytes.Equal(want.Attached, got.Attached) ||
				want.NotBefore != got.NotBefore || (want.Decoded == nil) != (got.Decoded == nil) || (want.Proof == nil) != (got.Proof == nil) {
				t.Errorf("%d, %d: another request", i, k)
			}
			a, b := Verify(&Submit{Request: want}, w.network, w.v), Verify(&Submit{Request: got}, w.network, w.v)
			if fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%d, %d: %v, and prepared: %v", i, k, a, b)
			}
		}
	}
	bad := w.permit(data)
	bad.Signatures = nil
	if r := NewRequest(w.network, w.sign(w.owner, data, put), Attached{Permit: bad}.Prepared()); r.Decoded != nil {
		t.Error("out of bounds, and decoded")
	}
}

// BenchmarkNewRequest makes the request of a mutation with its permit.
func BenchmarkNewRequest(b *testing.B) {
	w := newWorld()
	signed := w.sign(w.owner, data, mutabledata.Encode(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: "k", Do: mutabledata.InsertEntry, Content: make([]byte, 256)}}}))
	plain := Attached{Permit: w.permit(data)}
	for name, with := range map[string]Attached{"plain": plain, "prepared": plain.Prepared()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NewRequest(w.network, signed, with)
			}
		})
	}
}
