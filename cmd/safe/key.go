package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/client/keyring"
	"vaultnet/internal/commandline"
	"vaultnet/network"
)

func newKey(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "key",
		ShortUsage: "safe key <subcommand> [flags]",
		ShortHelp:  "Make and show the keys of people and apps.",
		LongHelp: `A key is a file that only you may read (mode 0600): whoever has it is you, and a lost one cannot be had again. Its
secret is never shown.

EXAMPLES
  safe key new alice               DIR/alice.key
  safe key new ./my-app.key        a file of its own
  safe key show alice              the public key
  safe key show                    all of them`,
		FlagSet:     commandline.NewFlagSet("safe key"),
		UsageFunc:   commandline.Usage,
		Exec:        noSubcommand("safe key"),
		Subcommands: []*ffcli.Command{newKeyNew(s), newKeyShow(s)},
	}
}

func newKeyNew(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe key new")
	c := common{streams: s}
	c.keyFlags(flags)
	var note string
	flags.StringVar(&note, "note", "", "one line of `TEXT` in the file, for people")
	return &ffcli.Command{
		Name:       "new",
		ShortUsage: "safe key new [flags] LABEL|FILE",
		ShortHelp:  "Make a key: under a label, 1 to 63 of a-z, 0-9 and -, or in a file (a name with a slash).",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(_ context.Context, args []string) error {
			if err := one(args, "LABEL or FILE"); err != nil {
				return err
			}
			path := args[0]
			if !keyring.IsPath(path) {
				if err := keyring.CheckLabel(path); err != nil {
					return usageError("%w", err)
				}
				dir, err := c.keyDir()
				if err != nil {
					return err
				}
				path = filepath.Join(dir, path+keyring.Suffix)
			}
			seed := network.NewSeed()
			err := network.WriteKey(path, seed, note)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already; safe key show %s shows its public key", path, args[0])
			}
			if err != nil {
				return err
			}
			return c.showKey(args[0], seed.Public(), path)
		},
	}
}

func newKeyShow(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe key show")
	c := common{streams: s}
	c.keyFlags(flags)
	return &ffcli.Command{
		Name:       "show",
		ShortUsage: "safe key show [flags] [LABEL|FILE]",
		ShortHelp:  "Show a public key, or all that have a label.",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(_ context.Context, args []string) error {
			if len(args) > 0 {
				if err := one(args, "LABEL or FILE, or none for all"); err != nil {
					return err
				}
			}
			ring, err := c.ring()
			if err != nil {
				return c.failed(err)
			}
			if len(args) == 0 {
				args = ring.Labels()
			}
			if len(args) == 0 && !c.json {
				fmt.Fprintf(c.err, "no keys in %s; make one: safe key new LABEL\n", ring.Dir())
			}
			for _, name := range args {
				k, err := ring.Key(name)
				if err != nil {
					return c.failed(exit{code: exitUsage, err: err})
				}
				path := name
				if !keyring.IsPath(name) {
					path = filepath.Join(ring.Dir(), name+keyring.Suffix)
				}
				if err := c.showKey(name, k.Public(), path); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// showKey tells the public half of a key.
func (c *common) showKey(name string, key vaultnet.PublicKey, path string) error {
	if !c.json {
		_, err := fmt.Fprintf(c.out, "%s  %s\n", key, name)
		return err
	}
	return json.NewEncoder(c.out).Encode(struct {
		OK   bool   `json:"ok"`
		Name string `json:"name"`
		Key  string `json:"key"`
		File string `json:"file"`
	}{true, name, key.String(), path})
}
