package container

import (
	"context"
	"errors"
	"io"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// The nodes below a full one are all made before its seal says where they are, at places that follow from the seal's salt,
// which is random: nobody can have been there before. To put a seal takes the permission to insert. So what is in a node
// that a seal leads to is there by right, whoever else can make objects for the owner's account, or compute addresses.

// put makes the root.
func (c *Container) put(ctx context.Context, put *mutabledata.Put) error {
	a := c.do(ctx, c.mutate(site{}, put))[0]
	if a.Err == nil {
		return nil
	}
	shell, err := answer[mutabledata.Shell](c.do(ctx, c.read(site{}, mutabledata.GetShell{}))[0])
	switch {
	case err != nil:
		return fail("create", c.ref.String(), a.Err)
	case shell.Owner != put.Owner:
		return refuse("create", c.ref.String(), Foreign)
	}
	return nil
}

// growth is the nodes below one that are made at once, and its seal.
type growth struct {
	site    site
	entries [fanOut][]mutabledata.Entry // that they begin with
	drop    []mutabledata.EntryAction   // done with the seal

	salt   string
	sealed bool // by this growth; without error: by another, or it changed, or moves
	err    error
}

// add puts a name into the node below in which it belongs; false where that has no room.
func (g *growth) add(e mutabledata.Entry) bool {
	list := &g.entries[place([]byte(e.Key)).prefix(g.site.level() + 1)[g.site.level()]]
	if len(*list) >= maxNames {
		return false
	}
	*list = append(*list, e)
	return true
}

// grow makes nodes below some, with the root's permissions, and seals these. What it has made before an error is lost: its
// place is in no seal.
func (c *Container) grow(ctx context.Context, all ...*growth) {
	root, err := answer[mutabledata.Shell](c.do(ctx, c.read(site{}, mutabledata.GetShell{}))[0])
	var puts []Step
	for _, g := range all {
		salt := make([]byte, saltSize)
		if err == nil {
			_, err = io.ReadFull(c.cfg.Random, salt)
		}
		g.salt, g.err = string(salt), err
		if err != nil {
			continue
		}
		for i := range fanOut {
			put := &mutabledata.Put{Owner: c.cfg.Payer, Permissions: root.Permissions, Entries: append(c.birthMarks(), g.entries[i]...)}
			puts = append(puts, c.mutate(g.site.below(i, g.salt), put))
		}
	}
	for i, a := range c.do(ctx, puts...) {
		if g := all[i/fanOut]; a.Err != nil && g.err == nil {
			if g.err = a.Err; errors.Is(a.Err, refusal.InvalidOwners) {
				g.err = refuse("grow", c.ref.String(), ContainerFull)
			}
		}
	}
	var seals []Step
	var sealing []*growth
	for _, g := range all {
		if g.err == nil {
			actions := append([]mutabledata.EntryAction{c.guard(), {Key: sealMark, Do: mutabledata.InsertEntry, Content: []byte(g.salt)}}, g.drop...)
			seals = append(seals, c.mutate(g.site, &mutabledata.MutateEntries{Actions: actions}))
			sealing = append(sealing, g)
		}
	}
	var born []site
	for i, a := range c.do(ctx, seals...) {
		g := sealing[i]
		if a.Err != nil {
			if !errors.Is(a.Err, refusal.InvalidEntryActions) {
				g.err = a.Err
			}
			continue
		}
		g.sealed = true
		c.learn(g.site, knowledge{sealed: true, salt: g.salt})
		for i := range fanOut {
			born = append(born, g.site.below(i, g.salt))
		}
	}
	c.raise(ctx, root.Version, born)
}

// raise looks, after nodes were made, whether the root's permissions are still those that they were given.
func (c *Container) raise(ctx context.Context, given mutabledata.Version, born []site) {
	if len(born) == 0 {
		return
	}
	version, err := answer[mutabledata.Version](c.do(ctx, c.read(site{}, mutabledata.GetVersion{}))[0])
	if err == nil && version != given { // else a sweep mends it, or whoever checks
		_, _ = c.align(ctx, born) // who may not leaves it to those who check
	}
}

// mend makes empty nodes that are not there although a seal leads to them: somebody who may insert put it there wantonly.
func (c *Container) mend(ctx context.Context, missing []site) []error {
	errs := make([]error, len(missing))
	root, err := answer[mutabledata.Shell](c.do(ctx, c.read(site{}, mutabledata.GetShell{}))[0])
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	var steps []Step
	for _, s := range missing {
		steps = append(steps, c.mutate(s, &mutabledata.Put{Owner: c.cfg.Payer, Permissions: root.Permissions, Entries: c.birthMarks()}))
	}
	for i, a := range c.do(ctx, steps...) {
		switch {
		case errors.Is(a.Err, refusal.InvalidOwners):
			errs[i] = refuse("grow", c.ref.String(), ContainerFull)
		case !errors.Is(a.Err, refusal.DataExists):
			errs[i] = a.Err
		}
	}
	c.raise(ctx, root.Version, missing)
	return errs
}

// newborn is a name as a new node has it; false where its version is more than such a node takes.
func newborn(k mutabledata.Key, content []byte, v mutabledata.Version) (mutabledata.Entry, bool) {
	return mutabledata.Entry{Key: k, Value: mutabledata.Value{Content: content, Version: v}}, v <= vaultnet.MaxFloorStep
}
