package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/routing"
	"vaultnet/sim/localnet"
)

// patient is a context that is generous on a machine with much to do.
func patient(t testing.TB) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// Over real vaults and package routing everything is as over cores in one process.
func TestOverRealVaults(t *testing.T) {
	for name, cfg := range map[string]localnet.Config{"memory": {Vaults: 10, Accounts: 1}, "TCP": {Vaults: 4, Accounts: 1, TCP: true},
		"QUIC": {Vaults: 4, Accounts: 1, TCP: true, QUIC: true}} {
		t.Run(name, func(t *testing.T) {
			net := localnet.Start(t, cfg)
			c := net.Client(t)
			ctx, alice := patient(t), net.Accounts()[0].Actor()
			at := client.Address("notes", 15000)
			r, err := c.Put(ctx, alice, at, client.Object{Entries: map[mutabledata.Key][]byte{"first": []byte("hello")}})
			if err != nil || r.Height == 0 {
				t.Fatalf("%+v %v", r, err)
			}
			m, err := c.Mutate(ctx, alice, at, client.Insert("second", []byte("hi")), client.Update("first", []byte("hello again"), 1))
			if err != nil || m.Height <= r.Height || m.Versions["first"] != 1 {
				t.Fatalf("%+v %v", m, err)
			}
			v, height, err := c.GetValue(ctx, at, "first")
			if err != nil || string(v.Content) != "hello again" || height < m.Height {
				t.Fatalf("%q at %d: %v", v.Content, height, err)
			}
			if n := c.Vaults(); n != cfg.Vaults {
				t.Logf("connected with %d vaults", n) // the others are met when they are needed
			}
		})
	}
}

func TestNoVaultRuns(t *testing.T) {
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 1})
	cfg := client.ConfigOf(net.File())
	cfg.Fabric = net.Config().Fabric
	if err := net.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	_, err := client.Connect(ctx, cfg)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), cfg.Bootstrap[0]) || !strings.Contains(err.Error(), "is it running") {
		t.Error(err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
}

func TestVaultsOfAnotherNetwork(t *testing.T) {
	net := localnet.Start(t, localnet.Config{Vaults: 1})
	cfg := client.ConfigOf(net.File())
	cfg.Fabric = net.Config().Fabric
	cfg.Parameters.Skew = 3 * time.Second
	_, err := client.Connect(patient(t), cfg)
	if foreign := (*routing.ForeignError)(nil); !errors.As(err, &foreign) || foreign.Parameter != "skew" || !strings.Contains(err.Error(), "parameter skew differs") {
		t.Error(err)
	}
}
