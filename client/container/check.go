package container

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vaultnet/mutabledata"
)

// Finding is something that is not as this package leaves it: because a client stopped half way, another program wrote it,
// or somebody meant harm.
type Finding struct {
	What     string // one line for people
	Name     string // the name it is about, where there is one
	Repaired bool
}

// Report is what a check found.
type Report struct {
	Nodes    int // objects of the container
	Sealed   int
	Names    int
	Findings []Finding // at most maxFindings
	More     int       // findings that are not listed
}

const maxFindings = 1000

func (r *Report) add(f Finding) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Check looks through all nodes, and repairs what can be: permissions that differ from the root's, copies of a name that
// does not count there, names in a node where nobody looks for them, a closed mark on a container that is in use. What does
// not open is only told: it may open for another program. Repairs that this actor may not make stay findings.
func (c *Container) Check(ctx context.Context, repair bool) (*Report, error) {
	r := &Report{}
	var root *node
	var missing []site
	gaps := gaps{missing: func(s site) { missing = append(missing, s) }, foreign: func(s site) { r.add(Finding{What: fmt.Sprintf("node %x belongs to another owner", string(s.at))}) }}
	for n, err := range c.nodesBut(ctx, gaps) {
		if err != nil {
			return r, fail("check", c.ref.String(), err)
		}
		r.Nodes++
		if root == nil {
			root = n
		}
		if n.sealed() {
			r.Sealed++
		}
		if n.object.Len() > maxFull && !n.sealed() {
			f := Finding{What: "a node was filled beyond what leaves room for its seal"}
			if repair {
				_, err := c.sealNode(ctx, n.site)
				f.Repaired = err == nil
			}
			r.add(f)
		}
		if !slices.Equal(permissionsOf(root.object), permissionsOf(n.object)) {
			f := Finding{What: fmt.Sprintf("node %x has other permissions than the root", string(n.site.at))}
			if repair {
				_, err := c.alignNode(ctx, n.site)
				f.Repaired = err == nil
			}
			r.add(f)
		}
		for k, v := range n.object.Entries() {
			if err := c.checkEntry(ctx, r, n, k, v, repair); err != nil {
				return r, fail("check", c.ref.String(), err)
			}
		}
	}
	for _, s := range missing {
		f := Finding{What: fmt.Sprintf("there is no node %x, although a seal leads to it", string(s.at))}
		f.Repaired = repair && c.mend(ctx, []site{s})[0] == nil
		r.add(f)
	}
	return r, nil
}

func (c *Container) checkEntry(ctx context.Context, r *Report, n *node, k mutabledata.Key, v mutabledata.Value, repair bool) error {
	switch {
	case k == sealMark, k == fullMark:
		return nil
	case k == movedMark:
		if n.above == nil {
			r.add(Finding{What: "the container is closed: it is being re-keyed or removed"})
		}
		return nil
	case isMark(k):
		r.add(Finding{What: "an entry that is no name", Repaired: repair && k == floorMark && c.drop(ctx, n.site, k, v) == nil})
		return nil
	}
	if _, ok := c.entry(n, k, v); ok {
		r.Names++
		return nil
	}
	p := place([]byte(k))
	opened, ok := c.box.open(&c.ref, p, v.Content)
	if !ok {
		r.add(Finding{What: fmt.Sprintf("entry %x does not open", k[:4])})
		return nil
	}
	f := Finding{Name: opened.Name, What: "a copy of a name, where it does not count"}
	if !p.in(n.site.at) {
		f.What = "a name in a node where nobody looks for it"
		if repair {
			if _, err := c.Insert(ctx, opened.Name, opened.Content); err != nil && !errors.Is(err, Exist) {
				r.add(f)
				return nil
			}
		}
	}
	f.Repaired = repair && c.drop(ctx, n.site, k, v) == nil
	r.add(f)
	return nil
}

// drop deletes an entry as it was read.
func (c *Container) drop(ctx context.Context, at site, k mutabledata.Key, v mutabledata.Value) error {
	return c.do(ctx, c.mutate(at, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: k, Do: mutabledata.DeleteEntry, Version: v.Version + 1}, c.guard()}}))[0].Err
}

// Check checks a directory's container and, deep, those below it, and completes renames that were interrupted. Paths of
// findings begin at the directory.
func (f *FileSystem) Check(ctx context.Context, name string, deep, repair bool) (*Report, error) {
	all := &Report{}
	err := f.each(ctx, "check", name, deep, func(c *Container) error {
		r, err := c.Check(ctx, repair)
		if err != nil {
			return err
		}
		all.Nodes, all.Sealed, all.Names, all.More = all.Nodes+r.Nodes, all.Sealed+r.Sealed, all.Names+r.Names, all.More+r.More
		for _, found := range r.Findings {
			found.What = c.ref.String() + ": " + found.What
			all.add(found)
		}
		return f.checkRecords(ctx, all, c, repair)
	})
	return all, err
}

func (f *FileSystem) checkRecords(ctx context.Context, all *Report, c *Container, repair bool) error {
	for e, err := range c.List(ctx) {
		if err != nil {
			return err
		}
		r, ok := decodeRecord(e.Content)
		s := &spot{path: e.Name, c: c, name: e.Name, record: r, version: e.Version}
		found := Finding{Name: e.Name, What: c.ref.String() + ": a rename that was interrupted"}
		switch {
		case !ok:
			found.What = c.ref.String() + ": no record of a file"
		case len(r.Next)+len(r.Former) > 0:
			found.What = c.ref.String() + ": a re-keying that was interrupted"
			found.Repaired = repair && f.rekeyed(ctx, s) == nil
		case r.Type == gone:
			s.gone = r
			found.Repaired = repair && f.settle(ctx, s) == nil
		case len(r.From) > 0:
			if repair {
				err := f.finish(ctx, s, f.known(ctx, r.From[0].Container))
				found.Repaired = err == nil || errors.Is(err, Conflict)
			}
		default:
			continue
		}
		all.add(found)
	}
	return nil
}
