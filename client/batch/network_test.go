package batch_test

import (
	"path/filepath"
	"testing"

	"vaultnet/sim/localnet"
)

// TestTranscriptsOnANetwork: a real network answers as the transcripts say.
func TestTranscriptsOnANetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	for _, path := range []string{"testdata/accounts.txt", "testdata/data.txt", "testdata/reads.txt"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			net := localnet.Start(t, localnet.Config{Vaults: 12})
			readTranscript(t, path).play(t, net.Client(t), path)
		})
	}
}
