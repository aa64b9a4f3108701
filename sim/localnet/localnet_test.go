package localnet_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaultnet/client"
	"vaultnet/sim/localnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFirst(t *testing.T) {
	began := time.Now()
	net := localnet.Start(t, localnet.Config{Vaults: 8, Accounts: 2, Apps: 1})
	t.Log("started", time.Since(began))
	c := net.Client(t)
	alice := net.Accounts()[0].Actor()
	notes := client.Address("notes", 15000)
	if _, err := c.Put(t.Context(), alice, notes, client.Object{}); err != nil {
		t.Fatal(err)
	}
	t.Log("put", time.Since(began))
}
