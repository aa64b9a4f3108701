package canonical_test

import (
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// vote has the shape of what the network sends most: about 200 bytes.
type vote struct {
	_         struct{} `cbor:",toarray"`
	Kind      vaultnet.Kind
	Height    vaultnet.Height
	Round     uint32
	Time      vaultnet.Time
	Block     vaultnet.Digest
	Signer    vaultnet.PublicKey
	Signature vaultnet.Signature
	Body      []byte
}

func someVote() *vote {
	return &vote{Kind: 1, Height: 100, Round: 1, Time: 1_700_000_000_000, Block: vaultnet.Digest{1}, Body: make([]byte, 50)}
}

func BenchmarkMarshal200(b *testing.B) {
	v := someVote()
	b.ReportAllocs()
	b.SetBytes(int64(len(canonical.Marshal(v))))
	for b.Loop() {
		canonical.Marshal(v)
	}
}

func BenchmarkUnmarshal200(b *testing.B) {
	enc := canonical.Marshal(someVote())
	b.ReportAllocs()
	b.SetBytes(int64(len(enc)))
	for b.Loop() {
		var v vote
		if err := canonical.Unmarshal(enc, &v, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
