package container

import "context"

// Adopt makes a name of a directory whose container is there already: a directory with a reference of the caller's
// choosing, so that an interrupted Mkdir leaves nothing behind. It belongs to its name from then on, as any directory does.
func (f *FileSystem) Adopt(ctx context.Context, name string, ref Ref) (*Info, error) {
	s, err := f.vacant(ctx, "mkdir", name)
	if err != nil {
		return nil, err
	}
	return f.lead(ctx, "mkdir", s, Directory, ref, Attributes{})
}
