package memory_test

import (
	"fmt"

	"vaultnet"
	"vaultnet/vault/store/memory"
)

func ExampleStore_Crash() {
	s := memory.NewCrashing(nil)
	s.Apply([]vaultnet.Write{{Key: []byte("vote"), Value: []byte("yes")}}, true)
	s.Apply([]vaultnet.Write{{Key: []byte("vote"), Value: []byte("no")}}, false)
	s.Crash(0, 0) // power fails before the second is synced
	v, _ := s.Get([]byte("vote"))
	fmt.Printf("%s\n", v)
	// Output: yes
}
