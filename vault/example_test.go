package vault_test

import (
	"context"
	"fmt"

	"vaultnet"
	"vaultnet/routing"
	"vaultnet/vault"
	"vaultnet/vault/store/memory"
)

// A network of two vaults within the process. The second finds it by the first.
func ExampleStart() {
	ctx := context.Background()
	base := vault.Config{Parameters: vaultnet.LocalParameters(), Fabric: routing.NewMemory()}

	first := base
	first.Seed, first.Listen, first.Store = [32]byte{1}, []string{"/memory/1"}, memory.New(nil)
	a, err := vault.Start(ctx, first)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()

	second := base
	second.Seed, second.Listen, second.Store = [32]byte{2}, []string{"/memory/2"}, memory.New(nil)
	second.Bootstrap = a.Addresses()
	b, err := vault.Start(ctx, second)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()

	s, err := b.Status()
	fmt.Println(s.Name, s.Joined, s.Objects, err)
	// Output: local true 0 <nil>
}

// What a stopped vault holds is verified off line.
func ExampleCheck() {
	store := memory.New(nil)
	v, err := vault.Start(context.Background(), vault.Config{Seed: [32]byte{1}, Parameters: vaultnet.LocalParameters(),
		Listen: []string{"/memory/1"}, Fabric: routing.NewMemory(), Store: store})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := v.Close(); err != nil {
		fmt.Println(err)
		return
	}
	report, err := vault.Check(context.Background(), store, v.Key(), vaultnet.LocalParameters(), func(c vault.Checked) {
		if c.Err != nil {
			fmt.Println("damaged:", c.Address, c.Err)
		}
	})
	fmt.Println(report.Objects, report.Damaged, report.Clean, err)
	// Output: 0 0 true <nil>
}
