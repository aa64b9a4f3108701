package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/batch"
	"vaultnet/internal/commandline"
)

func newChunk(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "chunk",
		ShortUsage: "safe chunk <subcommand> [flags]",
		ShortHelp:  "Store and read content of up to 1 MiB under its SHA-256.",
		LongHelp: `EXAMPLES
  safe chunk put -as alice photo.jpg
  echo hello | safe chunk put -as alice -
  safe chunk get 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 > hello.txt`,
		FlagSet:     commandline.NewFlagSet("safe chunk"),
		UsageFunc:   commandline.Usage,
		Exec:        noSubcommand("safe chunk"),
		Subcommands: []*ffcli.Command{newChunkPut(s), newChunkGet(s)},
	}
}

func newChunkPut(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe chunk put")
	c := &verb{common: common{streams: s}, operation: batch.Find("put-chunk").New(), given: map[string]bool{}, needed: []string{"as"}}
	for _, f := range c.operation.Flags() {
		if f.Name == "content" {
			continue // the file is the content
		}
		flags.Var(&value{flag: f, given: c.given}, f.Name, f.About)
	}
	c.flags(flags)
	return &ffcli.Command{
		Name:       "put",
		ShortUsage: "safe chunk put [flags] FILE",
		ShortHelp:  "Store a file, - for the standard input, and print its name.",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if err := one(args, "FILE, or - for the standard input"); err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			content, err := readFile(s, args[0])
			if err != nil {
				return exit{code: exitUsage, err: err}
			}
			c.operation.SetContent(content)
			return c.perform(ctx, c.operation, func(a *batch.Answer) error {
				_, err := fmt.Fprintln(c.out, a.Find("name"))
				return err
			})
		},
	}
}

func readFile(s streams, path string) ([]byte, error) {
	if path == "-" {
		return batch.ReadContent(s.in)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := batch.ReadContent(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func newChunkGet(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe chunk get")
	c := &verb{common: common{streams: s}, operation: batch.Find("get-chunk").New(), given: map[string]bool{}}
	var setName func(string) error
	for _, f := range c.operation.Flags() {
		if f.Name == "name" {
			setName = f.Set // the argument is the name
			continue
		}
		flags.Var(&value{flag: f, given: c.given}, f.Name, f.About)
	}
	var out string
	flags.StringVar(&out, "o", "", "write to `FILE`, which must not be there yet (default: the standard output)")
	c.flags(flags)
	return &ffcli.Command{
		Name:       "get",
		ShortUsage: "safe chunk get [flags] NAME",
		ShortHelp:  "Read a chunk by its name: 64 hex digits.",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if err := one(args, "NAME"); err != nil {
				return err
			}
			if err := setName(args[0]); err != nil {
				return usageError("name: %w", err)
			}
			return c.perform(ctx, c.operation, func(a *batch.Answer) error {
				content, _ := a.Find("content").(batch.Content)
				if out != "" {
					return writeNew(out, content)
				}
				_, err := c.out.Write(content)
				return err
			})
		},
	}
}

// writeNew writes a file that is not there yet, whole or not at all.
func writeNew(path string, content []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), ".safe-*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(content)
	err = errors.Join(err, t.Chmod(0o644), t.Sync(), t.Close())
	if err == nil {
		err = os.Link(t.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", path)
	}
	return err
}
