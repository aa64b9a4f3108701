package merkle_test

import (
	"crypto/sha256"
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
)

func ExampleAttest() {
	network := vaultnet.DefaultParameters().ID()
	votes := []vaultnet.Digest{
		vaultnet.DomainVote.Hash([]byte("a vote")),
		vaultnet.DomainVote.Hash([]byte("another object's")),
		vaultnet.DomainVote.Hash([]byte("a third")),
	}
	stated := merkle.Attest(network, signature.NewKey([32]byte{1}), votes) // signs once
	v := signature.NewVerifier(100)
	for i := range stated {
		fmt.Println(stated[i].Verify(network, votes[i], v), len(stated[i].Path.Siblings))
	}
	// Output:
	// true 2
	// true 2
	// true 1
}

func ExampleMap() {
	digest := func(s string) vaultnet.Digest { return sha256.Sum256([]byte(s)) }
	var empty merkle.Map[string]
	old := empty.Put("b", "1", digest("1")).Put("a", "2", digest("2"))
	fresh := old.Put("c", "3", digest("3")).Delete("b")
	for k, v := range fresh.All() {
		fmt.Println(k, v)
	}
	merkle.Diff(old, fresh, func(key string, before, after *string) {
		fmt.Println(key, "was there:", before != nil, "is there:", after != nil)
	})
	p, _ := fresh.Prove("c")
	fmt.Println("proven:", p.Verify(fresh.Digest(), "c", digest("3")))
	// Output:
	// a 2
	// c 3
	// b was there: true is there: false
	// c was there: false is there: true
	// proven: true
}
