package container

import (
	"context"

	"vaultnet/mutabledata"
)

// Entry is a name and what is stored under it.
type Entry struct {
	Name    string
	Content []byte
	Version mutabledata.Version // never again of this name with another content
}

// Found is the answer for one name: the entry, or why not. Err is nil or an *Error: NotExist, Corrupt …
type Found struct {
	Entry
	Err error
}

// Get looks a name up. What it returns was so at some moment of the call; it reflects every change that was reported done
// before.
func (c *Container) Get(ctx context.Context, name string) (Entry, error) {
	f := c.GetAll(ctx, name)[0]
	return f.Entry, f.Err
}

// GetAll looks many names up at once, and answers in their order. Names that share nodes share reads.
func (c *Container) GetAll(ctx context.Context, names ...string) []Found {
	all := make([]Found, len(names))
	walks := make([]*walk, 0, len(names))
	at := make([]int, 0, len(names))
	for i, name := range names {
		all[i].Name = name
		if all[i].Err = checkName("get", name); all[i].Err == nil {
			walks, at = append(walks, &walk{at: c.ref.place(name)}), append(at, i)
		}
	}
	c.settle(ctx, walks)
	for i, w := range walks {
		f := &all[at[i]]
		switch {
		case w.err != nil:
			f.Err = fail("get", f.Name, w.err)
		case w.away:
			f.Err = refuse("get", f.Name, Moved)
		case w.found == nil:
			f.Err = refuse("get", f.Name, NotExist)
		default:
			f.Version = w.found.Version
			v, ok := c.box.open(&c.ref, w.at, w.found.Content)
			if !ok {
				f.Err = &Error{Op: "get", Name: f.Name, Kind: Corrupt, Version: f.Version}
				continue
			}
			f.Content = v.Content
		}
	}
	return all
}

func checkName(op, name string) error {
	switch {
	case name == "":
		return invalid(op, "the empty name", "a name has 1 to 4096 bytes")
	case len(name) > MaxName:
		return invalid(op, name[:32]+"…", "a name has 1 to 4096 bytes")
	}
	return nil
}
