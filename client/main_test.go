package client

import (
	"testing"

	"go.uber.org/goleak"

	"vaultnet/internal/patient"
)

// No goroutine outlives the clients and vaults of the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(patient.Tests{M: m}) }
