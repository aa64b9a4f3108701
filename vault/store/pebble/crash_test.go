package pebble_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"vaultnet"
	"vaultnet/vault/store/pebble"
)

// moment is what a disk may hold after power failed, and what it must and may hold then.
type moment struct {
	disk   *vfs.MemFS
	least  int // batches that must be there
	most   int // that may be
	chunks []string
	what   string
}

// Power fails before every operation that changes the files or makes them durable; of what is not synced everything,
// nothing or a random part is lost. The store then holds the first batches, up to the last sync at least, and the chunks
// that were synced, and goes on from there.
func TestPowerFailsAtEveryPoint(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	disk := vfs.NewCrashableMem()
	lost := rand.New(rand.NewPCG(7, 8)) // under mu
	var mu sync.Mutex
	var now moment
	var moments []moment
	every := 0
	watched := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if op.Kind == errorfs.OpFileWrite && now.most > 20 {
			if every++; every%4 != 0 { // of the many writes some
				return nil
			}
		}
		m := now
		m.disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[lost.IntN(3)], RNG: lost})
		m.what = fmt.Sprintf("operation %d on %s", op.Kind, op.Path)
		m.chunks = append([]string(nil), now.chunks...)
		moments = append(moments, m)
		return nil
	}))
	s, err := pebble.On(watched, "/vault", pebble.Config{})
	if err != nil {
		t.Fatal(err)
	}
	states := []map[string]string{{}}
	for i := range 60 {
		next := maps.Clone(states[len(states)-1])
		var batch []vaultnet.Write
		for range 1 + random.IntN(4) {
			key := string(rune('a' + random.IntN(8)))
			w := vaultnet.Write{Key: []byte(key)}
			if random.IntN(4) > 0 {
				w.Value = []byte(fmt.Sprint(i) + strings.Repeat("x", random.IntN(1<<random.IntN(18)))) // some fill a memtable
				next[key] = string(w.Value)
			} else {
				delete(next, key)
			}
			batch = append(batch, w)
		}
		sync := random.IntN(3) == 0
		content := fmt.Sprintf("chunk %d", i)
		if err := s.PutChunk(sha256.Sum256([]byte(content)), []byte(content), sync); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		states = append(states, next)
		now.most++
		if sync {
			now.chunks = append(now.chunks, content)
		}
		mu.Unlock()
		if err := s.Apply(batch, sync); err != nil {
			t.Fatal(err)
		}
		if sync {
			mu.Lock()
			now.least = now.most
			mu.Unlock()
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d moments", len(moments))
	if len(moments) < 300 {
		t.Error("too few to show anything")
	}
	for _, m := range moments {
		m.check(t, states)
	}
	closed := moment{disk: disk.CrashClone(vfs.CrashCloneCfg{}), least: 60, most: 60, what: "closing"}
	for i := range 60 {
		closed.chunks = append(closed.chunks, fmt.Sprintf("chunk %d", i))
	}
	closed.check(t, states)
}

func (m moment) check(t *testing.T, states []map[string]string) {
	t.Helper()
	s, err := pebble.On(m.disk, "/vault", pebble.Config{})
	if err != nil {
		t.Fatalf("%s: %v", m.what, err)
	}
	defer s.Close()
	got := map[string]string{}
	for w, err := range s.Scan(nil) {
		if err != nil {
			t.Fatalf("%s: %v", m.what, err)
		}
		got[string(w.Key)] = string(w.Value)
	}
	found := false
	for i := m.least; i <= m.most; i++ {
		found = found || maps.Equal(got, states[i])
	}
	if !found {
		t.Errorf("%s: not the state after batch %d to %d", m.what, m.least, m.most)
	}
	for _, content := range m.chunks {
		if c, err := s.Chunk(sha256.Sum256([]byte(content))); err != nil || string(c) != content {
			t.Errorf("%s: %s: %q, %v", m.what, content, c, err)
		}
	}
	for name, err := range s.ChunkNames() {
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Chunk(name)
		if c != nil && vaultnet.Name(sha256.Sum256(c)) != name {
			t.Errorf("%s: a chunk in part", m.what)
		}
		if err != nil { // put without sync, and torn: putting it again mends it
			for i := range 60 {
				if content := fmt.Sprintf("chunk %d", i); vaultnet.Name(sha256.Sum256([]byte(content))) == name {
					put(t, s, content, true)
				}
			}
			if c, err := s.Chunk(name); err != nil || c == nil {
				t.Errorf("%s: not mended: %v", m.what, err)
			}
		}
	}
	if err := s.Apply(write("after", "crash"), true); err != nil {
		t.Errorf("%s: %v", m.what, err)
	}
}

// writeForEver is a process to be killed: it tells which batch and chunk are written and not synced.
func writeForEver(folder string) {
	s, err := pebble.Open(folder, pebble.Config{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		content := []byte(strings.Repeat(strconv.Itoa(i), 2000))
		err := s.PutChunk(sha256.Sum256(content), content, false)
		if err == nil {
			err = s.Apply([]vaultnet.Write{{Key: []byte("last"), Value: fmt.Append(nil, i)}, {Key: fmt.Append(nil, i), Value: content}}, i%50 == 49)
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if _, err := fmt.Println(i); err != nil {
			os.Exit(1)
		}
	}
}

// A process that is killed loses nothing it was told is written, synced or not; the lock goes with it.
func TestKilled(t *testing.T) {
	folder := t.TempDir()
	for round := range 3 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "PEBBLE_TEST_WRITER="+folder)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := -1
		for last < 120+50*round && lines.Scan() {
			if last, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(lines.Text())
			}
		}
		_ = c.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
		s := open(t, folder, pebble.Config{})
		v, err := s.Get([]byte("last"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(string(v))
		if err != nil || n < last {
			t.Fatalf("round %d: last is %q, %v; batch %d was written", round, v, err, last)
		}
		for i := range n + 1 {
			content := strings.Repeat(strconv.Itoa(i), 2000)
			if v, err := s.Get(fmt.Append(nil, i)); err != nil || string(v) != content {
				t.Fatalf("record %d of %d: %d bytes, %v", i, n, len(v), err)
			}
			if c, err := s.Chunk(sha256.Sum256([]byte(content))); err != nil || string(c) != content {
				t.Fatalf("chunk %d of %d: %d bytes, %v", i, n, len(c), err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
