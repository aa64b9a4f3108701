package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaultnet/network"
)

const (
	firstPort = 47000
	hundred   = 100
	lastPort  = 64900
)

// portOf is the first port of the network of a name: 47000 for the usual one, else the next hundred that no other name
// has and of which nobody else uses the first ones that are needed, remembered in folder as a file called by the port that
// holds the name.
func portOf(folder, name string, needed int) (int, error) {
	if name == network.DefaultName {
		return firstPort, nil
	}
	ports := filepath.Join(folder, "ports")
	if err := os.MkdirAll(ports, 0o700); err != nil {
		return 0, err
	}
	taken, err := os.ReadDir(ports)
	if err != nil {
		return 0, err
	}
	for _, e := range taken {
		port, err := strconv.Atoi(e.Name())
		if err != nil || port <= firstPort || port > lastPort {
			continue
		}
		if b, err := os.ReadFile(filepath.Join(ports, e.Name())); err == nil && strings.TrimSpace(string(b)) == name {
			return port, nil
		}
	}
	for port := firstPort + hundred; port <= lastPort; port += hundred {
		if !free(port, needed) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(ports, strconv.Itoa(port)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		_, err = fmt.Fprintln(f, name)
		return port, errors.Join(err, f.Close())
	}
	return 0, fmt.Errorf("no hundred of ports is left for %q: remove files of networks that are gone from %s, or choose -port", name, ports)
}

// free reports whether nobody uses some ports.
func free(first, number int) bool {
	for port := first; port < first+number; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
