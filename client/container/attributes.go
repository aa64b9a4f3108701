package container

import (
	"context"
	"errors"

	"vaultnet"
)

// Attributes are what a record says beside the content of what it describes. What is nil or zero stays as it is.
type Attributes struct {
	Metadata map[string]string // all of it, at most [MaxMetadata] bytes; empty and not nil: none any more
	Modified vaultnet.Time     // when it was written
}

func (a *Attributes) check(op, name string) error {
	switch {
	case metadataSize(a.Metadata) > MaxMetadata:
		return refuse(op, name, TooLarge)
	case a.Modified < 0:
		return invalid(op, name, "a time before 1970")
	}
	return nil
}

// of is a record with the attributes.
func (a *Attributes) of(r *record) *record {
	changed := *r
	if a.Metadata != nil {
		changed.Metadata = a.Metadata
	}
	if a.Modified != 0 {
		changed.Modified = a.Modified
	}
	return &changed
}

// SetAttributes changes attributes of a file, directory or link, whatever else becomes of it meanwhile. The time of a
// directory is that of its making until it is set: what happens in it changes it alone, not its name. The top of a file
// system, and a directory that is only implied, have none: Invalid, NotExist. One operation.
func (f *FileSystem) SetAttributes(ctx context.Context, name string, a Attributes) (*Info, error) {
	const op = "set attributes"
	if err := a.check(op, name); err != nil {
		return nil, err
	}
	for range maxRounds {
		s, err := f.findToWrite(ctx, op, name)
		switch {
		case err != nil:
			return nil, err
		case s.name == "":
			return nil, invalid(op, name, "the top of a file system has no record")
		case s.record == nil:
			return nil, refuse(op, name, NotExist)
		}
		if err = f.keep(ctx, op, s, a.of(s.record)); err == nil {
			return s.info(), nil
		} else if !errors.Is(err, Conflict) {
			return nil, err
		}
	}
	return nil, refuse(op, name, Conflict)
}
