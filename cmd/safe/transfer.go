package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/container"
	"vaultnet/internal/commandline"
)

// transfer is files and directories on their way: between this machine and the network, or within the network.
type transfer struct {
	bulk
	recursive bool
	force     bool // also what seems to be there already
	fresh     bool // nothing that is there is replaced
	append    bool // what is there stays, and the standard input comes behind it
	delete    bool // what the source has not
	checksum  bool // contents are compared, not only sizes and times
	parallel  int
	rate      commandline.Size // bytes a second; 0: as it goes

	mkdirs  []*node
	jobs    []*job
	small   map[string]int // by directory: files that are stored together
	removes []*node
	skipped []string

	meter *meter
	began time.Time
}

// job is one file.
type job struct{ from, to *node }

func (t *transfer) flags(f *flag.FlagSet) {
	t.bulk.flags(f)
	f.IntVar(&t.parallel, "parallel", container.DefaultParallel, "`N` chunks at once, each of a MiB of memory")
	f.Var(&t.rate, "rate", "at most `SIZE` a second, such as 2MiB (default: as it goes)")
}

func (t *transfer) copyFlags(f *flag.FlagSet) {
	t.flags(f)
	f.BoolVar(&t.recursive, "r", false, "directories with all that is in them")
	f.BoolVar(&t.force, "force", false, "also what has the same size and time there already")
	f.BoolVar(&t.fresh, "new", false, "refuse to replace what is there")
}

func newPut(s streams) *ffcli.Command {
	var t transfer
	return newPathCommand(s, "put", "FILE… PATH", "Store files and folders of this machine.", `EXAMPLES
  safe put plan.md _documents/trip                into the directory, if it is one; else under that name
  safe put -r photos _pictures                    the folder, as _pictures/photos
  safe put -r -dry-run photos _pictures           what would be stored, and what it costs
  tar c . | safe put - _documents/backup.tar      the standard input
  date | safe put -append - _documents/log        at the end of what is there

What has the same size and time there already is left as it is. A command that was interrupted goes on where it was when it
is repeated, also in the middle of a file; until a file is stored whole, what was there before stays. Storing costs an
operation for each MiB, and one for each file; of files up to 4 KiB, one for some fifty in a directory.`, func(c *ffcli.Command, _ *people) {
		t.copyFlags(c.FlagSet)
		c.FlagSet.BoolVar(&t.append, "append", false, "with - : add the standard input to the end of the file")
	}, func(ctx context.Context, a *acting, args []string) error {
		switch {
		case len(args) < 2:
			return usageError("want FILE… PATH")
		case t.append && (len(args) != 2 || args[0] != "-" || t.fresh):
			return usageError("-append: only of the standard input, without -new")
		}
		if err := t.prepare(a, "store"); err != nil {
			return err
		}
		to, err := a.place(args[len(args)-1])
		if err != nil {
			return err
		}
		sources := args[:len(args)-1]
		if len(sources) == 1 && sources[0] == "-" {
			return t.putStream(ctx, to)
		}
		into, err := a.into(ctx, to, len(sources) > 1)
		if err != nil {
			return err
		}
		for _, source := range sources {
			from, err := localNode(source)
			if err != nil {
				return err
			}
			if !from.exists {
				return fmt.Errorf("%s: there is no such file", source)
			}
			target := to
			if into {
				base, err := baseName(source)
				if err != nil {
					return err
				}
				target = to.below(base)
			}
			if err := t.planTo(ctx, from, target); err != nil {
				return err
			}
		}
		return t.carryOut(ctx)
	})
}

// baseName is the last part of a local path, also of "." and "..".
func baseName(path string) (string, error) {
	abs, err := filepath.Abs(path)
	return filepath.Base(abs), err
}

func newGet(s streams) *ffcli.Command {
	var t transfer
	return newPathCommand(s, "get", "PATH… FILE", "Fetch files and directories to this machine.", `EXAMPLES
  safe get _documents/trip/plan.md .              into the folder, if it is one; else under that name
  safe get -r _pictures/photos /tmp/photos
  safe get _documents/backup.tar - | tar x        to the standard output

What has the same size and time here already is left as it is. A command that was interrupted goes on where it was when it
is repeated; a file is under its name when it is whole. Reading costs nothing.`, func(c *ffcli.Command, _ *people) { t.copyFlags(c.FlagSet) }, func(ctx context.Context, a *acting, args []string) error {
		if len(args) < 2 {
			return usageError("want PATH… FILE; - is the standard output, . this folder")
		}
		if err := t.prepare(a, "fetch"); err != nil {
			return err
		}
		target, sources := args[len(args)-1], args[:len(args)-1]
		if target == "-" {
			return t.getStream(ctx, sources)
		}
		to, err := localNode(target)
		if err != nil {
			return err
		}
		into := to.exists && to.dir
		if !into && (len(sources) > 1 || strings.HasSuffix(target, "/")) {
			return fmt.Errorf("%s: there is no such folder", target)
		}
		for _, source := range sources {
			s, err := a.place(source)
			if err != nil {
				return err
			}
			from, err := t.remoteNode(ctx, s)
			if err != nil {
				return err
			}
			if !from.exists {
				return &container.Error{Op: "open", Name: s.path, Kind: container.NotExist}
			}
			end := to
			if into && s.path != "." {
				if end, err = localNode(filepath.Join(to.local, path.Base(s.path))); err != nil {
					return err
				}
			}
			if err := t.plan(ctx, from, end); err != nil {
				return err
			}
		}
		return t.carryOut(ctx)
	})
}

func newCp(s streams) *ffcli.Command {
	var t transfer
	return newPathCommand(s, "cp", "FROM… TO", "Copy files and directories within the network.", `EXAMPLES
  safe cp _documents/plan.md _documents/trip
  safe cp -r _documents/trip _public

A copy has keys of its own: contents go through this machine, and cost what storing them costs. Times are kept.`, func(c *ffcli.Command, _ *people) { t.copyFlags(c.FlagSet) }, func(ctx context.Context, a *acting, args []string) error {
		if len(args) < 2 {
			return usageError("want FROM… TO")
		}
		if err := t.prepare(a, "copy"); err != nil {
			return err
		}
		to, err := a.place(args[len(args)-1])
		if err != nil {
			return err
		}
		sources := args[:len(args)-1]
		into, err := a.into(ctx, to, len(sources) > 1)
		if err != nil {
			return err
		}
		for _, source := range sources {
			s, err := a.place(source)
			if err != nil {
				return err
			}
			from, err := t.remoteNode(ctx, s)
			if err != nil {
				return err
			}
			target := to
			if into {
				target = to.below(path.Base(s.path))
			}
			switch {
			case !from.exists:
				return &container.Error{Op: "open", Name: s.path, Kind: container.NotExist}
			case target.path == s.path || from.dir && strings.HasPrefix(target.path+"/", s.path+"/") || s.path == ".":
				return &container.Error{Op: "copy", Name: s.path, Kind: container.Invalid, Cause: errors.New("it cannot be copied into itself")}
			}
			if err := t.planTo(ctx, from, target); err != nil {
				return err
			}
		}
		return t.carryOut(ctx)
	})
}

func newSync(s streams) *ffcli.Command {
	var t transfer
	var pull bool
	return newPathCommand(s, "sync", "FOLDER PATH", "Make a directory of the network like a folder of this machine, or the other way round.", `EXAMPLES
  safe sync photos _pictures/photos               what is new or changed in the folder is stored
  safe sync -delete photos _pictures/photos       and what is not in it is removed
  safe sync -pull photos _pictures/photos         the folder is made like the directory
  safe sync -dry-run photos _pictures/photos      what would be done, and what it costs

Files are compared by size and time; with -checksum by content.`, func(c *ffcli.Command, _ *people) {
		t.flags(c.FlagSet)
		c.FlagSet.BoolVar(&pull, "pull", false, "change the folder, not the directory of the network")
		c.FlagSet.BoolVar(&t.delete, "delete", false, "remove what is not there on the other side")
		c.FlagSet.BoolVar(&t.checksum, "checksum", false, "compare contents, too")
	}, func(ctx context.Context, a *acting, args []string) error {
		if len(args) != 2 {
			return usageError("want FOLDER PATH")
		}
		t.recursive = true
		verb := "store"
		if pull {
			verb = "fetch"
		}
		if err := t.prepare(a, verb); err != nil {
			return err
		}
		folder, err := localNode(args[0])
		if err != nil {
			return err
		}
		s, err := a.place(args[1])
		if err != nil {
			return err
		}
		directory, err := t.remoteNode(ctx, s)
		if err != nil {
			return err
		}
		from, to := folder, directory
		if pull {
			from, to = directory, folder
		}
		switch {
		case !from.exists:
			return fmt.Errorf("%s: there is nothing of that name", from)
		case !from.dir:
			return fmt.Errorf("%s is no directory: safe put and safe get move files", from)
		case t.delete && to.remote != nil && to.remote.name == "." && a.account != nil && to.remote.path == ".":
			return usageError("-delete: not at the root of the account")
		}
		if err := t.plan(ctx, from, to); err != nil {
			return err
		}
		return t.carryOut(ctx)
	})
}

// prepare begins anew: a command may be run several times in a process.
func (t *transfer) prepare(a *acting, verb string) error {
	if t.parallel < 1 || t.parallel > 256 {
		return usageError("-parallel %d: want 1 to 256", t.parallel)
	}
	a.parallel = t.parallel
	boundMemory(t.parallel)
	t.a, t.verb, t.small = a, verb, map[string]int{}
	return nil
}

// planTo plans to copy something to a place of the network.
func (t *transfer) planTo(ctx context.Context, from *node, to *spot) error {
	n, err := t.remoteNode(ctx, to)
	if err != nil {
		return err
	}
	return t.plan(ctx, from, n)
}

// plan finds out what has to be done so that to is like from.
func (t *transfer) plan(ctx context.Context, from, to *node) error {
	if from.dir {
		return t.planDirectory(ctx, from, to)
	}
	switch {
	case to.exists && to.dir:
		return fmt.Errorf("%s is a directory, and %s is none", to, from)
	case to.exists && t.fresh:
		return fmt.Errorf("%s is there already", to)
	}
	if to.exists && !t.force {
		same, err := t.alike(ctx, from, to)
		if err != nil {
			return err
		}
		if same {
			t.same++
			return nil
		}
	}
	t.jobs = append(t.jobs, &job{from, to})
	t.files++
	switch {
	case to.remote == nil:
	case from.size <= container.MaxInline:
		t.small[path.Dir(to.remote.path)]++
	default:
		t.add(putCost(from.size), 0)
	}
	t.bytes += from.size
	t.line("%s  %s", to, bytesText(from.size))
	return nil
}

func (t *transfer) planDirectory(ctx context.Context, from, to *node) error {
	switch {
	case !t.recursive:
		return &container.Error{Op: t.verb, Name: from.String(), Kind: container.IsDirectory}
	case to.exists && !to.dir:
		return fmt.Errorf("%s is a file, and %s is a directory", to, from)
	}
	children, err := t.children(ctx, from)
	if err != nil {
		return err
	}
	there := map[string]*node{}
	if to.exists {
		list, err := t.children(ctx, to)
		if err != nil {
			return err
		}
		for _, n := range list {
			there[n.base] = n
		}
	} else {
		to.time = from.time
		t.mkdirs = append(t.mkdirs, to)
		t.directories++
		if to.remote != nil {
			t.add(mkdirCost, 0)
		}
		t.line("%s/", to)
	}
	for _, child := range children {
		end := there[child.base]
		if end == nil {
			end = to.below(child.base)
		}
		delete(there, child.base)
		if end.odd || child.odd {
			continue // told already
		}
		if err := t.plan(ctx, child, end); err != nil {
			return err
		}
	}
	if !t.delete {
		return nil
	}
	for _, n := range to.sorted(there) {
		if n.odd {
			continue
		}
		t.removes = append(t.removes, n)
		t.line("remove %s", n)
		if n.remote != nil {
			t.add(1, 0)
		}
	}
	return nil
}

// sorted lists nodes by name.
func (n *node) sorted(m map[string]*node) []*node {
	var all []*node
	for _, child := range m {
		all = append(all, child)
	}
	slices.SortFunc(all, func(a, b *node) int { return strings.Compare(a.base, b.base) })
	return all
}

func (t *transfer) skip(what fmt.Stringer, why string) {
	t.skipped = append(t.skipped, what.String())
	fmt.Fprintf(t.a.err, "left out: %s: %s\n", oneLine(what.String()), why)
}

// carryOut does what was planned, after it was told.
func (t *transfer) carryOut(ctx context.Context) error {
	if len(t.removes) > 0 {
		t.verb += fmt.Sprintf(" and remove %d:", len(t.removes))
	}
	for _, n := range t.small {
		t.add(smallCost(n), 0)
	}
	if goOn, err := t.begin(ctx, len(t.jobs) <= 1 && len(t.removes) == 0 && len(t.mkdirs) == 0); !goOn || err != nil {
		return err
	}
	t.began = time.Now()
	t.meter = newMeter(t.a, t.bytes)
	err := t.run(ctx)
	t.meter.stop()
	if err != nil {
		if !errors.Is(err, errChanged) {
			err = fmt.Errorf("%w\nRepeat the command to go on where it is.", err)
		}
		return err
	}
	if err := t.tellDone(); err != nil {
		return err
	}
	if len(t.skipped) > 0 {
		return exit{code: exitRefused}
	}
	return nil
}

func (t *transfer) run(ctx context.Context) error {
	// Directories level by level, those of one level at once.
	made := slices.Clone(t.mkdirs)
	for len(t.mkdirs) > 0 {
		depth := t.mkdirs[0].depth()
		for _, n := range t.mkdirs {
			depth = min(depth, n.depth())
		}
		var now, later []*node
		for _, n := range t.mkdirs {
			if n.depth() == depth {
				now = append(now, n)
			} else {
				later = append(later, n)
			}
		}
		if err := together(ctx, t.parallel, now, func(*node) int { return 1 }, t.mkdir); err != nil {
			return err
		}
		t.mkdirs = later
	}
	var small, large []*job
	for _, j := range t.jobs {
		if j.to.remote != nil && j.from.size <= container.MaxInline {
			small = append(small, j)
		} else {
			large = append(large, j)
		}
	}
	for some := range slices.Chunk(small, smallAtOnce) {
		if err := t.storeSmall(ctx, some); err != nil {
			return err
		}
	}
	weight := func(j *job) int {
		return int(min(j.from.size/container.MaxChunk+1, int64(t.parallel)))
	}
	if err := together(ctx, t.parallel, large, weight, t.copy); err != nil {
		return err
	}
	for _, n := range t.removes {
		if err := t.remove(ctx, n); err != nil {
			return err
		}
	}
	for _, n := range made {
		if err := n.date(); err != nil {
			return err
		}
	}
	return nil
}

// together does things at once whose weights are together at most limit, until one fails.
func together[T any](ctx context.Context, limit int, all []T, weight func(T) int, do func(context.Context, T) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu     sync.Mutex
		room   = limit
		free   = sync.NewCond(&mu)
		failed error
		group  sync.WaitGroup
	)
	for _, x := range all {
		w := min(weight(x), limit)
		mu.Lock()
		for room < w && failed == nil {
			free.Wait()
		}
		if failed != nil {
			mu.Unlock()
			break
		}
		room -= w
		mu.Unlock()
		group.Go(func() {
			err := do(ctx, x)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
				stop()
			}
			room += w
			free.Broadcast()
		})
	}
	group.Wait()
	return failed
}

// transferred is what came of it, in an answer.
type transferred struct {
	Files       int      `json:"files"`
	Directories int      `json:"directories"`
	Same        int      `json:"same"`
	Bytes       int64    `json:"bytes"`
	Removed     int      `json:"removed"`
	Skipped     []string `json:"skipped"`
}

func (t *transfer) tellDone() error {
	if t.a.json {
		return t.a.answer(transferred{len(t.jobs), t.directories, t.same, t.bytes, len(t.removes), append([]string{}, t.skipped...)})
	}
	var text string
	switch {
	case len(t.jobs) == 1 && t.directories == 0 && t.same == 0:
		text = fmt.Sprintf("%s  %s", oneLine(t.jobs[0].to.String()), bytesText(t.bytes))
	case len(t.jobs) == 0 && t.directories == 0 && t.same == 1 && len(t.removes) == 0:
		text = "as it was: it has the same size and time there already"
	default:
		parts := []string{count(len(t.jobs), "file", "files")}
		if t.directories > 0 {
			parts = append(parts, count(t.directories, "directory", "directories"))
		}
		parts = append(parts, bytesText(t.bytes))
		if t.same > 0 {
			parts = append(parts, fmt.Sprintf("%d more as they were", t.same))
		}
		if len(t.removes) > 0 {
			parts = append(parts, fmt.Sprintf("%d removed", len(t.removes)))
		}
		text = strings.Join(parts, ", ")
	}
	if took := time.Since(t.began); t.meter.shown && t.bytes > 0 {
		text += fmt.Sprintf(" in %v, %s/s", took.Round(100*time.Millisecond), bytesText(int64(float64(t.bytes)/took.Seconds())))
	}
	_, err := fmt.Fprintln(t.a.out, text)
	return err
}
