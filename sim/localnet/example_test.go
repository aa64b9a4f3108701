package localnet_test

import (
	"context"
	"fmt"

	"vaultnet/client"
	"vaultnet/sim/localnet"
)

// In a test, Start and Client take t and clean up by themselves.
func ExampleNew() {
	ctx := context.Background()
	net, err := localnet.New(ctx, localnet.Config{Vaults: 8, Accounts: 1})
	if err != nil {
		panic(err)
	}
	defer net.Close()
	c, err := net.Connect(ctx)
	if err != nil {
		panic(err)
	}
	defer c.Close()

	alice := net.Accounts()[0].Actor()
	notes := client.Address("notes", 15000)
	if _, err := c.Put(ctx, alice, notes, client.Object{}); err != nil {
		panic(err)
	}
	if _, err := c.Mutate(ctx, alice, notes, client.Insert("first", []byte("hello"))); err != nil {
		panic(err)
	}
	first, height, err := c.GetValue(ctx, notes, "first")
	fmt.Printf("%s at height %d, %v\n", first.Content, height, err)
	// Output: hello at height 2, <nil>
}
