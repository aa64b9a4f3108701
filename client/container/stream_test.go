package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vaultnet/refusal"
)

// background is Data whose steps take their time, each its own, and are counted.
type background struct {
	Data
	slow bool

	mu        sync.Mutex
	now, most int // chunks under way
	group     sync.WaitGroup
}

func (d *background) Begin(ctx context.Context, steps []Step) (func(int) Answer, <-chan struct{}) {
	answers, all := make([]Answer, len(steps)), make(chan struct{})
	var left sync.WaitGroup
	left.Add(len(steps))
	d.group.Go(func() { left.Wait(); close(all) })
	done := make([]chan struct{}, len(steps))
	for i := range steps {
		done[i] = make(chan struct{})
		d.mu.Lock()
		d.now++
		d.most = max(d.most, d.now)
		d.mu.Unlock()
		d.group.Go(func() {
			if d.slow {
				select {
				case <-time.After(rand.N(2 * time.Millisecond)):
				case <-ctx.Done():
				}
			}
			answers[i] = d.Do(ctx, steps[i:i+1])[0]
			d.mu.Lock()
			d.now--
			d.mu.Unlock()
			close(done[i])
			left.Done()
		})
	}
	return func(i int) Answer {
		<-done[i]
		return answers[i]
	}, all
}

// streams is a file system of small chunks over background Data, and its actor.
func streams(t *testing.T, private bool) (*FileSystem, *background, *actor) {
	t.Helper()
	ref, err := NewRef(newRandom(1), private, false)
	if err != nil {
		t.Fatal(err)
	}
	a := newWorld(t).actor("me", "me")
	cfg := a.config(2)
	d := &background{Data: cfg.Data, slow: true}
	cfg.Data, cfg.ChunkSize, cfg.Parallel = d, 100, 6
	if _, err := Create(t.Context(), cfg, ref, nil); err != nil {
		t.Fatal(err)
	}
	return NewFileSystem(cfg, ref), d, a
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{4}).Read(b)
	return b
}

// A file goes in and out while chunks are under way: never more than may be, each one once, and none is left behind.
func TestStreams(t *testing.T) {
	for _, private := range []bool{true, false} {
		files, d, a := streams(t, private)
		content := noise(20_050)
		file, err := files.Create(t.Context(), "large")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(struct{ io.Writer }{file}, struct{ io.Reader }{bytes.NewReader(content)}); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if d.most < 4 || d.most > 6 || a.w.puts > 201+100 { // and the lists of their names, three to a chunk, again as they grow
			t.Errorf("%d chunks under way, %d stored", d.most, a.w.puts)
		}
		d.most, a.w.gets = 0, 0
		read, err := files.Open(t.Context(), "large")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(read)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if d.most < 4 || d.most > 6 || a.w.gets > 201+100 {
			t.Errorf("%d chunks under way, %d fetched", d.most, a.w.gets)
		}
		// Given up half way.
		if _, err := read.Seek(5_000, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(read, got[:1_000]); err != nil || !bytes.Equal(got[:1_000], content[5_000:6_000]) {
			t.Fatal(err)
		}
		read.Discard()
		if file, err = files.OpenFile(t.Context(), "large", Write); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(noise(3_000)); err != nil {
			t.Fatal(err)
		}
		file.Discard()
		if d.mu.Lock(); d.now != 0 {
			t.Errorf("%d chunks are under way after all was given up", d.now)
		}
		d.mu.Unlock()
		d.group.Wait()
	}
}

// What is refused in the middle is told, and goes on when it is no longer: nothing is lost, nothing stored twice.
func TestStreamGoesOnAfterRefusals(t *testing.T) {
	files, d, a := streams(t, true)
	content := noise(12_000)
	left := 80
	a.deny = func(s Step) error {
		if _, ok := s.(PutChunk); !ok {
			return nil
		}
		a.w.mu.Lock()
		defer a.w.mu.Unlock()
		if left--; left < 0 {
			return refusal.New(refusal.LowBalance)
		}
		return nil
	}
	file, err := files.Create(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	n, err := file.Write(content)
	if !errors.Is(err, refusal.LowBalance) || n == 0 || n >= len(content) {
		t.Fatal(n, err)
	}
	if size := file.Info().Size(); size != int64(n) {
		t.Fatalf("%d bytes were written, and the file has %d", n, size)
	}
	if _, err := file.Checkpoint(); !errors.Is(err, refusal.LowBalance) { // of a list of names
		t.Error(err)
	}
	a.deny = nil
	before := a.w.puts
	draft, err := file.Checkpoint()
	if err != nil || draft == nil {
		t.Fatal(err)
	}
	if _, err := file.Write(content[n:]); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := files.ReadFile(t.Context(), "large"); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if a.w.puts-before > 120 {
		t.Errorf("%d chunks for the rest", a.w.puts-before)
	}
	// Or in another process, from what was stored when it was refused.
	again, err := files.OpenDraft(t.Context(), "again", draft)
	if err != nil {
		t.Fatal(err)
	}
	at, err := again.Seek(0, io.SeekEnd)
	if err != nil || at < 4_096 || at > int64(n) || at%100 != 0 {
		t.Fatal(at, n, err)
	}
	if _, err := again.Write(content[at:]); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := files.ReadFile(t.Context(), "again"); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	d.group.Wait()
}

// A checkpoint waits for nothing, and has what is stored: at any time, at any depth of the tree of names.
func TestCheckpoint(t *testing.T) {
	for _, slow := range []bool{false, true} {
		files, d, _ := streams(t, true)
		d.slow = slow
		content := noise(40_000) // 400 chunks: three levels of names
		file, err := files.Create(t.Context(), "large")
		if err != nil {
			t.Fatal(err)
		}
		last := int64(0)
		for off := 0; off < len(content); off += 800 {
			if _, err := file.Write(content[off : off+800]); err != nil {
				t.Fatal(err)
			}
			if off == 16_000 {
				d.group.Wait() // who writes slowly has all but the part that is gathered stored
			}
			draft, err := file.Checkpoint()
			if err != nil {
				t.Fatal(off, err)
			}
			if draft == nil {
				if off > 6_000 {
					t.Fatal(off, "nothing is stored")
				}
				continue
			}
			other, err := files.OpenDraft(t.Context(), "other", draft)
			if err != nil {
				t.Fatal(err)
			}
			size := other.Info().Size()
			if size < last || size%100 != 0 || size < int64(off)-6*100-200 && size > 4096 {
				t.Fatalf("%d bytes after %d of %d", size, last, off+800)
			}
			if off == 16_000 && size < 16_800-2*100 {
				t.Fatalf("%d bytes of %d though nothing is under way", size, off+800)
			}
			last = size
			got := make([]byte, size)
			if _, err := other.ReadAt(got, 0); err != nil || !bytes.Equal(got, content[:size]) {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if off%8_000 == 0 { // and it can be gone on from
				if _, err := other.WriteAt(content[size:], size); err != nil {
					t.Fatal(err)
				}
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
				if got, _, err := files.ReadFile(t.Context(), "other"); err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%d bytes, %v", len(got), err)
				}
			}
			other.Discard()
		}
		// Something behind what is not stored yet.
		if _, err := file.WriteAt([]byte("x"), 10_000); err != nil {
			t.Fatal(err)
		}
		draft, err := file.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		other, err := files.OpenDraft(t.Context(), "other", draft)
		if err != nil || other.Info().Size() != int64(len(content)) {
			t.Fatal(err)
		}
		file.Discard()
		d.group.Wait()
	}
}
