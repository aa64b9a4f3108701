package container

import (
	"context"
	"maps"
	"slices"

	"vaultnet"
)

// Content goes in and out as a stream where [Data] can work in the background: chunks are stored while the next are being
// written, and fetched while those before are being read.

// upload is leaves that are being stored, sealed already.
type upload struct {
	at    []int64
	steps []Step
	wait  func(i int) Answer // nil: they are to be tried again
	done  <-chan struct{}    // closed when wait waits for nothing
	stop  context.CancelFunc
}

// maxUploads is how many of them are under way at once.
const maxUploads = 3

// part is how many changed leaves are gathered before they are stored together: then they share a permit, which the next
// wait for while these are on their way.
func (b *blob) part() int { return max(1, b.cfg.Parallel/maxUploads) }

// flush begins to store the changed leaves.
func (b *blob) flush(ctx context.Context) error {
	if len(b.leaves) == 0 {
		return nil
	}
	for len(b.uploads) >= maxUploads {
		if err := b.settleFirst(ctx); err != nil {
			return err
		}
	}
	u := &upload{at: slices.Sorted(maps.Keys(b.leaves))}
	for _, i := range u.at {
		sealed, err := b.seal(b.leaves[i], 0, i)
		if err != nil {
			return err
		}
		u.steps = append(u.steps, PutChunk{Content: sealed})
	}
	for _, leaf := range b.leaves {
		if b.secret != nil { // else it is what is being stored
			b.recycle(leaf)
		}
	}
	clear(b.leaves)
	b.uploads = append(b.uploads, u)
	b.launch(ctx, u)
	return nil
}

// isDone reports whether there is nothing to wait for.
func (u *upload) isDone() bool {
	if u.wait == nil {
		return false
	}
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

func (b *blob) launch(ctx context.Context, u *upload) {
	ctx, u.stop = context.WithCancel(ctx)
	u.wait, u.done = begin(ctx, b.cfg.Data, u.steps)
}

// settleFirst waits for the upload begun first. What could not be stored stays there, and is tried again the next time; so
// is, then, what was begun later and met the same.
func (b *blob) settleFirst(ctx context.Context) error {
	if b.uploads[0].wait == nil {
		b.launch(ctx, b.uploads[0])
	}
	err := b.collect(ctx, b.uploads[0])
	if err != nil {
		for _, u := range b.uploads[1:] {
			_ = b.collect(ctx, u) // told when it happens again
		}
		return err
	}
	b.uploads = slices.Delete(b.uploads, 0, 1)
	if b.dirty >= maxLists/2 {
		return b.flushLists(ctx)
	}
	return nil
}

// collect waits for an upload, notes what was stored and leaves in it what was not.
func (b *blob) collect(ctx context.Context, u *upload) (failed error) {
	if u.wait == nil {
		return nil
	}
	var at []int64
	var steps []Step
	for k, i := range u.at {
		name, err := answer[vaultnet.Name](u.wait(k))
		if err == nil {
			err = b.setName(ctx, 0, i, name)
		}
		if err != nil {
			failed = first(failed, err)
			at, steps = append(at, i), append(steps, u.steps[k])
		}
	}
	u.stop()
	u.wait, u.at, u.steps = nil, at, steps
	return failed
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// settle waits until everything that was begun is stored.
func (b *blob) settle(ctx context.Context) error {
	for len(b.uploads) > 0 {
		if err := b.settleFirst(ctx); err != nil {
			return err
		}
	}
	return nil
}

// storedPart describes, in a record, the content before the first leaf that is not stored; nothing where that is less than
// is worth it. False where something behind it is stored already.
func (b *blob) storedPart(ctx context.Context, r *record) (bool, error) {
	r.Inline, r.Content = nil, nil
	if b.isInline() {
		return true, nil
	}
	for len(b.uploads) > 0 && b.uploads[0].isDone() {
		if err := b.settleFirst(ctx); err != nil {
			return false, err
		}
	}
	end := b.g.count(b.size, 0)
	for i := range b.leaves {
		end = min(end, i)
	}
	for _, u := range b.uploads {
		if len(u.at) > 0 {
			end = min(end, u.at[0])
		}
	}
	size := min(b.size, end*int64(b.g.chunk))
	if size <= MaxInline {
		return true, nil
	}
	if err := b.flushLists(ctx); err != nil {
		return false, err
	}
	depth := b.g.depth(size)
	for level := 1; level <= depth; level++ {
		// The last list of a level goes beyond that: nothing may be there yet.
		n := b.g.count(size, level-1)
		if n%b.g.fan() == 0 {
			continue
		}
		l, err := b.list(ctx, level, n/b.g.fan())
		if err != nil {
			return false, err
		}
		for _, name := range l.names[n%b.g.fan():] {
			if name != (vaultnet.Name{}) {
				return false, nil
			}
		}
	}
	roots := make([]vaultnet.Name, b.g.count(size, depth))
	for i := range roots {
		name, err := b.name(ctx, depth, int64(i))
		if err != nil {
			return false, err
		}
		roots[i] = name
	}
	r.Content = []content{{Size: size, Chunk: b.g.chunk, Key: b.key, Roots: roots}}
	return true, nil
}

// uploading reports whether a leaf is being stored.
func (b *blob) uploading(i int64) bool {
	for _, u := range b.uploads {
		if _, ok := slices.BinarySearch(u.at, i); ok {
			return true
		}
	}
	return false
}

// fetch is a leaf that is being fetched.
type fetch struct {
	leaf int64
	wait func() Answer      // nil: it is nothing but zeros
	stop context.CancelFunc // nil: it is there
}

// ahead has leaves from i on be fetched, want of them, unless they are already. What was fetched for elsewhere is given up.
func (b *blob) ahead(ctx context.Context, i, want int64) error {
	for len(b.fetches) > 0 && b.fetches[0].leaf != i {
		b.fetches[0].cancel()
		b.fetches = slices.Delete(b.fetches, 0, 1)
	}
	background, ok := b.cfg.Data.(Background)
	if !ok && len(b.fetches) > 0 {
		return nil // a batch at a time
	}
	var steps []Step
	begun := len(b.fetches)
	for j := i + int64(begun); j < i+want; j++ {
		if _, ok := b.leaves[j]; ok || b.uploading(j) {
			break // it is here
		}
		name, err := b.name(ctx, 0, j)
		if err != nil {
			return err
		}
		f := &fetch{leaf: j}
		b.fetches = append(b.fetches, f)
		switch {
		case name == (vaultnet.Name{}): // nothing but zeros
		case ok:
			var own context.Context
			own, f.stop = context.WithCancel(ctx)
			wait, _ := background.Begin(own, []Step{GetChunk{Name: name}})
			f.wait = func() Answer { return wait(0) }
		default:
			f.wait = func() Answer { return Answer{} } // until it is there, below
			steps = append(steps, GetChunk{Name: name})
		}
	}
	if len(steps) == 0 {
		return nil
	}
	answers := do(ctx, b.cfg.Data, steps, len(steps))
	for _, f := range b.fetches[begun:] {
		if f.wait != nil {
			a := answers[0]
			answers = answers[1:]
			f.wait = func() Answer { return a }
		}
	}
	return nil
}

// cancel gives a fetch up and waits for its end.
func (f *fetch) cancel() {
	if f.stop != nil {
		f.stop()
	}
	if f.wait != nil {
		f.wait()
	}
}

// abandon gives up all that is under way, and waits for its end.
func (b *blob) abandon() {
	for _, u := range b.uploads {
		if u.wait != nil {
			u.stop()
			for k := range u.at {
				u.wait(k)
			}
		}
	}
	for _, f := range slices.Backward(b.fetches) {
		f.cancel()
	}
	b.uploads, b.fetches = nil, nil
}

// maxSpare is how many buffers of a leaf are kept for the next.
const maxSpare = 4

// buffer is room for a leaf, empty.
func (b *blob) buffer() []byte {
	if n := len(b.spare); n > 0 {
		s := b.spare[n-1]
		b.spare = b.spare[:n-1]
		return s[:0]
	}
	return make([]byte, 0, b.g.chunk)
}

func (b *blob) recycle(leaf []byte) {
	if cap(leaf) >= b.g.chunk && len(b.spare) < max(maxSpare, b.part()) {
		b.spare = append(b.spare, leaf)
	}
}
