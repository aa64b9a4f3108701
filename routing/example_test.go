package routing_test

import (
	"context"
	"fmt"

	"vaultnet"
	"vaultnet/routing"
)

// printer prints the frames that come.
type printer struct{ came chan string }

func (p printer) Frame(_ vaultnet.PublicKey, frame []byte) error {
	p.came <- string(frame)
	return nil
}
func (printer) Up(vaultnet.PublicKey)      {}
func (printer) Down(vaultnet.PublicKey)    {}
func (printer) Known([]vaultnet.PublicKey) {}

func Example() {
	ctx := context.Background()
	network := vaultnet.LocalParameters().ID()
	handler := printer{came: make(chan string, 1)}

	// The first vault of a network names no other.
	vault, err := routing.New(routing.Config{
		Seed: [32]byte{1}, Network: network, Vault: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"},
	}, handler)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vault.Close()
	if err := vault.Join(ctx); err != nil {
		fmt.Println(err)
		return
	}

	// A client needs the address of any vault, and listens nowhere.
	client, err := routing.New(routing.Config{
		Seed: [32]byte{2}, Network: network, Bootstrap: vault.Addresses(),
	}, printer{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	if err := client.Join(ctx); err != nil {
		fmt.Println(err)
		return
	}
	client.Send(vault.Identity(), []byte("hello"))
	fmt.Println(<-handler.came)
	// Output: hello
}
