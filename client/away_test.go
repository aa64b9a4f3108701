package client_test

import (
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/sim/localnet"
)

// A vault that is away costs little once it is suspected, although it is the first proposer of every sixth block: neither
// its proposal is waited for nor, in a round that came to nothing, that of a member with other news.
func TestAVaultAwayCostsLittle(t *testing.T) {
	params := vaultnet.LocalParameters()
	params.LeaveAfter = 10 * time.Minute // it stays a member
	net := localnet.Start(t, localnet.Config{Vaults: 6, Parameters: params})
	c, err := net.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	at := client.Address("notes", 1)
	if _, err := c.Put(t.Context(), alice, at, client.Object{}); err != nil {
		t.Fatal(err)
	}
	var version mutabledata.Version
	write := func(n int) []time.Duration {
		var took []time.Duration
		for range n {
			change := client.Insert("k", nil)
			if version > 0 {
				change = client.Update("k", nil, version)
			}
			begun := time.Now()
			if _, err := c.Mutate(t.Context(), alice, at, change); err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(begun))
			version++
		}
		slices.Sort(took)
		return took
	}
	all := write(30)
	if err := net.StopVault(2); err != nil {
		t.Fatal(err)
	}
	away := write(36)
	t.Logf("median %v with all, %v with one of six away; the slowest six %v", all[15], away[18], away[30:])
	if away[32] > 500*time.Millisecond { // RoundTimeout alone; by chance and load a few may take longer
		t.Errorf("four of 36 took longer than %v with one of six vaults away", away[32])
	}
}
