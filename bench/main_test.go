package bench_test

import (
	"testing"

	"go.uber.org/goleak"

	"vaultnet/bench"
)

func TestMain(m *testing.M) {
	bench.VaultProcess() // the test's own program is the vaults of some tests
	goleak.VerifyTestMain(m)
}
