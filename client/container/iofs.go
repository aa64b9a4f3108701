package container

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"
)

// FS is the file system as package io/fs knows it, for reading, with one context for all calls. It has ReadDir, ReadFile,
// Stat and Sub; fs.WalkDir walks it.
func (f *FileSystem) FS(ctx context.Context) fs.FS { return readFS{f, ctx, "."} }

// Walk is fs.WalkDir over [FileSystem.FS]: each directory before what is in it, in the order of names. It visits links and
// does not go through them.
func (f *FileSystem) Walk(ctx context.Context, root string, visit fs.WalkDirFunc) error {
	return fs.WalkDir(f.FS(ctx), root, visit)
}

type readFS struct {
	f   *FileSystem
	ctx context.Context
	dir string
}

func (r readFS) full(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return path.Join(r.dir, name), nil
}

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Open implements fs.FS.
func (r readFS) Open(name string) (fs.File, error) {
	full, err := r.full("open", name)
	if err != nil {
		return nil, err
	}
	file, err := r.f.Open(r.ctx, full)
	if err == nil {
		return file, nil
	}
	if !errors.Is(err, IsDirectory) && !errors.Is(err, NotExist) {
		return nil, pathError("open", name, err)
	}
	info, err := r.f.Stat(r.ctx, full)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &openDir{r: r, name: name, full: full, info: info}, nil
}

// Stat implements fs.StatFS.
func (r readFS) Stat(name string) (fs.FileInfo, error) {
	full, err := r.full("stat", name)
	if err != nil {
		return nil, err
	}
	info, err := r.f.Stat(r.ctx, full)
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	return r.named(info, name), nil
}

func (r readFS) named(info *Info, name string) *Info {
	if name != "." {
		return info
	}
	i := *info
	i.name = "."
	return &i
}

// ReadDir implements fs.ReadDirFS.
func (r readFS) ReadDir(name string) ([]fs.DirEntry, error) {
	full, err := r.full("readdir", name)
	if err != nil {
		return nil, err
	}
	list, err := r.f.ReadDir(r.ctx, full)
	all := make([]fs.DirEntry, len(list))
	for i, info := range list {
		all[i] = info
		if info.IsLink() {
			all[i] = linkEntry{info}
		}
	}
	return all, pathError("readdir", name, err)
}

// ReadFile implements fs.ReadFileFS.
func (r readFS) ReadFile(name string) ([]byte, error) {
	full, err := r.full("read", name)
	if err != nil {
		return nil, err
	}
	content, _, err := r.f.ReadFile(r.ctx, full)
	if content == nil && err == nil {
		content = []byte{}
	}
	return content, pathError("read", name, err)
}

// Sub implements fs.SubFS.
func (r readFS) Sub(name string) (fs.FS, error) {
	full, err := r.full("sub", name)
	if err != nil {
		return nil, err
	}
	return readFS{r.f, r.ctx, full}, nil
}

// linkEntry is a link in a list: by itself, where its path is a directory.
type linkEntry struct{ link *Info }

func (l linkEntry) Name() string               { return l.link.Name() }
func (l linkEntry) IsDir() bool                { return false }
func (l linkEntry) Type() fs.FileMode          { return fs.ModeSymlink }
func (l linkEntry) Mode() fs.FileMode          { return fs.ModeSymlink | 0o755 }
func (l linkEntry) Size() int64                { return 0 }
func (l linkEntry) ModTime() time.Time         { return l.link.ModTime() }
func (l linkEntry) Sys() any                   { return nil }
func (l linkEntry) Info() (fs.FileInfo, error) { return l, nil }
func (l linkEntry) String() string             { return fs.FormatDirEntry(l) }

// openDir is a directory that was opened; it is listed when it is first read.
type openDir struct {
	r          readFS
	name, full string
	info       *Info
	list       []fs.DirEntry
	read       bool
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.r.named(d.info, d.name), nil }

func (d *openDir) Close() error { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, pathError("read", d.name, refuse("read", d.full, IsDirectory))
}

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		list, err := d.r.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.list, d.read = list, true
	}
	k := len(d.list)
	if n > 0 {
		if k == 0 {
			return nil, io.EOF
		}
		k = min(n, k)
	}
	part := d.list[:k:k]
	d.list = d.list[k:]
	return part, nil
}
