package signature_test

import (
	"sync"
	"testing"

	"vaultnet/internal/signature"
)

// A vault's pool of workers shares one verifier, whose memory is small here so that it is forgetting all the time.
func TestOneVerifierForManyWorkers(t *testing.T) {
	v := signature.NewVerifier(6)
	items := mixed(t, 24, func(i int) int { return i })
	want := make([]bool, len(items))
	for i, it := range items {
		want[i] = signature.NewVerifier(0).Verify(it.Key, it.Message, it.Signature)
	}
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for round := range 3 {
				if (worker+round)%2 == 0 {
					for i, ok := range v.VerifyBatch(items) {
						if ok != want[i] {
							t.Errorf("batch: item %d is %v", i, ok)
						}
					}
					continue
				}
				for i, it := range items {
					if v.Verify(it.Key, it.Message, it.Signature) != want[i] || want[i] && !v.ValidKey(it.Key) {
						t.Errorf("single: item %d is not %v", i, want[i])
					}
				}
			}
		})
	}
	wait.Wait()
}
