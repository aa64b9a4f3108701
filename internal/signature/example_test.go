package signature_test

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/signature"
)

func Example() {
	key := signature.NewKey([32]byte{1}) // 32 random bytes
	v := signature.NewVerifier(100_000)
	sig := key.Sign([]byte("message"))
	fmt.Println(v.Verify(key.Public(), []byte("message"), sig))
	fmt.Println(v.ValidKey(vaultnet.PublicKey{})) // nobody signs
	// Output:
	// true
	// false
}

func ExampleRegistry() {
	r := signature.NewRegistry(42) // the simulation's seed
	key := r.Signer([32]byte{1})
	sig := key.Sign([]byte("message"))
	fmt.Println(r.Verify(key.Public(), []byte("message"), sig))
	// Output: true
}
