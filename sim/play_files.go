package sim

import (
	"context"
	"fmt"
	"time"

	"vaultnet/client/container"
)

// sheet is a file of the play's: its content tells which it is, wherever it lies.
type sheet struct {
	made    told // unanswered: perhaps
	removed bool
	perhaps bool // somebody was not answered whether he removed it
}

// drawers are the directories of the play "files".
var drawers = []string{"a", "b"}

// files has eight users write, rename and remove files in two directories, each now and then crashing in the middle, while
// one of the directories is re-keyed. A file that somebody was told is there is there once, whatever it is called.
func (p *play) files() {
	all := map[string]*sheet{}
	rekeys := p.random.IntN(3)
	p.live(func(n *reach) {
		if !p.made && !p.found(n, drawers...) {
			return
		}
		files := container.NewFileSystem(n.config(p.own()), p.top)
		for ; rekeys > 0 && !p.over; rekeys-- {
			n.u.sleep(time.Duration(n.u.random.IntN(6000)) * time.Millisecond)
			p.until(n, func() error { return files.Rekey(context.Background(), pick(n.u.random, drawers...)) })
		}
	})
	rounds := max(3, p.w.options.Ops/30)
	for range 8 {
		left := rounds
		p.live(func(n *reach) {
			if !p.wait(n) {
				return
			}
			files := container.NewFileSystem(n.config(p.own()), p.top)
			for ; left > 0 && !p.over; left-- {
				p.shuffle(n, files, all)
				n.u.sleep(time.Duration(n.u.random.IntN(800)) * time.Millisecond)
			}
		})
	}
	p.audits = append(p.audits, func(u *user) { p.auditFiles(&reach{u: u}, all) })
}

// shuffle is one thing that a user does with files.
func (p *play) shuffle(n *reach, files *container.FileSystem, all map[string]*sheet) {
	ctx, r := context.Background(), n.u.random
	name := func() string { return fmt.Sprintf("%s/file %d", pick(r, drawers...), r.IntN(12)) }
	if r.IntN(3) == 0 {
		content := fmt.Sprintf("of %s at %d", n.u.name, n.u.w.now)
		x := &sheet{}
		all[content] = x
		f, err := files.Create(ctx, name())
		if err != nil {
			x.made = nothing
			return
		}
		_, _ = f.Write([]byte(content))
		x.made = outcomeOf(f.Close())
		return
	}
	dir := pick(r, drawers...)
	list, err := files.ReadDir(ctx, dir)
	if err != nil || len(list) == 0 {
		return
	}
	from := dir + "/" + list[r.IntN(len(list))].Name()
	if r.IntN(5) > 0 {
		if err := files.Rename(ctx, from, name()); err == nil {
			p.w.report.Kinds["renamed"]++
		}
		return
	}
	b, info, err := files.ReadFile(ctx, from)
	if err != nil {
		return
	}
	x := all[string(b)]
	if x == nil {
		p.w.check.fail(Kept, nil, "%s reads a file that nobody wrote: %q", n.u.name, b)
		return
	}
	before := x.perhaps
	x.perhaps = true
	switch outcomeOf(files.RemoveVersion(ctx, from, info.Version())) {
	case isDone:
		x.removed = true
	case unanswered:
	default:
		x.perhaps = before
	}
}

// auditFiles completes what was interrupted, and demands that each file is there as its users were told.
func (p *play) auditFiles(n *reach, all map[string]*sheet) {
	ctx := context.Background()
	var err error
	for range 20 {
		files := container.NewFileSystem(n.config(p.own()), p.top)
		if _, err = files.Check(ctx, ".", true, true); err != nil {
			n.u.sleep(3 * time.Second)
			continue
		}
		var places map[string][]string
		if places, err = filed(files); err == nil {
			for _, content := range keys(all) {
				x, at := all[content], places[content]
				switch {
				case len(at) > 1:
					p.w.check.fail(OnePlace, nil, "a file is there %d times: %q is %v", len(at), content, at)
				case len(at) == 0 && x.made == isDone && !x.removed && !x.perhaps:
					p.w.check.fail(Kept, nil, "a file is lost: %q", content)
				case len(at) == 1 && (x.made == nothing || x.removed):
					p.w.check.fail(Kept, nil, "a file is there that was removed, or never made: %q is %v", content, at)
				}
			}
			p.w.report.Kinds["audited"]++
			return
		}
		n.u.sleep(3 * time.Second)
	}
	p.unaudited(n, "directories", err)
}

// filed is where each file lies.
func filed(files *container.FileSystem) (map[string][]string, error) {
	places := map[string][]string{}
	for _, dir := range drawers {
		list, err := files.ReadDir(context.Background(), dir)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			b, _, err := files.ReadFile(context.Background(), dir+"/"+i.Name())
			if err != nil {
				return nil, err
			}
			places[string(b)] = append(places[string(b)], dir+"/"+i.Name())
		}
	}
	return places, nil
}
