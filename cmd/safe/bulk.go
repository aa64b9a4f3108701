package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"vaultnet/client/container"
)

// bulk is what a command is going to do to many files: it is told, with what it costs, before it begins.
type bulk struct {
	a    *acting
	verb string // "store", "fetch", "remove" …

	dry, yes bool

	files, directories int
	same               int // that need nothing
	bytes              int64
	operations         int64
	lines              []string // each thing, for -dry-run
}

func (b *bulk) flags(f *flag.FlagSet) {
	f.BoolVar(&b.dry, "dry-run", false, "say what would be done and what it costs, and do nothing")
	f.BoolVar(&b.yes, "yes", false, "do not ask; begin also where the account may not have enough operations left")
}

func (b *bulk) add(operations int64, bytes int64) {
	b.operations += operations
	b.bytes += bytes
}

func (b *bulk) line(format string, args ...any) {
	if b.dry {
		b.lines = append(b.lines, fmt.Sprintf(format, args...))
	}
}

// putCost is how many operations a file takes: one for each chunk of its content and of their lists, one for its record.
func putCost(size int64) int64 {
	if size <= container.MaxInline {
		return 1
	}
	const chunk, list = container.MaxChunk, 1024
	n := (size + chunk - 1) / chunk
	all := n
	for n > 32 {
		n = (n + list - 1) / list
		all += n
	}
	return all + 1
}

// smallCost is how many operations so many files take that are kept in their records and come into one directory: a part of
// it takes up to 96 names at once, and is filled by half on average.
func smallCost(files int) int64 { return int64(files+47) / 48 }

// mkdirCost is how many operations a directory takes: its container, and its record.
const mkdirCost = 2

// survey counts what is below a directory that is to be removed.
func (b *bulk) survey(ctx context.Context, s *spot) error {
	list, err := s.fs.ReadDir(ctx, s.name)
	if err != nil {
		return s.told(err)
	}
	b.directories++
	b.add(int64(len(list)+95)/96+1, 0) // names that share a node go together; the directory is closed before
	for _, info := range list {
		child := s.below(info.Name())
		b.line("%s", shownName(child.path, info))
		if info.IsDir() && !info.IsLink() {
			if err := b.survey(ctx, child); err != nil {
				return err
			}
			continue
		}
		b.files++
		b.bytes += info.Size()
	}
	return nil
}

// free is how many operations a command may cost before it is told without having been asked for.
const free = 20

// begin tells what is going to be done, and what it costs. False: it is not to be done.
func (b *bulk) begin(ctx context.Context, quiet bool) (bool, error) {
	a := b.a
	enough, left := true, int64(-1)
	if b.operations > 0 && a.account != nil {
		view, _, err := a.client.Account(ctx, a.actor())
		if err != nil {
			return false, err
		}
		left = view.Available
		enough = b.operations <= left
	}
	if b.dry {
		return false, b.tell(left)
	}
	if quiet && b.operations <= free && enough {
		return true, nil
	}
	text := b.summary(left)
	if !enough && !b.yes {
		return false, exit{code: exitRefused, err: errors.New(text + "\nNot enough operations: nothing was begun. -yes begins all the same; in a local network: safe account top-up -operations N")}
	}
	if a.json {
		return true, nil
	}
	fmt.Fprintln(a.err, text)
	if b.yes {
		return true, nil
	}
	if yes, asked := confirm(ctx, a.streams, "Go on?"); asked && !yes {
		return false, exit{code: exitRefused, err: errors.New("nothing was begun")}
	}
	return true, nil
}

// summary is one line.
func (b *bulk) summary(left int64) string {
	var parts []string
	if b.files > 0 || b.directories == 0 {
		parts = append(parts, count(b.files, "file", "files"))
	}
	if b.directories > 0 {
		parts = append(parts, count(b.directories, "directory", "directories"))
	}
	if b.bytes > 0 {
		parts = append(parts, bytesText(b.bytes))
	}
	text := b.verb + " " + strings.Join(parts, ", ")
	if b.same > 0 {
		text += fmt.Sprintf(" (%d more as they are already)", b.same)
	}
	switch {
	case b.operations == 0:
		text += "; costs no operations"
	case left >= 0:
		text += fmt.Sprintf("; costs about %s of %d", count(int(b.operations), "operation", "operations"), left)
	default:
		text += fmt.Sprintf("; costs about %s", count(int(b.operations), "operation", "operations"))
	}
	return text
}

// planShown is a plan in an answer.
type planShown struct {
	Files       int      `json:"files"`
	Directories int      `json:"directories"`
	Same        int      `json:"same"`
	Bytes       int64    `json:"bytes"`
	Operations  int64    `json:"operations"`
	Available   *int64   `json:"available,omitempty"`
	Plan        []string `json:"plan"`
}

// tell prints the plan, for -dry-run.
func (b *bulk) tell(left int64) error {
	a := b.a
	if a.json {
		v := planShown{b.files, b.directories, b.same, b.bytes, b.operations, nil, append([]string{}, b.lines...)}
		if left >= 0 {
			v.Available = &left
		}
		return a.answer(v)
	}
	for _, l := range b.lines {
		fmt.Fprintln(a.out, l)
	}
	_, err := fmt.Fprintln(a.out, b.summary(left))
	return err
}
