package container

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"

	"vaultnet"
	"vaultnet/internal/sealed"
)

// blob is the content of a file that is open: what was read of it and what was changed, of both a bounded part. It is not
// safe for concurrent use.
type blob struct {
	cfg    Config
	g      geometry
	key    Key
	secret *sealed.Box // nil: public

	size   int64
	inline []byte // the whole content while it is at most MaxInline bytes; then no leaves, lists or roots
	roots  []vaultnet.Name
	depth  int

	leaves  map[int64][]byte // changed and not stored, at most part()
	uploads []*upload        // being stored, the first first; together at most cfg.Parallel leaves
	window  map[int64][]byte // read; at most maxWindow
	seen    []int64          // the same, read first first
	fetches []*fetch         // being read ahead, one leaf after the other; at most cfg.Parallel
	next    int64            // the leaf after the last that was read: reading on from there reads ahead
	spare   [][]byte         // buffers of leaves
	lists   map[listAt]*list // of names
	dirty   int              // of lists
}

type listAt struct {
	level int // at least 1
	index int64
}

type list struct {
	names   []vaultnet.Name // fan() of them
	changed bool
}

// maxLists is how many lists of names, of 32 KiB, are kept.
const maxLists = 128

func newBlob(cfg Config, r *record, key Key) *blob {
	b := &blob{cfg: cfg, g: geometry{cfg.ChunkSize}, key: key, inline: slices.Clone(r.Inline), size: r.size()}
	if len(r.Content) == 1 {
		c := &r.Content[0]
		b.g, b.key, b.roots = geometry{c.Chunk}, c.Key, slices.Clone(c.Roots)
		b.depth = b.g.depth(c.Size)
	}
	if b.key != (Key{}) {
		b.secret = sealed.NewBox(b.key)
	}
	b.forget()
	return b
}

// forget lets go of all that is not stored, and of all that is under way.
func (b *blob) forget() {
	b.abandon()
	b.leaves, b.window, b.seen, b.spare = map[int64][]byte{}, map[int64][]byte{}, nil, nil
	b.lists, b.dirty = map[listAt]*list{}, 0
}

func (b *blob) isInline() bool { return b.size <= MaxInline }

// store writes what is changed and describes it in a record.
func (b *blob) store(ctx context.Context, r *record) error {
	if b.isInline() {
		r.Inline, r.Content = slices.Clone(b.inline), nil
		return nil
	}
	if err := b.flush(ctx); err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	if err := b.flushLists(ctx); err != nil {
		return err
	}
	r.Inline, r.Content = nil, []content{{Size: b.size, Chunk: b.g.chunk, Key: b.key, Roots: slices.Clone(b.roots)}}
	return nil
}

// readAt fills p from an offset, as io.ReaderAt does.
func (b *blob) readAt(ctx context.Context, p []byte, off int64) (n int, err error) {
	for n < len(p) && off < b.size {
		if b.isInline() {
			k := copy(p[n:], b.inline[off:])
			n, off = n+k, off+int64(k)
			continue
		}
		i, at := off/int64(b.g.chunk), off%int64(b.g.chunk)
		leaf, err := b.leaf(ctx, i, (int64(len(p)-n)+at-1)/int64(b.g.chunk)+1)
		if err != nil {
			return n, err
		}
		length := min(int64(b.g.chunk), b.size-i*int64(b.g.chunk))
		want := p[n:][:min(int64(len(p)-n), length-at)]
		k := 0
		if at < int64(len(leaf)) {
			k = copy(want, leaf[at:])
		}
		clear(want[k:]) // a chunk that is short ends in zeros
		n, off = n+len(want), off+int64(len(want))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// leaf returns a chunk of the content, good until the next call. When it is fetched, so are those after it: as many as are
// wanted, or, where somebody reads on from what was read last, as many as go at once.
func (b *blob) leaf(ctx context.Context, i, want int64) ([]byte, error) {
	if b.uploading(i) {
		if err := b.settle(ctx); err != nil {
			return nil, err
		}
	}
	if leaf, ok := b.leaves[i]; ok {
		return leaf, nil
	}
	if leaf, ok := b.window[i]; ok {
		return leaf, nil
	}
	if i == b.next && i > 0 {
		want = int64(b.cfg.Parallel)
	}
	want = max(1, min(want, int64(b.cfg.Parallel), b.g.count(b.size, 0)-i))
	if err := b.ahead(ctx, i, want); err != nil {
		return nil, err
	}
	f := b.fetches[0]
	b.fetches = slices.Delete(b.fetches, 0, 1)
	var leaf []byte
	if f.wait != nil {
		var err error
		if leaf, err = b.open(f.wait(), 0, i); err != nil {
			f.cancel()
			return nil, err
		}
		if f.stop != nil {
			f.stop()
		}
	}
	b.see(i, leaf)
	b.next = i + 1
	return leaf, nil
}

// maxWindow is how many leaves that were read are kept.
const maxWindow = 2

// see keeps a leaf that was read, in place of the one kept for longest.
func (b *blob) see(i int64, leaf []byte) {
	if len(b.seen) >= min(maxWindow, b.cfg.Parallel) {
		b.unsee(b.seen[0])
	}
	b.window[i] = leaf
	b.seen = append(b.seen, i)
}

func (b *blob) unsee(i int64) {
	if k := slices.Index(b.seen, i); k >= 0 {
		b.seen = slices.Delete(b.seen, k, k+1)
		if b.secret != nil { // else it is another's
			b.recycle(b.window[i])
		}
		delete(b.window, i)
	}
}

// writeAt replaces bytes from an offset on, and makes the content longer where they go beyond its end: by what is written,
// however far that comes.
func (b *blob) writeAt(ctx context.Context, p []byte, off int64) (n int, err error) {
	switch end := off + int64(len(p)); {
	case !b.isInline() || end <= b.size:
	case end <= MaxInline:
		err = b.resize(ctx, end)
	default:
		err = b.resize(ctx, MaxInline+1)
	}
	if err != nil {
		return 0, err
	}
	if b.isInline() {
		return copy(b.inline[off:], p), nil
	}
	for n < len(p) {
		i, at := off/int64(b.g.chunk), int(off%int64(b.g.chunk))
		leaf, err := b.change(ctx, i, at == 0 && len(p)-n >= b.g.chunk)
		if err != nil {
			return n, err
		}
		k := min(b.g.chunk-at, len(p)-n)
		if off+int64(k) > b.size {
			b.stretch(off + int64(k))
		}
		if len(leaf) < at+k {
			leaf = append(leaf, make([]byte, at+k-len(leaf))...)
		}
		copy(leaf[at:], p[n:n+k])
		b.leaves[i] = leaf
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// change returns a leaf that may be changed; whole says that all of it will be. It stores others to have room.
func (b *blob) change(ctx context.Context, i int64, whole bool) ([]byte, error) {
	if leaf, ok := b.leaves[i]; ok {
		return leaf, nil
	}
	if b.uploading(i) {
		if err := b.settle(ctx); err != nil {
			return nil, err
		}
	}
	if len(b.leaves) >= b.part() {
		if err := b.flush(ctx); err != nil {
			return nil, err
		}
	}
	leaf := b.buffer()
	if !whole {
		name, err := b.name(ctx, 0, i)
		if err != nil {
			return nil, err
		}
		if name != (vaultnet.Name{}) {
			old, err := b.leaf(ctx, i, 1)
			if err != nil {
				return nil, err
			}
			leaf = append(leaf, old...)
		}
	}
	b.drop(func(k int64) bool { return k == i })
	b.leaves[i] = leaf
	return leaf, nil
}

// resize makes the content longer, by zeros, or shorter.
func (b *blob) resize(ctx context.Context, size int64) error {
	switch {
	case size == b.size:
		return nil
	case size <= MaxInline:
		was := make([]byte, size)
		if _, err := b.readAt(ctx, was, 0); err != nil && err != io.EOF {
			return err
		}
		b.inline, b.size, b.roots, b.depth = was, size, nil, 0
		b.forget()
		return nil
	case b.isInline():
		was := b.inline
		b.inline, b.size = nil, 0
		b.stretch(size)
		_, err := b.writeAt(ctx, was, 0)
		return err
	case size > b.size:
		b.stretch(size)
		return nil
	}
	return b.shrink(ctx, size)
}

// stretch gives the content a greater size; what is new are zeros.
func (b *blob) stretch(size int64) {
	for depth := b.g.depth(size); b.depth < depth; b.depth++ {
		// The record's list becomes the first list of a higher level.
		fan := b.g.fan()
		for i := int64(0); i*fan < int64(len(b.roots)); i++ {
			l := &list{names: make([]vaultnet.Name, fan), changed: true}
			copy(l.names, b.roots[i*fan:])
			b.lists[listAt{b.depth + 1, i}] = l
			b.dirty++
		}
		b.roots = make([]vaultnet.Name, (int64(len(b.roots))+fan-1)/fan)
	}
	b.size = size
	if n := b.g.count(size, b.depth); n > int64(len(b.roots)) {
		b.roots = append(b.roots, make([]vaultnet.Name, n-int64(len(b.roots)))...)
	}
}

// drop forgets leaves that were read, or are being.
func (b *blob) drop(which func(i int64) bool) {
	for _, i := range slices.Clone(b.seen) {
		if which(i) {
			b.unsee(i)
		}
	}
	if slices.ContainsFunc(b.fetches, func(f *fetch) bool { return which(f.leaf) }) {
		for _, f := range slices.Backward(b.fetches) {
			f.cancel()
		}
		b.fetches = nil
	}
}

// shrink cuts the content off. What was behind must not come back when it grows again.
func (b *blob) shrink(ctx context.Context, size int64) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	last := b.g.count(size, 0) - 1
	maps.DeleteFunc(b.leaves, func(i int64, _ []byte) bool { return i > last })
	b.drop(func(i int64) bool { return i > last })
	if rest := size - last*int64(b.g.chunk); rest < int64(b.g.chunk) {
		leaf, err := b.change(ctx, last, false)
		if err != nil {
			return err
		}
		b.leaves[last] = leaf[:min(int64(len(leaf)), rest)]
		if err := b.settle(ctx); err != nil { // others may have made room for it
			return err
		}
	}
	for level := 1; level <= b.depth; level++ {
		below := b.g.count(size, level-1)
		end := (below - 1) / b.g.fan()
		if below%b.g.fan() > 0 {
			l, err := b.list(ctx, level, end)
			if err != nil {
				return err
			}
			clear(l.names[below%b.g.fan():])
			b.touch(l)
		}
		for at, l := range b.lists {
			if at.level == level && at.index > end {
				if l.changed {
					b.dirty--
				}
				delete(b.lists, at)
			}
		}
	}
	for depth := b.g.depth(size); b.depth > depth; b.depth-- {
		roots := make([]vaultnet.Name, b.g.count(size, b.depth-1))
		for i := range roots {
			name, err := b.name(ctx, b.depth-1, int64(i))
			if err != nil {
				return err
			}
			roots[i] = name
		}
		for at, l := range b.lists {
			if at.level == b.depth {
				if l.changed {
					b.dirty--
				}
				delete(b.lists, at)
			}
		}
		b.roots = roots
	}
	b.roots = b.roots[:b.g.count(size, b.depth)]
	b.size, b.next = size, 0
	return nil
}

// name is that of a chunk of a level; zero: nothing but zeros.
func (b *blob) name(ctx context.Context, level int, i int64) (vaultnet.Name, error) {
	if level == b.depth {
		if i >= int64(len(b.roots)) {
			return vaultnet.Name{}, nil
		}
		return b.roots[i], nil
	}
	l, err := b.list(ctx, level+1, i/b.g.fan())
	if err != nil {
		return vaultnet.Name{}, err
	}
	return l.names[i%b.g.fan()], nil
}

func (b *blob) setName(ctx context.Context, level int, i int64, name vaultnet.Name) error {
	if level == b.depth {
		b.roots[i] = name
		return nil
	}
	l, err := b.list(ctx, level+1, i/b.g.fan())
	if err != nil {
		return err
	}
	l.names[i%b.g.fan()] = name
	b.touch(l)
	return nil
}

func (b *blob) touch(l *list) {
	if !l.changed {
		l.changed = true
		b.dirty++
	}
}

// list returns the list of names that a chunk of a level at least 1 is.
func (b *blob) list(ctx context.Context, level int, i int64) (*list, error) {
	if l, ok := b.lists[listAt{level, i}]; ok {
		return l, nil
	}
	name, err := b.name(ctx, level, i)
	if err != nil {
		return nil, err
	}
	l := &list{names: make([]vaultnet.Name, b.g.fan())}
	if name != (vaultnet.Name{}) {
		names, err := b.get(ctx, name, level, i)
		if err != nil {
			return nil, err
		}
		if len(names) != len(l.names)*nameSize {
			return nil, refuse("read", "list of chunks", Corrupt)
		}
		for k := range l.names {
			copy(l.names[k][:], names[k*nameSize:])
		}
		if b.secret != nil {
			b.recycle(names)
		}
	}
	if len(b.lists) >= maxLists {
		maps.DeleteFunc(b.lists, func(_ listAt, l *list) bool { return !l.changed })
	}
	b.lists[listAt{level, i}] = l
	return l, nil
}

// flushLists stores the changed lists, lowest level first: each changes one of the next.
func (b *blob) flushLists(ctx context.Context) error {
	for level := 1; level <= b.depth; level++ {
		var at []int64
		for k, l := range b.lists {
			if k.level == level && l.changed {
				at = append(at, k.index)
			}
		}
		slices.SortFunc(at, cmp.Compare[int64])
		for part := range slices.Chunk(at, b.cfg.Parallel) {
			contents := make([][]byte, len(part))
			for k, i := range part {
				for _, name := range b.lists[listAt{level, i}].names {
					contents[k] = append(contents[k], name[:]...)
				}
			}
			names, err := b.put(ctx, contents, level, part)
			if err != nil {
				return err
			}
			for k, i := range part {
				if err := b.setName(ctx, level, i, names[k]); err != nil {
					return err
				}
				b.lists[listAt{level, i}].changed = false
				b.dirty--
			}
		}
	}
	return nil
}
