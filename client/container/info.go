package container

import (
	"io/fs"
	"maps"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
)

// Info describes a file, directory or link. It is an fs.FileInfo and an fs.DirEntry.
type Info struct {
	name    string
	record  *record // nil: a directory that is only implied, or the top of a container
	version mutabledata.Version
}

// Name is the last part of the path; "." at the top.
func (i *Info) Name() string { return i.name }

// Size is the length of a file's content, in bytes.
func (i *Info) Size() int64 {
	if i.record == nil {
		return 0
	}
	return i.record.size()
}

// Mode is fs.ModeDir for directories and links, which lead to directories; permissions are the container's and not shown.
func (i *Info) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// Type is the type's bits of the mode.
func (i *Info) Type() fs.FileMode { return i.Mode().Type() }

// IsDir reports whether a path goes on from here.
func (i *Info) IsDir() bool { return i.record == nil || i.record.Type != RegularFile }

// IsLink reports whether it leads to a container that is not removed with it.
func (i *Info) IsLink() bool { return i.record != nil && i.record.Type == Link }

// ModTime is when the file was last written, by its writer's clock; zero where nobody knows.
func (i *Info) ModTime() time.Time {
	if i.record == nil {
		return time.Time{}
	}
	return i.record.Modified.Std()
}

// Created is when it was made, by its maker's clock; zero where nobody knows.
func (i *Info) Created() time.Time {
	if i.record == nil {
		return time.Time{}
	}
	return i.record.Created.Std()
}

// Metadata are what its writers noted beside it: the caller's own copy.
func (i *Info) Metadata() map[string]string {
	if i.record == nil {
		return nil
	}
	return maps.Clone(i.record.Metadata)
}

// ID stays with a file or directory whatever it is called: 16 random bytes; zero for what has no record.
func (i *Info) ID() [16]byte {
	if i.record == nil {
		return [16]byte{}
	}
	return i.record.ID
}

// Version is the record's: it never had it with another content.
func (i *Info) Version() mutabledata.Version { return i.version }

// Target is the container that a directory or link leads to, key included; false for others.
func (i *Info) Target() (Ref, bool) {
	if i.record == nil || len(i.record.Target) == 0 {
		return Ref{}, false
	}
	return i.record.Target[0], true
}

// Chunks are the names of the chunks that the record itself lists, for those who look after what is stored.
func (i *Info) Chunks() []vaultnet.Name {
	if i.record == nil || len(i.record.Content) == 0 {
		return nil
	}
	return append([]vaultnet.Name(nil), i.record.Content[0].Roots...)
}

// Info returns i.
func (i *Info) Info() (fs.FileInfo, error) { return i, nil }

// Sys returns nil.
func (i *Info) Sys() any { return nil }

// String is as fs.FormatFileInfo gives it.
func (i *Info) String() string { return fs.FormatFileInfo(i) }
