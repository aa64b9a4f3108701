package client

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine outlives the clients and vaults of the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
