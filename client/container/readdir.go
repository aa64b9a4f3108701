package container

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadDir lists a directory, by name. What is no record of a file, directory or link is left out, and so are names that no
// path leads to.
func (f *FileSystem) ReadDir(ctx context.Context, name string) ([]*Info, error) {
	s, err := f.find(ctx, "list", name)
	if err != nil {
		return nil, err
	}
	var list []*Info
	switch {
	case s.isDir():
		list, err = f.list(ctx, f.below(s))
	case s.record != nil:
		return nil, refuse("list", name, NotDirectory)
	case s.c.ref.Flat:
		list, err = f.listFlat(ctx, s.c, s.name+"/")
		if err == nil && len(list) == 0 {
			return nil, refuse("list", name, NotExist)
		}
	default:
		return nil, refuse("list", name, NotExist)
	}
	return list, at("list", name, err)
}

func (f *FileSystem) list(ctx context.Context, c *Container) ([]*Info, error) {
	if c.ref.Flat {
		return f.listFlat(ctx, c, "")
	}
	return collect(ctx, c, func(name string) (string, bool) { return name, !strings.Contains(name, "/") })
}

// listFlat lists what is directly below a prefix, which ends in a slash or is empty.
func (f *FileSystem) listFlat(ctx context.Context, c *Container, prefix string) ([]*Info, error) {
	return collect(ctx, c, func(name string) (string, bool) {
		rest, ok := strings.CutPrefix(name, prefix)
		return rest, ok
	})
}

// collect lists a container by what take makes of each name; a slash that is left in it makes a directory.
func collect(ctx context.Context, c *Container, take func(string) (string, bool)) ([]*Info, error) {
	all := map[string]*Info{}
	for e, err := range c.List(ctx) {
		if err != nil {
			return nil, err
		}
		name, ok := take(e.Name)
		first, _, implied := strings.Cut(name, "/")
		if !ok || !validPart(first) {
			continue
		}
		if implied { // of a flat container
			if all[first] == nil {
				all[first] = &Info{name: first}
			}
			continue
		}
		if r, ok := decodeRecord(e.Content); ok && r.Type != gone {
			all[first] = &Info{name: first, record: r, version: e.Version}
		}
	}
	list := make([]*Info, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list, nil
}

func validPart(name string) bool {
	return name != "" && name != "." && name != ".." && utf8.ValidString(name)
}
