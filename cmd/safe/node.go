package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/client/container"
)

// node is a file or directory at one end of a transfer: on this machine or in the network, or the place where one comes.
type node struct {
	base   string
	local  string // on this machine
	remote *spot  // in the network

	exists bool
	dir    bool
	odd    bool // neither file nor directory, or of a name that the other side cannot have
	size   int64
	time   time.Time // when it was written last; of a directory that is to be made, when the original was
	info   *container.Info
}

// String is the path as a person writes it.
func (n *node) String() string {
	if n.remote != nil {
		return n.remote.path
	}
	return n.local
}

func (n *node) depth() int {
	return strings.Count(filepath.ToSlash(n.String()), "/")
}

// below is the place of a name in a directory that is not there yet.
func (n *node) below(name string) *node {
	if n.remote != nil {
		return &node{base: name, remote: n.remote.below(name)}
	}
	return &node{base: name, local: filepath.Join(n.local, name)}
}

// localNode looks at a path of this machine. A link is what it leads to.
func localNode(path string) (*node, error) {
	if path == "" {
		return nil, usageError("the empty path is no file")
	}
	n := &node{base: filepath.Base(path), local: filepath.Clean(path)}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a file nor a folder", path)
	}
	n.found(info)
	return n, nil
}

func (n *node) found(info fs.FileInfo) {
	n.exists, n.dir, n.size, n.time = true, info.IsDir(), info.Size(), info.ModTime()
	if n.dir {
		n.size = 0
	}
}

func (t *transfer) remoteNode(ctx context.Context, s *spot) (*node, error) {
	n := &node{base: s.name, remote: s}
	info, err := s.stat(ctx)
	if err == nil && info != nil {
		n.found(info)
		n.info = info
	}
	return n, err
}

// partSuffix ends the name of a file that is not whole yet; it begins with a dot.
const partSuffix = ".safe-part"

func isPart(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, partSuffix)
}

// children lists a directory, by name. What cannot be copied is told, and odd.
func (t *transfer) children(ctx context.Context, n *node) ([]*node, error) {
	var all []*node
	if n.remote != nil {
		list, err := n.remote.fs.ReadDir(ctx, n.remote.name)
		if err != nil {
			return nil, n.remote.told(err)
		}
		for _, info := range list {
			child := n.below(info.Name())
			child.found(info)
			child.info = info
			switch {
			case info.IsLink():
				child.odd = true
				t.skip(child, "a link to another container")
			case !filepath.IsLocal(info.Name()) || strings.ContainsRune(info.Name(), filepath.Separator):
				child.odd = true
				t.skip(child, "a name that no file can have here")
			}
			all = append(all, child)
		}
		return all, nil
	}
	list, err := os.ReadDir(n.local)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		child := n.below(e.Name())
		if isPart(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		child.found(info)
		switch {
		case !fs.ValidPath(e.Name()):
			child.odd = true
			t.skip(child, "a name that is not UTF-8")
		case !info.IsDir() && !info.Mode().IsRegular():
			child.odd = true
			t.skip(child, "neither a file nor a folder")
		}
		all = append(all, child)
	}
	return all, nil
}

// alike reports whether a file needs no copying.
func (t *transfer) alike(ctx context.Context, from, to *node) (bool, error) {
	if from.size != to.size {
		return false, nil
	}
	if !t.checksum {
		return from.time.UnixMilli() == to.time.UnixMilli(), nil
	}
	a, err := from.open(ctx)
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := to.open(ctx)
	if err != nil {
		return false, err
	}
	defer b.Close()
	x, y := make([]byte, container.MaxChunk), make([]byte, container.MaxChunk)
	for {
		n, err := io.ReadFull(a, x)
		m, wrong := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		if end(err) && end(wrong) {
			return true, nil
		}
		if err := errors.Join(err, wrong); err != nil {
			return false, err
		}
	}
}

func end(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// opened is a file to be read.
type opened interface {
	io.ReadSeeker
	Close() error
}

// remoteFile is a file of the network that is only read.
type remoteFile struct{ *container.File }

func (f remoteFile) Close() error {
	f.Discard()
	return nil
}

func (n *node) open(ctx context.Context) (opened, error) {
	if n.remote == nil {
		return os.Open(n.local)
	}
	f, err := n.remote.fs.Open(ctx, n.remote.name)
	if err != nil {
		return nil, n.remote.told(err)
	}
	n.info = f.Info()
	return remoteFile{f}, nil
}

// print tells a file's content from any other that the same path had: what an interrupted copy goes by.
func (n *node) print() string {
	if n.remote == nil {
		abs, err := filepath.Abs(n.local)
		if err != nil {
			abs = n.local
		}
		return fmt.Sprintf("%s %d %d", abs, n.size, n.time.UnixNano())
	}
	id := n.info.ID()
	return fmt.Sprintf("%s %s %d %d", n.remote.path, hex.EncodeToString(id[:]), n.info.Version(), n.size)
}

// mkdir makes a directory. That it is there by now is no error.
func (t *transfer) mkdir(ctx context.Context, n *node) error {
	if n.remote == nil {
		if err := os.Mkdir(n.local, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	var a container.Attributes
	if !n.time.IsZero() {
		a.Modified = vaultnet.Time(max(1, n.time.UnixMilli()))
	}
	_, err := n.remote.fs.MkdirWith(ctx, n.remote.name, a)
	if errors.Is(err, container.Exist) {
		return nil
	}
	return n.remote.told(err)
}

// date gives a directory that was made on this machine the original's time, once everything is in it.
func (n *node) date() error {
	if n.remote != nil || n.time.IsZero() {
		return nil
	}
	return os.Chtimes(n.local, n.time, n.time)
}

func (t *transfer) remove(ctx context.Context, n *node) error {
	if n.remote == nil {
		return os.RemoveAll(n.local)
	}
	_, err := n.remote.fs.RemoveAll(ctx, n.remote.name)
	return n.remote.told(err)
}
