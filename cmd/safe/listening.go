package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

// nobodyListens says that nothing at all is there where the vaults of a network file listened: their machines answer, and
// refuse the connection. It is known at once, while a client would go on trying for as long as it may. Addresses that it
// cannot judge, and whatever else goes wrong, are left to the client.
func nobodyListens(ctx context.Context, bootstrap []string) error {
	if len(bootstrap) == 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	var first string
	for _, a := range bootstrap {
		address, ok := tcpAddress(a)
		if !ok {
			return nil
		}
		if first == "" {
			first = address
		}
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
			return nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
	}
	if n := len(bootstrap); n > 1 {
		return fmt.Errorf("its vaults are gone: nothing listens at %s, nor at %d more addresses", first, n-1)
	}
	return fmt.Errorf("its vault is gone: nothing listens at %s", first)
}

// tcpAddress is the host and port of a multiaddr /ip4/HOST/tcp/PORT/p2p/ID, or one with ip6.
func tcpAddress(multiaddr string) (string, bool) {
	parts := strings.Split(multiaddr, "/")
	if len(parts) != 7 || parts[0] != "" || parts[1] != "ip4" && parts[1] != "ip6" || parts[3] != "tcp" || parts[5] != "p2p" {
		return "", false
	}
	return net.JoinHostPort(parts[2], parts[4]), true
}
