package network_test

import (
	"fmt"
	"os"
	"path/filepath"

	"vaultnet"
	"vaultnet/network"
)

func ExampleRead() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "network.json")
	made := network.File{Parameters: vaultnet.LocalParameters(),
		Bootstrap: []string{"/ip4/127.0.0.1/tcp/47000/p2p/12D3KooWLqPxu3fuceHKgpWwoTfTZYhWMgATtA31xeooWtpB18C4"}}
	if err := made.Write(path); err != nil {
		fmt.Println(err)
		return
	}

	f, err := network.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Name(), f.ID(), len(f.Bootstrap))
	// Output: local 200b84f4 1
}

func ExampleReadKey() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "alice.key")
	if err := network.WriteKey(path, network.NewSeed(), "alice"); err != nil {
		fmt.Println(err)
		return
	}

	alice, err := network.ReadKey(path)
	fmt.Println(alice.Signer().Public() == alice.Public(), err)
	// Output: true <nil>
}
