package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/container"
	"vaultnet/internal/commandline"
	"vaultnet/mutabledata"
)

// entryShown is a file or directory in an answer.
type entryShown struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"` // file, directory or link
	Size     int64  `json:"size"`
	Created  string `json:"created,omitempty"`
	Modified string `json:"modified,omitempty"`
	Version  uint64 `json:"version"`
}

func showEntry(path string, info *container.Info) entryShown {
	return entryShown{path, kindOf(info), info.Size(), stamp(info.Created()), stamp(info.ModTime()), uint64(info.Version())}
}

func kindOf(info *container.Info) string {
	switch {
	case info.IsLink():
		return "link"
	case info.IsDir():
		return "directory"
	}
	return "file"
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// bytesText is a number of bytes as a person reads it.
func bytesText(n int64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v := float64(n)
	u := -1
	for v >= 1023.95 && u < len(units)-1 {
		v /= 1024
		u++
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}

// shownName is a name on one line, with a slash where a path goes on from it.
func shownName(name string, info *container.Info) string {
	name = oneLine(name)
	if info != nil && info.IsDir() {
		name += "/"
	}
	return name
}

// newPathCommand makes a subcommand on paths of the account, or of the containers that an app was given.
func newPathCommand(s streams, name, arguments, about, examples string, set func(*ffcli.Command, *people), do func(context.Context, *acting, []string) error) *ffcli.Command {
	flags := commandline.NewFlagSet("safe " + name)
	p := &people{common: common{streams: s}}
	p.appFlags(flags)
	c := &ffcli.Command{
		Name:       name,
		ShortUsage: "safe " + name + " [flags] " + arguments,
		ShortHelp:  about,
		LongHelp:   examples,
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
	}
	if set != nil {
		set(c, p)
	}
	c.Exec = func(ctx context.Context, args []string) error {
		least := 1
		if strings.HasPrefix(arguments, "[") {
			least = 0
		}
		if len(args) < least {
			return usageError("want %s", arguments)
		}
		if len(args) > 1 && !strings.Contains(arguments, "…") && !strings.Contains(arguments, " ") {
			return usageError("want one %s", strings.Trim(arguments, "[]"))
		}
		return p.asAnybody(ctx, func(a *acting) error { return do(ctx, a, args) })
	}
	return c
}

func newLs(s streams) *ffcli.Command {
	return newPathCommand(s, "ls", "[PATH…]", "List directories.", `EXAMPLES
  safe ls                                         the containers of the account
  safe ls _documents/trip
  safe ls -json _documents
  safe ls -app notes.json                         what the app has access to

Sizes, when each was last written, and names; a slash is after what goes on.`, nil, func(ctx context.Context, a *acting, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		return a.list(ctx, args)
	})
}

// listing is a directory's content.
type listing struct {
	name  string
	info  *container.Info // nil: above what an app has access to
	child *spot
}

// readDir lists a directory; a file lists itself.
func (a *acting) readDir(ctx context.Context, s *spot) ([]listing, error) {
	var all []listing
	if s.fs == nil {
		for _, name := range s.into {
			child, err := a.at(join(s.path, name))
			if err != nil {
				return nil, err
			}
			all = append(all, listing{name: name, child: child})
		}
		return all, nil
	}
	list, err := s.fs.ReadDir(ctx, s.name)
	if errors.Is(err, container.NotDirectory) {
		info, err := s.fs.Stat(ctx, s.name)
		if err != nil {
			return nil, s.told(err)
		}
		return []listing{{s.path, info, s}}, nil
	}
	if err != nil {
		return nil, s.told(err)
	}
	for _, info := range list {
		all = append(all, listing{info.Name(), info, s.below(info.Name())})
	}
	return all, nil
}

func (a *acting) list(ctx context.Context, args []string) error {
	shown := []entryShown{}
	for i, arg := range args {
		s, err := a.at(arg)
		if err != nil {
			return err
		}
		all, err := a.readDir(ctx, s)
		if err != nil {
			return err
		}
		if a.json {
			for _, l := range all {
				shown = append(shown, showListing(&l))
			}
			continue
		}
		if len(args) > 1 {
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			fmt.Fprintf(a.out, "%s:\n", oneLine(arg))
		}
		if err := a.printListings(all); err != nil {
			return err
		}
	}
	if a.json {
		return a.answer(struct {
			Entries []entryShown `json:"entries"`
		}{shown})
	}
	return nil
}

func showListing(l *listing) entryShown {
	if l.info == nil {
		return entryShown{Path: l.child.path, Kind: "directory"}
	}
	return showEntry(l.child.path, l.info)
}

func (a *acting) printListings(all []listing) error {
	if len(all) == 0 {
		fmt.Fprintln(a.err, "(empty)")
		return nil
	}
	widest := 0
	for _, l := range all {
		if l.info != nil && !l.info.IsDir() {
			widest = max(widest, len(bytesText(l.info.Size())))
		}
	}
	var b strings.Builder
	for _, l := range all {
		size, when := "", "-"
		if l.info != nil {
			when = clock(l.info.ModTime())
			if !l.info.IsDir() {
				size = bytesText(l.info.Size())
			}
		}
		name := oneLine(l.name)
		if l.info == nil || l.info.IsDir() {
			name += "/"
		}
		if widest > 0 {
			fmt.Fprintf(&b, "%*s  ", widest, size)
		}
		fmt.Fprintf(&b, "%-16s  %s\n", when, name)
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

func newTree(s streams) *ffcli.Command {
	var depth int
	return newPathCommand(s, "tree", "[PATH]", "Show a directory and all that is below it.", `EXAMPLES
  safe tree
  safe tree -depth 2 _documents

Links to other containers are shown, and not followed.`, func(c *ffcli.Command, _ *people) {
		c.FlagSet.IntVar(&depth, "depth", 0, "no deeper than `N` directories (default: all)")
	}, func(ctx context.Context, a *acting, args []string) error {
		path := "."
		if len(args) > 0 {
			path = args[0]
		}
		s, err := a.at(path)
		if err != nil {
			return err
		}
		t := &treePrinter{a: a, deepest: depth}
		if !a.json {
			fmt.Fprintln(a.out, oneLine(s.path))
		}
		if err := t.print(ctx, s, "", 1); err != nil {
			return err
		}
		if a.json {
			return a.answer(struct {
				Entries []entryShown `json:"entries"`
			}{t.entries})
		}
		fmt.Fprintf(a.out, "\n%s, %s, %s\n", count(t.directories, "directory", "directories"), count(t.files, "file", "files"), bytesText(t.bytes))
		return nil
	})
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type treePrinter struct {
	a                  *acting
	deepest            int
	directories, files int
	bytes              int64
	entries            []entryShown
}

func (t *treePrinter) print(ctx context.Context, s *spot, indent string, depth int) error {
	all, err := t.a.readDir(ctx, s)
	if err != nil {
		return err
	}
	for i, l := range all {
		branch, below := "├── ", "│   "
		if i == len(all)-1 {
			branch, below = "└── ", "    "
		}
		dir := l.info == nil || l.info.IsDir()
		text := oneLine(l.name)
		switch {
		case l.info != nil && l.info.IsLink():
			text += "/ →"
		case dir:
			text += "/"
			t.directories++
		default:
			text += "  " + bytesText(l.info.Size())
			t.files++
			t.bytes += l.info.Size()
		}
		t.entries = append(t.entries, showListing(&l))
		if !t.a.json {
			fmt.Fprintf(t.a.out, "%s%s%s\n", indent, branch, text)
		}
		if dir && l.child != s && (l.info == nil || !l.info.IsLink()) && (t.deepest == 0 || depth < t.deepest) {
			if err := t.print(ctx, l.child, indent+below, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func newStat(s streams) *ffcli.Command {
	return newPathCommand(s, "stat", "PATH…", "Describe files and directories.", `EXAMPLES
  safe stat _documents/trip/plan.md
  safe stat _documents                            also who may do what in it`, nil, func(ctx context.Context, a *acting, args []string) error {
		var all []statShown
		for i, arg := range args {
			s, err := a.place(arg)
			if err != nil {
				return err
			}
			v, err := a.stat(ctx, s)
			if err != nil {
				return err
			}
			if a.json {
				all = append(all, *v)
				continue
			}
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			if err := v.print(a.out); err != nil {
				return err
			}
		}
		if a.json {
			return a.answer(struct {
				Entries []statShown `json:"entries"`
			}{all})
		}
		return nil
	})
}

// statShown is all there is to know of a file or directory.
type statShown struct {
	entryShown
	ID          string            `json:"id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Private     *bool             `json:"private,omitempty"`
	Convention  string            `json:"convention,omitempty"`
	Container   string            `json:"container,omitempty"`
	Owner       string            `json:"owner,omitempty"`
	Permissions map[string]string `json:"permissions,omitempty"`
}

func (a *acting) stat(ctx context.Context, s *spot) (*statShown, error) {
	info, err := s.fs.Stat(ctx, s.name)
	if err != nil {
		return nil, s.told(err)
	}
	v := &statShown{entryShown: showEntry(s.path, info), Metadata: info.Metadata()}
	if id := info.ID(); id != [16]byte{} {
		v.ID = hex.EncodeToString(id[:])
	}
	ref, ok := info.Target()
	if s.name == "." {
		ref, ok = s.fs.Top().Ref(), true
	}
	if !ok {
		return v, nil
	}
	private := ref.Private()
	v.Private, v.Container, v.Convention = &private, ref.ID.String(), "tree"
	if ref.Flat {
		v.Convention = "flat"
	}
	owner, permissions, err := a.tree(ref).Top().Permissions(ctx)
	if err != nil {
		return nil, s.told(err)
	}
	v.Owner, v.Permissions = owner.String(), map[string]string{}
	names := a.appNames(ctx)
	for _, p := range permissions {
		name := p.User.String()
		if known, ok := names[name]; ok {
			name = known
		}
		v.Permissions[name] = actionsText(p.Set)
	}
	return v, nil
}

// appNames tells apps by their keys: to the account alone, which knows them.
func (a *acting) appNames(ctx context.Context) map[string]string {
	names := map[string]string{}
	if a.account == nil {
		return names
	}
	entries, err := a.account.List(ctx)
	if err != nil {
		return names
	}
	for _, e := range entries {
		names[mutabledata.UserOf(e.Key).String()] = e.App.String()
	}
	return names
}

func actionsText(set mutabledata.PermissionSet) string {
	var parts []string
	for _, action := range actions {
		switch set.Get(action) {
		case mutabledata.Allow:
			parts = append(parts, action.String())
		case mutabledata.Deny:
			parts = append(parts, "not "+action.String())
		}
	}
	return strings.Join(parts, ", ")
}

func (v *statShown) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, text)
		}
	}
	row("path", oneLine(v.Path))
	kind := v.Kind
	if v.Private != nil {
		words := []string{"public"}
		if *v.Private {
			words[0] = "private"
		}
		if v.Convention == "flat" {
			words = append(words, "flat")
		}
		kind = strings.Join(append(words, kind), " ")
	}
	row("kind", kind)
	if v.Kind == "file" {
		row("size", fmt.Sprintf("%d (%s)", v.Size, bytesText(v.Size)))
	}
	row("created", v.Created)
	row("modified", v.Modified)
	row("version", fmt.Sprint(v.Version))
	row("id", v.ID)
	row("container", v.Container)
	row("owner", v.Owner)
	for _, k := range sortedNames(v.Metadata) {
		row("metadata "+oneLine(k), oneLine(v.Metadata[k]))
	}
	for _, name := range sortedNames(v.Permissions) {
		row("may", oneLine(name)+": "+v.Permissions[name])
	}
	return t.Flush()
}

func sortedNames(m map[string]string) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

func newCat(s streams) *ffcli.Command {
	return newPathCommand(s, "cat", "PATH…", "Write the content of files to the standard output.", `EXAMPLES
  safe cat _documents/trip/plan.md
  safe cat _music/song.ogg | ogg123 -`, func(c *ffcli.Command, _ *people) {}, func(ctx context.Context, a *acting, args []string) error {
		if a.json {
			return usageError("-json: cat writes contents as they are")
		}
		for _, arg := range args {
			s, err := a.place(arg)
			if err != nil {
				return err
			}
			file, err := s.fs.Open(ctx, s.name)
			if err != nil {
				return s.told(err)
			}
			_, err = io.Copy(a.out, file)
			file.Discard()
			if err != nil {
				return s.told(err)
			}
		}
		return nil
	})
}
