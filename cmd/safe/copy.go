package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vaultnet"
	"vaultnet/client/container"
)

// checkpoint is how often a file that is stored is noted, so that it goes on from there after a crash.
const checkpoint = time.Second

var errChanged = errors.New("it changed while it was copied: repeat the command")

// copy copies one file. It goes on where an earlier copy of the same content was.
func (t *transfer) copy(ctx context.Context, j *job) error {
	from, err := j.from.open(ctx)
	if err != nil {
		return err
	}
	defer from.Close()
	t.meter.file(j.to.base)
	if j.to.remote != nil {
		return j.to.remote.told(t.store(ctx, j, from))
	}
	return t.fetch(ctx, j, from)
}

// pour copies all that is left of a file, and after some chunks of it calls at.
func (t *transfer) pour(ctx context.Context, to io.Writer, from io.Reader, at func() error) (n int64, err error) {
	block := make([]byte, container.MaxChunk)
	for chunks := 1; ; chunks++ {
		k, err := io.ReadFull(from, block)
		if k > 0 {
			if _, err := to.Write(block[:k]); err != nil {
				return n, err
			}
			n += int64(k)
			t.meter.add(int64(k))
			if err := t.meter.wait(ctx, int64(t.rate)); err != nil {
				return n, err
			}
		}
		if end(err) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if chunks%t.parallel == 0 && at != nil {
			if err := at(); err != nil {
				return n, err
			}
		}
	}
}

// store puts a file into the network.
func (t *transfer) store(ctx context.Context, j *job, from opened) error {
	s := j.to.remote
	note := t.a.noteOf("store", s.path, j.from.print())
	file, offset, err := t.openDraft(ctx, s, note)
	if err != nil {
		return err
	}
	defer file.Discard()
	if offset > 0 {
		if _, err := from.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		t.meter.skip(offset)
		t.tellResumed(j, offset)
	}
	noted := time.Now()
	n, err := t.pour(ctx, file, from, func() error {
		if time.Since(noted) < checkpoint {
			return nil
		}
		draft, err := file.Checkpoint() // the rest stays under way
		if err == nil && draft != nil {
			err = note.write(draft)
		}
		noted = time.Now()
		return err
	})
	if err != nil {
		return err
	}
	if err := t.unchanged(j, offset+n); err != nil {
		note.remove()
		return err
	}
	if err := file.SetModified(modified(j)); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	note.remove()
	return nil
}

// smallAtOnce is how many small files are stored together: fewer lose more round trips, more are lost when it is killed.
const smallAtOnce = 500

// storeSmall stores files that are kept in their records: all that come into one directory together.
func (t *transfer) storeSmall(ctx context.Context, jobs []*job) error {
	files := make([]*container.File, len(jobs))
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Discard()
			}
		}
	}()
	numbers := make([]int, len(jobs))
	for i := range numbers {
		numbers[i] = i
	}
	err := together(ctx, t.parallel, numbers, func(int) int { return 1 }, func(_ context.Context, i int) error {
		j := jobs[i]
		from, err := j.from.open(ctx)
		if err != nil {
			return err
		}
		defer from.Close()
		t.meter.file(j.to.base)
		// The file's context is that of all of them: it is closed after this.
		if files[i], err = j.to.remote.fs.OpenFile(ctx, j.to.remote.name, t.mode()); err != nil {
			return j.to.remote.told(err)
		}
		n, err := t.pour(ctx, files[i], from, nil)
		if err == nil {
			err = t.unchanged(j, n)
		}
		if err == nil {
			err = files[i].SetModified(modified(j))
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, err := range jobs[0].to.remote.fs.CloseAll(ctx, files...) {
		if err != nil {
			return jobs[i].to.remote.told(err)
		}
	}
	return nil
}

// modified is the time that a copy says it was written at: the original's.
func modified(j *job) vaultnet.Time { return vaultnet.Time(max(1, j.from.time.UnixMilli())) }

// mode is how files are opened that are stored.
func (t *transfer) mode() container.Mode {
	mode := container.Write | container.MayCreate
	if t.append {
		return mode | container.Append
	}
	mode |= container.Truncate
	if t.fresh {
		mode |= container.Exclusive
	}
	return mode
}

// openDraft opens a file for writing: at its beginning, or where an earlier copy was.
func (t *transfer) openDraft(ctx context.Context, s *spot, note *note) (*container.File, int64, error) {
	if draft := note.read(); draft != nil {
		file, err := s.fs.OpenDraft(ctx, s.name, draft)
		if err == nil {
			size, err := file.Seek(0, io.SeekEnd)
			if err == nil {
				return file, size, nil
			}
		}
		if err != nil && !errors.Is(err, container.Corrupt) {
			return nil, 0, err
		}
		note.remove()
	}
	file, err := s.fs.OpenFile(ctx, s.name, t.mode())
	return file, 0, err
}

// unchanged looks whether what was copied is what was planned.
func (t *transfer) unchanged(j *job, n int64) error {
	changed := n != j.from.size
	if j.from.remote == nil {
		info, err := os.Stat(j.from.local)
		changed = changed || err != nil || info.Size() != j.from.size || !info.ModTime().Equal(j.from.time)
	}
	if changed {
		return fmt.Errorf("%s: %w", j.from, errChanged)
	}
	return nil
}

func (t *transfer) tellResumed(j *job, offset int64) {
	if !t.a.json {
		t.meter.clear()
		fmt.Fprintf(t.a.err, "%s: goes on at %s of %s\n", oneLine(j.to.String()), bytesText(offset), bytesText(j.from.size))
	}
}

// fetch gets a file from the network: into a file of another name until it is whole.
func (t *transfer) fetch(ctx context.Context, j *job, from opened) error {
	path := j.to.local
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	note := t.a.noteOf("fetch", abs, j.from.print())
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+partSuffix)
	flags := os.O_WRONLY | os.O_CREATE
	if note.read() == nil {
		flags |= os.O_TRUNC
	}
	to, err := os.OpenFile(part, flags, 0o666)
	if err != nil {
		return err
	}
	defer to.Close()
	j.from.size = j.from.info.Size()
	offset, err := to.Seek(0, io.SeekEnd)
	if err == nil {
		offset = min(offset, j.from.size) / container.MaxChunk * container.MaxChunk
		if err = to.Truncate(offset); err == nil {
			_, err = to.Seek(offset, io.SeekStart)
		}
	}
	if err != nil {
		return err
	}
	if offset > 0 {
		if _, err := from.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		t.meter.skip(offset)
		t.tellResumed(j, offset)
	} else if err := note.write([]byte{1}); err != nil {
		return err
	}
	out := sink{file: to}
	defer out.wait.Wait()
	if _, err := t.pour(ctx, &out, from, nil); err != nil {
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	if when := j.from.info.ModTime(); !when.IsZero() {
		if err := os.Chtimes(part, when, when); err != nil {
			return err
		}
	}
	if t.fresh {
		err = os.Link(part, path)
		err = errors.Join(err, os.Remove(part))
	} else {
		err = os.Rename(part, path)
	}
	if err == nil {
		note.remove()
	}
	return err
}

// putStream stores the standard input.
func (t *transfer) putStream(ctx context.Context, s *spot) error {
	info, err := s.stat(ctx)
	switch {
	case err != nil:
		return err
	case info != nil && info.IsDir():
		return fmt.Errorf("%s is a directory: name the file that the standard input becomes", s.path)
	case t.dry:
		return usageError("-dry-run: how long the standard input is shows only when it was read")
	}
	file, err := s.fs.OpenFile(ctx, s.name, t.mode())
	if err != nil {
		return s.told(err)
	}
	defer file.Discard()
	t.began, t.meter = time.Now(), newMeter(t.a, -1)
	t.bytes, err = t.pour(ctx, file, t.a.in, nil)
	if err == nil {
		err = file.Close()
	}
	t.meter.stop()
	if err != nil {
		return s.told(err)
	}
	t.jobs = []*job{{&node{}, &node{remote: s}}}
	return t.tellDone()
}

// getStream writes files to the standard output.
func (t *transfer) getStream(ctx context.Context, sources []string) error {
	for _, source := range sources {
		s, err := t.a.place(source)
		if err != nil {
			return err
		}
		file, err := s.fs.Open(ctx, s.name)
		if err != nil {
			return s.told(err)
		}
		t.meter = newMeter(t.a, file.Info().Size())
		_, err = t.pour(ctx, t.a.out, file, nil)
		t.meter.stop()
		file.Discard()
		if err != nil {
			return s.told(err)
		}
	}
	return nil
}
