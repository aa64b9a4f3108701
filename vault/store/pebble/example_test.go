package pebble_test

import (
	"fmt"
	"os"

	"vaultnet"
	"vaultnet/vault/store"
	"vaultnet/vault/store/pebble"
)

func ExampleOpen() {
	folder, err := os.MkdirTemp("", "vault")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	s, err := pebble.Open(folder, pebble.Config{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	if err := store.CheckFormat(s); err != nil {
		panic(err)
	}
	s.Apply([]vaultnet.Write{{Key: []byte("vote"), Value: []byte("yes")}}, true)
	v, _ := s.Get([]byte("vote"))
	fmt.Printf("%s\n", v)
	// Output: yes
}
