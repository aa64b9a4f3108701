package routing_test

import (
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/routing"
)

func TestConfigNamesWhatIsWrong(t *testing.T) {
	good := func() routing.Config {
		return routing.Config{Vault: true, Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1", "/memory/3"},
			Bootstrap: []string{"/ip4/127.0.0.1/tcp/1/p2p/" + peerID(t, 1), "/dns4/example.org/tcp/1/p2p/" + peerID(t, 1)}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*routing.Config){
		"peers: 3":              func(c *routing.Config) { c.Peers = 3 },
		"peers: 1000000":        func(c *routing.Config) { c.Peers = 1_000_000 },
		"-1 frames":             func(c *routing.Config) { c.QueueFrames = -1 },
		"100 bytes":             func(c *routing.Config) { c.QueueBytes = 100 },
		"queues of all peers":   func(c *routing.Config) { c.QueuesBytes = vaultnet.MaxFrame },
		"write timeout: 1ns":    func(c *routing.Config) { c.Write = 1 },
		"latency: -1ns":         func(c *routing.Config) { c.Latency = -1 },
		"latency: 1h":           func(c *routing.Config) { c.Latency = time.Hour },
		"needs an address":      func(c *routing.Config) { c.Listen = nil },
		`listen address "x"`:    func(c *routing.Config) { c.Listen = []string{"x"} },
		`bootstrap address "y"`: func(c *routing.Config) { c.Bootstrap = append(c.Bootstrap, "y") },
		`bootstrap address "/ip4/127.0.0.1/tcp/1"`: func(c *routing.Config) { c.Bootstrap = []string{"/ip4/127.0.0.1/tcp/1"} },
	} {
		c := good()
		spoil(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
		if n, err := routing.New(c, newRecorder()); err == nil {
			n.Close()
			t.Errorf("New accepts a configuration with %q", want)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	for _, listen := range []string{tcp, quic, "/memory/5"} {
		network := routing.NewMemory()
		first := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{listen}, Memory: network}, newRecorder())
		taken := strings.Split(first.Addresses()[0], "/p2p/")[0]
		n, err := routing.New(routing.Config{Seed: seed(1), Vault: true, Listen: []string{taken}, Memory: network}, newRecorder())
		if err == nil {
			n.Close()
			t.Errorf("two nodes listen at %s", taken)
		} else if !strings.Contains(err.Error(), taken) {
			t.Errorf("the error does not name %s: %v", taken, err)
		}
	}
}
