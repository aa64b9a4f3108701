package memory_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/vault/store/memory"
	"vaultnet/vault/store/storetest"
)

// disk is what outlives a closed store.
type disk struct{ s *memory.Store }

func (d disk) Open() (storetest.Implementation, error) {
	d.s.Reopen()
	return d.s, nil
}

func TestStore(t *testing.T) {
	storetest.Test(t, func(*testing.T) storetest.Disk { return disk{memory.New(nil)} })
}

func TestCrashingStore(t *testing.T) {
	storetest.Test(t, func(*testing.T) storetest.Disk { return disk{memory.NewCrashing(memory.NewShelf())} })
}

func contents(t *testing.T, s *memory.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for w, err := range s.Scan(nil) {
		if err != nil {
			t.Fatal(err)
		}
		all[string(w.Key)] = string(w.Value)
	}
	return all
}

// After a crash the store is as after one of its batches, at the last sync or later, and goes on from there.
func TestACrashKeepsAPrefix(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		s := memory.NewCrashing(nil)
		states := []map[string]string{{}} // since the last sync
		for range 10 + random.IntN(40) {
			var batch []vaultnet.Write
			next := maps.Clone(states[len(states)-1])
			for range random.IntN(4) {
				key := string(rune('a' + random.IntN(5)))
				w := vaultnet.Write{Key: []byte(key)}
				if random.IntN(3) > 0 {
					w.Value = fmt.Append(nil, random.IntN(100))
					next[key] = string(w.Value)
				} else {
					delete(next, key)
				}
				batch = append(batch, w)
			}
			sync := random.IntN(5) == 0
			if err := s.Apply(batch, sync); err != nil {
				t.Fatal(err)
			}
			switch {
			case sync:
				states = []map[string]string{next}
			case len(batch) > 0:
				states = append(states, next)
			}
			if n, _ := s.Unsynced(); n != len(states)-1 {
				t.Fatalf("%d batches unsynced, want %d", n, len(states)-1)
			}
			if random.IntN(10) == 0 {
				contents(t, s) // a scan sorts; a crash has to cope
			}
			if random.IntN(6) == 0 {
				keep := random.IntN(len(states)+2) - 1
				s.Crash(keep, 0)
				states = states[max(0, min(keep, len(states)-1)):][:1]
				if got := contents(t, s); !maps.Equal(got, states[0]) {
					t.Fatalf("after a crash that keeps %d: %v, want %v", keep, got, states[0])
				}
				if n, _ := s.Unsynced(); n != 0 {
					t.Fatal("what a crash left can be lost once more")
				}
			}
		}
	}
}

func TestACrashTakesUnsyncedChunks(t *testing.T) {
	shelf := memory.NewShelf()
	s := memory.NewCrashing(shelf)
	name := func(i int) vaultnet.Name { return vaultnet.Name{byte(i)} }
	for i := range 4 {
		if err := s.PutChunk(name(i), []byte{byte(i)}, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutChunk(name(3), []byte{3}, true); err != nil { // synced later
		t.Fatal(err)
	}
	if err := s.Apply([]vaultnet.Write{{Key: []byte("k"), Value: []byte("v")}}, true); err != nil { // syncs no chunk
		t.Fatal(err)
	}
	if _, n := s.Unsynced(); n != 2 {
		t.Fatalf("%d chunks unsynced, want 2", n)
	}
	s.Crash(0, 1)
	for i, want := range []bool{true, true, false, true} {
		if c, err := s.Chunk(name(i)); err != nil || (c != nil) != want {
			t.Errorf("chunk %d: there %v, want %v", i, c != nil, want)
		}
	}
	if shelf.Len() != 3 {
		t.Errorf("%d chunks on the shelf, want 3", shelf.Len())
	}
}

func TestWithoutAJournalACrashTakesNothing(t *testing.T) {
	s := memory.New(nil)
	if err := s.Apply([]vaultnet.Write{{Key: []byte("k"), Value: []byte("v")}}, false); err != nil {
		t.Fatal(err)
	}
	s.Crash(0, 0)
	if got := contents(t, s); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

func TestStoresShareChunks(t *testing.T) {
	shelf := memory.NewShelf()
	a, b := memory.New(shelf), memory.New(shelf)
	name := vaultnet.Name{1}
	for _, s := range []*memory.Store{a, b, a} {
		if err := s.PutChunk(name, []byte("content"), true); err != nil {
			t.Fatal(err)
		}
	}
	x, _ := a.Chunk(name)
	y, _ := b.Chunk(name)
	if &x[0] != &y[0] {
		t.Error("two copies of one chunk")
	}
	if err := b.PutChunk(vaultnet.Name{2}, []byte("lie"), true); err != nil {
		t.Fatal(err)
	}
	if err := a.PutChunk(vaultnet.Name{2}, []byte("truth"), true); err != nil {
		t.Fatal(err)
	}
	if c, _ := a.Chunk(vaultnet.Name{2}); string(c) != "truth" {
		t.Errorf("one store's %q became another's", c)
	}
	for i, s := range []*memory.Store{a, a, b} {
		if err := s.DeleteChunk(name); err != nil {
			t.Fatal(err)
		}
		if want := 2 - i/2; shelf.Len() != want {
			t.Errorf("%d chunks on the shelf after deletion %d, want %d", shelf.Len(), i, want)
		}
	}
}

// Keys that come and go, never scanned, leave nothing behind.
func TestComingAndGoingLeavesNothing(t *testing.T) {
	s := memory.New(nil)
	key := []byte("record")
	for range 100_000 {
		if err := s.Apply([]vaultnet.Write{{Key: key, Value: key}, {Key: key}}, false); err != nil {
			t.Fatal(err)
		}
	}
	if s.Len() != 0 || s.Families() != 0 {
		t.Errorf("%d records in %d families", s.Len(), s.Families())
	}
}

// Scans among records that come and go find what is there, in order, and what is gone is not kept.
func TestScansBetweenChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s, want := memory.New(nil), map[string]string{}
	for i := range 5_000 {
		key := fmt.Sprintf("%c%d", 'a'+random.IntN(3), random.IntN(2_000))
		if random.IntN(2) > 0 {
			key = fmt.Sprintf("%c%041d%s", 'a'+random.IntN(3), random.IntN(30), strings.Repeat("x", random.IntN(9)))
		}
		w := vaultnet.Write{Key: []byte(key), Value: fmt.Append(nil, i)}
		if want[key] = string(w.Value); i > 3_000 && random.IntN(3) > 0 {
			w.Value = nil
			delete(want, key)
		}
		if err := s.Apply([]vaultnet.Write{w}, false); err != nil {
			t.Fatal(err)
		}
		if random.IntN(20) > 0 {
			continue
		}
		prefix, n, last := [...]string{"", "a", "b1", "c", "b000", key, key[:len(key)-1]}[random.IntN(7)], 0, ""
		for w := range s.Scan([]byte(prefix)) {
			if string(w.Key) <= last || want[string(w.Key)] != string(w.Value) {
				t.Fatalf("%s = %s after %s, want %s", w.Key, w.Value, last, want[string(w.Key)])
			}
			n, last = n+1, string(w.Key)
		}
		for key := range want {
			if strings.HasPrefix(key, prefix) {
				n--
			}
		}
		if n != 0 || s.Len() != len(want) {
			t.Fatalf("%d records too many with %q, %d of %d in all", n, prefix, s.Len(), len(want))
		}
	}
}

// recordKey is the key of an object's record as long as a vault's are.
func recordKey(object, record int) []byte {
	b := binary.BigEndian.AppendUint64([]byte("o"), uint64(object)*0x9e3779b97f4a7c15)
	return append(append(b, make([]byte, vaultnet.AddressSize-8)...), byte(record))
}

// BenchmarkScanAmongNew finds one of 20,000 objects when another was just made.
func BenchmarkScanAmongNew(b *testing.B) {
	s := memory.New(nil)
	object := func(i int) []vaultnet.Write {
		var w []vaultnet.Write
		for k := range 6 {
			w = append(w, vaultnet.Write{Key: recordKey(i, k), Value: []byte{byte(k)}})
		}
		return w
	}
	n := 0
	for ; n < 20_000; n++ {
		s.Apply(object(n), false)
	}
	for b.Loop() {
		s.Apply(object(n), false)
		found := 0
		for range s.Scan(recordKey(n/2, 0)[:1+vaultnet.AddressSize]) {
			found++
		}
		if n++; found != 6 {
			b.Fatalf("%d records", found)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for name, s := range map[string]*memory.Store{"plain": memory.New(nil), "crashing": memory.NewCrashing(nil)} {
		b.Run(name, func(b *testing.B) {
			keys := make([][]byte, 1000)
			for i := range keys {
				keys[i] = recordKey(i/8, i%8)
			}
			batch := make([]vaultnet.Write, 3)
			value := make([]byte, 200)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				for j := range batch {
					batch[j] = vaultnet.Write{Key: keys[(i*3+j)%len(keys)], Value: value}
				}
				if err := s.Apply(batch, i%4 == 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	s := memory.New(nil)
	var batch []vaultnet.Write
	for i := range 10_000 {
		batch = append(batch, vaultnet.Write{Key: recordKey(i/256, i%256), Value: []byte("v")})
	}
	slices.Reverse(batch)
	if err := s.Apply(batch, true); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range s.Scan(recordKey(7, 0)[:1+vaultnet.AddressSize]) {
			n++
		}
		if n != 256 {
			b.Fatal(n)
		}
	}
}

// TestWhatIsGivenIsKept looks at whose memory a value is in: given away, it is the store's; else its maker may change it.
func TestWhatIsGivenIsKept(t *testing.T) {
	s := memory.New(nil)
	given, lent := []byte("given"), []byte("lent")
	s.Apply([]vaultnet.Write{{Key: []byte("given"), Value: given, Given: true}, {Key: []byte("lent"), Value: lent}}, true)
	copy(lent, "gone")
	if held := s.Held("given"); &held[0] != &given[0] {
		t.Error("a value that was given away was copied")
	}
	if held := s.Held("lent"); string(held) != "lent" {
		t.Errorf("a value that was lent became %q", held)
	}
	roomy := append(make([]byte, 0, 4096), "roomy"...)
	s.Apply([]vaultnet.Write{{Key: []byte("given"), Value: roomy, Given: true}}, true)
	if held := s.Held("given"); cap(held) > 512 || string(held) != "roomy" {
		t.Errorf("%q is kept in %d bytes", held, cap(held))
	}
}
