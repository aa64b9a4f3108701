package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/internal/commandline"
	"vaultnet/network"
	"vaultnet/routing"
)

// defaultListen is where a vault listens that was told nothing else: TCP and QUIC, for everybody.
const defaultListen = "/ip4/0.0.0.0/tcp/47000,/ip4/0.0.0.0/udp/47000/quic-v1"

// initialization is the command init.
type initialization struct {
	flags      *flag.FlagSet
	stdout     io.Writer
	data       *string
	fresh      bool
	network    string
	listen     string
	address    string
	json       bool
	parameters func() vaultnet.Parameters
}

func newInit(stdout io.Writer) *ffcli.Command {
	i := &initialization{flags: commandline.NewFlagSet("vault init"), stdout: stdout}
	i.data = dataFlag(i.flags)
	i.flags.BoolVar(&i.fresh, "new", false, "make a new network, of which this is the first vault")
	i.flags.StringVar(&i.network, "network", "", "join the network of this network `file`")
	i.flags.StringVar(&i.listen, "listen", defaultListen, "`multiaddrs` to listen on, with commas between")
	i.flags.StringVar(&i.address, "address", "", "with -new: `multiaddrs` by which others reach this vault; default: where it listens")
	i.flags.BoolVar(&i.json, "json", false, "print JSON")
	i.parameters = parameterFlags(i.flags)
	return &ffcli.Command{
		Name:       "init",
		ShortUsage: "vault init -data FOLDER (-new [parameters] | -network FILE) [flags]",
		ShortHelp:  "Make the data folder of a vault of a new network, or of one that is there.",
		LongHelp: strings.TrimSpace(`
The folder gets a new key (vault.key, which nobody but you may read), the network file (network.json: give that to whoever
joins) and vault.conf with where to listen. With -new the parameters of the network are fixed for good.`),
		FlagSet:   i.flags,
		UsageFunc: commandline.Usage,
		Options:   []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec:      i.exec,
	}
}

func (i *initialization) exec(_ context.Context, args []string) error {
	switch {
	case len(args) > 0:
		return wrongUsage(fmt.Errorf("init: what is %q?", args[0]))
	case i.fresh == (i.network != ""):
		return wrongUsage(errors.New("init: say -new for a new network, or -network FILE to join one"))
	}
	f := folder(*i.data)
	for _, path := range []string{f.key(), f.network(), f.store()} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already: give each vault an empty data folder of its own", path)
		}
	}
	var seed network.Seed
	if _, err := rand.Read(seed[:]); err != nil {
		return err
	}
	var file *network.File
	var err error
	if i.fresh {
		if file, err = i.found(seed); err != nil {
			return wrongUsage(err)
		}
	} else {
		if err := i.onlyNew(); err != nil {
			return wrongUsage(err)
		}
		if file, err = network.Read(i.network); err != nil {
			return err
		}
		file.Sample = nil // of another machine's, or process's
		if len(file.Bootstrap) == 0 {
			return fmt.Errorf("%s names no vault to join by: add bootstrap addresses", i.network)
		}
	}
	if err := i.write(f, file, seed); err != nil {
		return err
	}
	return i.say(f, file, seed)
}

// onlyNew refuses flags that are for new networks.
func (i *initialization) onlyNew() error {
	var wrong error
	known := commandline.NewFlagSet("parameters")
	parameterFlags(known)
	i.flags.Visit(func(f *flag.Flag) {
		if wrong == nil && (known.Lookup(f.Name) != nil || f.Name == "address") {
			wrong = fmt.Errorf("init: -%s is for new networks: the network file fixes it", f.Name)
		}
	})
	return wrong
}

// found makes the network file of a new network.
func (i *initialization) found(seed network.Seed) (*network.File, error) {
	p := i.parameters()
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("init: %w", err)
	}
	id, err := routing.PeerID(seed.Public())
	if err != nil {
		return nil, err
	}
	addresses := split(i.address)
	if len(addresses) == 0 {
		for _, a := range split(i.listen) {
			addresses = append(addresses, reachable(a))
		}
	}
	for n, a := range addresses {
		if !strings.Contains(a, "/p2p/") {
			addresses[n] = a + "/p2p/" + id.String()
		}
	}
	file := &network.File{Parameters: p, Bootstrap: addresses}
	return file, file.Validate()
}

// reachable is a listen address as something on this machine reaches it.
func reachable(a string) string {
	a = strings.Replace(a, "/ip4/0.0.0.0/", "/ip4/127.0.0.1/", 1)
	return strings.Replace(a, "/ip6/::/", "/ip6/::1/", 1)
}

// split takes a list with commas apart.
func split(list string) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(list, " ", ""), ","), func(s string) bool { return s == "" })
}

// write makes the folder's files, the key last: without it the folder is none.
func (i *initialization) write(f folder, file *network.File, seed network.Seed) error {
	cfg := routing.Config{Seed: seed, Network: file.ID(), Vault: true, Listen: split(i.listen), Bootstrap: file.Bootstrap}
	if err := cfg.Validate(); err != nil {
		return wrongUsage(err)
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	if err := file.Write(f.network()); err != nil {
		return err
	}
	config := fmt.Sprintf("# Flags of vault run, a line \"name value\" each; see vault run -h.\nlisten %s\n", strings.Join(split(i.listen), ","))
	if err := os.WriteFile(f.config(), []byte(config), 0o644); err != nil {
		return err
	}
	return network.WriteKey(f.key(), seed, "identity of a vault: one vault at a time may run with it")
}

// made is what init -json prints.
type made struct {
	Data    string   `json:"data"`
	Key     string   `json:"key"`
	Network string   `json:"network"`
	ID      string   `json:"id"`
	File    string   `json:"network-file"`
	Address []string `json:"bootstrap"`
}

func (i *initialization) say(f folder, file *network.File, seed network.Seed) error {
	id := file.ID()
	if i.json {
		return json.NewEncoder(i.stdout).Encode(made{Data: string(f), Key: seed.Public().String(), Network: file.Name(),
			ID: fmt.Sprintf("%x", id[:]), File: f.network(), Address: file.Bootstrap})
	}
	fmt.Fprintf(i.stdout, "vault %s of network %s in %s\n", seed.Public().Short(), title(file), string(f))
	if i.fresh {
		fmt.Fprintf(i.stdout, "others join with: vault init -data FOLDER -network %s\n", f.network())
		if i.address == "" && strings.Contains(i.listen, "0.0.0.0") {
			fmt.Fprintf(i.stdout, "%s says where this machine reaches it; for others put a public address into \"bootstrap\"\n", f.network())
		}
	}
	fmt.Fprintf(i.stdout, "next: vault run -data %s\n", string(f))
	return nil
}

// title names a network for people.
func title(file *network.File) string {
	if file.Name() == "" {
		return file.ID().String()
	}
	return fmt.Sprintf("%s (%v)", file.Name(), file.ID())
}
