package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"

	"github.com/peterbourgon/ff/v3"

	"vaultnet/internal/commandline"
	"vaultnet/routing"
)

// settings are the flags of run.
type settings struct {
	flags     *flag.FlagSet
	data      *string
	config    string
	listen    string
	bootstrap string
	capacity  commandline.Size
	memory    commandline.Size
	peers     int
	workers   int
	sync      string
	metrics   string
	json      bool
	verbose   bool
}

func newSettings() *settings {
	s := &settings{flags: commandline.NewFlagSet("vault run"), memory: 1 << 30}
	s.data = dataFlag(s.flags)
	s.flags.StringVar(&s.config, "config", "", "config `file`; default: vault.conf in the data folder, where there is one")
	s.flags.StringVar(&s.listen, "listen", defaultListen, "`multiaddrs` to listen on, with commas between")
	s.flags.StringVar(&s.bootstrap, "bootstrap", "", "`multiaddrs` of vaults, beside those of the network file, with commas between")
	s.flags.Var(&s.capacity, "capacity", "`bytes` of data it is willing to hold, such as 10GiB; default any amount")
	s.flags.Var(&s.memory, "memory", "`bytes` of idle objects kept in memory")
	s.flags.IntVar(&s.peers, "peers", routing.DefaultPeers, "connections above which the least useful are closed")
	s.flags.IntVar(&s.workers, "workers", 0, "frames verified at once; default one for each processor")
	s.flags.StringVar(&s.sync, "sync", "always", "always: on disk before it is promised; never: survives a kill, not a loss of power")
	s.flags.StringVar(&s.metrics, "metrics", "", "`address` for Prometheus, as 9100 (on this machine) or 0.0.0.0:9100; serves /metrics and /healthz")
	s.flags.BoolVar(&s.json, "json", false, "print JSON, a line each")
	s.flags.BoolVar(&s.verbose, "v", false, "log every refusal and every change of a set")
	return s
}

// complete reads the config file and checks all.
func (s *settings) complete() error {
	options := []ff.Option{ff.WithConfigFileParser(ff.PlainParser), ff.WithConfigFile(s.config)}
	if s.config == "" {
		options = []ff.Option{ff.WithConfigFileParser(ff.PlainParser), ff.WithConfigFile(folder(*s.data).config()), ff.WithAllowMissingConfigFile(true)}
	}
	if err := ff.Parse(s.flags, nil, options...); err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	if s.sync != "always" && s.sync != "never" {
		return fmt.Errorf("-sync %q: want always or never", s.sync)
	}
	if len(split(s.listen)) == 0 {
		return errors.New("-listen names no address")
	}
	if s.metrics != "" {
		address, err := metricsAddress(s.metrics)
		if err != nil {
			return err
		}
		s.metrics = address
	}
	return nil
}

// metricsAddress completes an address: on this machine alone where nothing else is said.
func metricsAddress(text string) (string, error) {
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return "", fmt.Errorf("-metrics %q: want a port such as 9100, or an address such as 0.0.0.0:9100", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
