package localnet

import (
	"context"
	"time"

	"vaultnet"
	"vaultnet/client"
)

// T is what of a testing.TB the package uses.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// Brief are parameters of a test's network in which nothing outlives its owner's word for long: a revocation, which waits
// until the last permit has expired and clocks may differ, takes some five seconds instead of fourteen.
func Brief() vaultnet.Parameters {
	p := vaultnet.LocalParameters()
	p.PermitLifetime, p.Skew = 3*time.Second, time.Second
	return p
}

// startTime is how long a network of a test may take to start, on a machine that does much else.
const startTime = 2 * time.Minute

// Start starts a network for a test and stops it when the test ends. The test fails where either does.
func Start(t T, cfg Config) *Network {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	n, err := New(ctx, cfg)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("stopping the network: %v", err)
		}
	})
	return n
}

// Client connects a client for a test and closes it when the test ends, before the network stops.
func (n *Network) Client(t T) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	c, err := n.Connect(ctx)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing the client: %v", err)
		}
	})
	return c
}
