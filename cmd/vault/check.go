package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/internal/commandline"
	"vaultnet/vault"
)

// checkedObject is what check -json prints of an object.
type checkedObject struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Tag     uint64 `json:"tag"`
	Height  uint64 `json:"height"`
	Digest  string `json:"digest"` // of the block at Height, which covers the whole state
	Members int    `json:"members"`
	Member  bool   `json:"member"`
	Open    bool   `json:"half-open,omitempty"`
	Bytes   int64  `json:"bytes"`
	Damage  string `json:"damage,omitempty"`
}

// checkedChunk is what it prints of a chunk.
type checkedChunk struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	Orphan bool   `json:"orphan,omitempty"`
	Damage string `json:"damage,omitempty"`
}

// checked is all that check -json prints. Vaults that hold the same print the same under "objects" and "chunks-held",
// but for members that are behind.
type checked struct {
	Key     string          `json:"key"`
	Network string          `json:"network"`
	Objects int             `json:"objects"`
	Chunks  int             `json:"chunks"`
	Bytes   int64           `json:"bytes"`
	Orphans int             `json:"orphans"`
	Damaged int             `json:"damaged"`
	Clean   bool            `json:"stopped-in-good-order"`
	List    []checkedObject `json:"objects-held"`
	Held    []checkedChunk  `json:"chunks-held"`
}

func newCheck(stdout, stderr io.Writer) *ffcli.Command {
	flags := commandline.NewFlagSet("vault check")
	data := dataFlag(flags)
	asJSON := flags.Bool("json", false, "print JSON, with every object's height and digest")
	verbose := flags.Bool("v", false, "print a line for every object")
	return &ffcli.Command{
		Name:       "check",
		ShortUsage: "vault check -data FOLDER [flags]",
		ShortHelp:  "Verify all that a stopped vault holds: every object's digest and certificate, every chunk's hash.",
		LongHelp:   "Nothing is changed. It exits with 1 where anything is damaged.",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Options:    []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return wrongUsage(fmt.Errorf("check: what is %q?", args[0]))
			}
			return check(ctx, folder(*data), *asJSON, *verbose, stdout, stderr)
		},
	}
}

func check(ctx context.Context, f folder, asJSON, verbose bool, stdout, stderr io.Writer) error {
	file, seed, err := f.open()
	if err != nil {
		return err
	}
	s, err := f.openStore(true)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no vault has run on it yet: there is nothing to check", string(f))
	}
	if err != nil {
		return err
	}
	defer s.Close()
	all := checked{Key: seed.Public().String(), Network: file.Name(), List: []checkedObject{}, Held: []checkedChunk{}}
	r, err := vault.Check(ctx, s, seed.Public(), file.Parameters, func(c vault.Checked) {
		if c.Err != nil && !asJSON {
			fmt.Fprintf(stderr, "damaged: %v: %v\n", c.Address, c.Err)
		}
		switch {
		case asJSON:
			all.add(c)
		case verbose && c.Err == nil && c.Height > 0:
			fmt.Fprintf(stdout, "%v %x/%d height %d digest %x, %d members, %d bytes\n", c.Address.Kind, c.Address.Name[:], c.Address.Tag,
				c.Height, c.Header[:], c.Members, c.Bytes)
		}
	})
	if err != nil {
		return err
	}
	if asJSON {
		all.Objects, all.Chunks, all.Bytes, all.Orphans, all.Damaged, all.Clean = r.Objects, r.Chunks, r.Bytes, r.Orphans, r.Damaged, r.Clean
		if err := json.NewEncoder(stdout).Encode(all); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(stdout, "vault %s: %d objects, %d chunks, %d bytes; %d damaged\n", seed.Public().Short(), r.Objects, r.Chunks, r.Bytes, r.Damaged)
		if r.Orphans > 0 {
			fmt.Fprintf(stdout, "%d chunks that nothing speaks of, as a crash may leave them: no damage\n", r.Orphans)
		}
		if !r.Clean {
			fmt.Fprintln(stdout, "it was not stopped in good order")
		}
	}
	if r.Damaged > 0 {
		if !asJSON {
			fmt.Fprintf(stderr, "vault: what is damaged the other members still hold: begin with an empty data folder (vault init -network %s)\n", f.network())
		}
		return errSaid
	}
	return nil
}

func (all *checked) add(c vault.Checked) {
	damage := ""
	if c.Err != nil {
		damage = c.Err.Error()
	}
	name := fmt.Sprintf("%x", c.Address.Name[:])
	if c.Address.Kind == vaultnet.KindImmutableData {
		all.Held = append(all.Held, checkedChunk{Name: name, Bytes: c.Bytes, Orphan: c.Orphan, Damage: damage})
		return
	}
	if c.Err == nil && c.Height == 0 {
		return // nothing is decided there
	}
	kind := ""
	if c.Address != (vaultnet.Address{}) {
		kind = c.Address.Kind.String()
	}
	all.List = append(all.List, checkedObject{Kind: kind, Name: name, Tag: uint64(c.Address.Tag), Height: uint64(c.Height),
		Digest: fmt.Sprintf("%x", c.Header[:]), Members: c.Members, Member: c.Member, Open: c.Open, Bytes: c.Bytes, Damage: damage})
}
