package localnet_test

import (
	"fmt"
	"testing"
	"time"

	"vaultnet/sim/localnet"
)

// Chunks find their eight vaults again when one of them is gone, and are no more than eight again after it has come back:
// who took its place keeps them until all eight have confirmed.
func TestChunksKeepEightHolders(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until a vault counts as gone")
	}
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 12, Accounts: 1})
	c, by := net.Client(t), net.Accounts()[0].Actor()
	const chunks = 20
	var contents [][]byte
	for i := range chunks {
		contents = append(contents, []byte(fmt.Sprint("chunk ", i)))
	}
	names, err := c.PutChunks(t.Context(), by, contents)
	if err != nil {
		t.Fatal(err)
	}
	held := func() (n int) {
		for _, s := range net.Status() {
			if s.Vault != nil {
				n += s.Vault.Chunks
			}
		}
		return n
	}
	reaches := func(what string, want int) {
		t.Helper()
		for deadline := time.Now().Add(90 * time.Second); held() != want; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d are held, want %d", what, held(), want)
			}
		}
	}
	reaches("stored", 8*chunks)
	most := 0 // the vault that holds most
	for i, s := range net.Status() {
		if s.Vault.Chunks > net.Status()[most].Vault.Chunks {
			most = i
		}
	}
	if err := net.StopVault(most); err != nil {
		t.Fatal(err)
	}
	reaches("without one", 8*chunks)
	for i, n := range names {
		if got, err := c.GetChunk(t.Context(), n); err != nil || string(got) != string(contents[i]) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := net.StartVault(soon(t), most); err != nil {
		t.Fatal(err)
	}
	reaches("all are back", 8*chunks)
}
