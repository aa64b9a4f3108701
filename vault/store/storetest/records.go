package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/vault/store"
)

// writes makes a batch of key, value, key, value, …; the value "-" deletes.
func writes(kv ...string) []vaultnet.Write {
	var batch []vaultnet.Write
	for i := 0; i < len(kv); i += 2 {
		w := vaultnet.Write{Key: []byte(kv[i])}
		if kv[i+1] != "-" {
			w.Value = []byte(kv[i+1])
		}
		batch = append(batch, w)
	}
	return batch
}

func (o *opened) apply(sync bool, kv ...string) {
	o.t.Helper()
	if err := o.Apply(writes(kv...), sync); err != nil {
		o.t.Fatalf("Apply: %v", err)
	}
}

func (o *opened) want(key, value string) {
	o.t.Helper()
	v, err := o.Get([]byte(key))
	switch {
	case err != nil:
		o.t.Fatalf("Get(%q): %v", key, err)
	case value == "-" && v != nil:
		o.t.Errorf("Get(%q) = %q, want none", key, v)
	case value != "-" && (v == nil || string(v) != value):
		o.t.Errorf("Get(%q) = %q (nil: %v), want %q", key, v, v == nil, value)
	}
}

// scan returns "key=value" of every record with prefix.
func (o *opened) scan(prefix string) []string {
	o.t.Helper()
	var got []string
	for w, err := range o.Scan([]byte(prefix)) {
		if err != nil {
			o.t.Fatalf("Scan(%q): %v", prefix, err)
		}
		if w.Value == nil {
			o.t.Errorf("Scan(%q): nil value under %q", prefix, w.Key)
		}
		got = append(got, string(w.Key)+"="+string(w.Value))
	}
	return got
}

func (o *opened) wantScan(prefix string, want ...string) {
	o.t.Helper()
	if got := o.scan(prefix); !slices.Equal(got, want) {
		o.t.Errorf("Scan(%q) = %q, want %q", prefix, got, want)
	}
}

func lastWriteCounts(t *testing.T, o *opened) {
	o.want("a", "-")
	o.apply(false, "a", "1", "b", "2")
	o.apply(true, "a", "3")
	o.want("a", "3")
	o.want("b", "2")
	o.want("ab", "-")
	o.want("\x00", "-")
	long := strings.Repeat("k", 8<<10)
	big := strings.Repeat("v", vaultnet.MaxFrame)
	o.apply(true, long, big)
	o.want(long, big)
	if err := o.Apply(nil, true); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	if err := o.Apply(nil, false); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

func nilDeletes(_ *testing.T, o *opened) {
	o.apply(false, "a", "1", "b", "", "c", "3")
	o.apply(false, "a", "-", "absent", "-")
	o.want("a", "-")
	o.want("b", "")
	o.wantScan("", "b=", "c=3")
	o.apply(false, "b", "-")
	o.wantScan("", "c=3")
	o.apply(false, "a", "again")
	o.wantScan("", "a=again", "c=3")
}

func batchInOrder(_ *testing.T, o *opened) {
	o.apply(true, "a", "1", "a", "-", "a", "2", "b", "1", "b", "-")
	o.want("a", "2")
	o.want("b", "-")
	o.wantScan("", "a=2")
}

func scanInOrder(_ *testing.T, o *opened) {
	o.wantScan("")
	o.apply(false, "b", "1", "a\xff", "2", "a", "3", "\xff\xff", "4", "a\x00", "5", "\x01", "6")
	o.wantScan("", "\x01=6", "a=3", "a\x00=5", "a\xff=2", "b=1", "\xff\xff=4")
	o.wantScan("a", "a=3", "a\x00=5", "a\xff=2")
	o.wantScan("a\xff", "a\xff=2")
	o.wantScan("\xff", "\xff\xff=4")
	o.wantScan("\xff\xff\xff")
	o.wantScan("c")
}

func scanOneMoment(t *testing.T, o *opened) {
	o.apply(false, "a", "1", "b", "2", "c", "3")
	var got []string
	var kept []vaultnet.Write
	for w, err := range o.Scan(nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(w.Key)+"="+string(w.Value))
		kept = append(kept, w)
		o.apply(false, "b", "-", "c", "4", "d", "5") // a loop's body may write
	}
	if want := []string{"a=1", "b=2", "c=3"}; !slices.Equal(got, want) {
		t.Errorf("scan showed %q, want %q", got, want)
	}
	for i, w := range kept {
		if s := string(w.Key) + "=" + string(w.Value); s != got[i] {
			t.Errorf("record %q turned into %q after the loop", got[i], s)
		}
	}
	o.wantScan("", "a=1", "c=4", "d=5")
}

func scanStops(t *testing.T, o *opened) {
	o.apply(false, "a", "1", "b", "2", "c", "3")
	n := 0
	for range o.Scan(nil) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records after a break at 2", n)
	}
	o.apply(true, "d", "4") // the scan left nothing locked
	o.want("d", "4")
}

func model(t *testing.T, o *opened) {
	random := rand.New(rand.NewPCG(1, 2))
	want := map[string]string{}
	key := func() string {
		b := make([]byte, 1+random.IntN(3))
		for i := range b {
			b[i] = "\x00a\xff"[random.IntN(3)]
		}
		return string(b)
	}
	for step := range 500 {
		var kv []string
		for range random.IntN(6) {
			k, v := key(), fmt.Sprint(step)
			if random.IntN(3) == 0 {
				v = "-"
				delete(want, k)
			} else {
				want[k] = v
			}
			kv = append(kv, k, v)
		}
		o.apply(random.IntN(8) == 0, kv...)
		if step%100 == 99 {
			o.reopen()
		}
		if k := key(); random.IntN(2) == 0 {
			v, ok := want[k]
			if !ok {
				v = "-"
			}
			o.want(k, v)
		}
		if random.IntN(8) == 0 {
			prefix := key()[1:]
			var all []string
			for _, k := range slices.Sorted(maps.Keys(want)) {
				if strings.HasPrefix(k, prefix) {
					all = append(all, k+"="+want[k])
				}
			}
			o.wantScan(prefix, all...)
		}
		if t.Failed() {
			t.Fatalf("at step %d", step)
		}
	}
}

func recordsOutlive(_ *testing.T, o *opened) {
	o.apply(true, "a", "1", "b", "2")
	o.apply(false, "b", "-", "c", "")
	o.reopen()
	o.wantScan("", "a=1", "c=")
	o.reopen()
	o.wantScan("", "a=1", "c=")
}

func formatChecked(t *testing.T, o *opened) {
	for range 2 {
		if err := store.CheckFormat(o); err != nil {
			t.Fatalf("a new store: %v", err)
		}
		o.reopen()
	}
	var format []byte
	for w := range o.Scan([]byte{store.Reserved}) {
		format = bytes.Clone(w.Key)
	}
	var e *store.FormatError
	o.apply(true, string(format), "\x00\x00\x00\x00\x00\x00\x00\x09")
	if err := store.CheckFormat(o); !errors.As(err, &e) || e.Found != 9 {
		t.Errorf("format 9: %v", err)
	}
	o.apply(true, string(format), "9")
	if err := store.CheckFormat(o); !errors.As(err, &e) || e.Found != 0 {
		t.Errorf("damaged format: %v", err)
	}
	o.apply(true, string(format), "-", "something", "else")
	if err := store.CheckFormat(o); !errors.As(err, &e) || e.Found != 0 {
		t.Errorf("not a vault's store: %v", err)
	}
}

func closed(t *testing.T, o *opened) {
	o.apply(true, "a", "1")
	for range 2 {
		if err := o.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	wantClosed := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	wantClosed("Apply", o.Apply(writes("a", "2"), true))
	_, err := o.Get([]byte("a"))
	wantClosed("Get", err)
	n := 0
	for _, err := range o.Scan(nil) {
		wantClosed("Scan", err)
		n++
	}
	for _, err := range o.ChunkNames() {
		wantClosed("ChunkNames", err)
		n++
	}
	if n != 2 {
		t.Errorf("scans of a closed store end without an error")
	}
	wantClosed("PutChunk", o.PutChunk(vaultnet.Name{}, nil, true))
	_, err = o.Chunk(vaultnet.Name{})
	wantClosed("Chunk", err)
	wantClosed("DeleteChunk", o.DeleteChunk(vaultnet.Name{}))
	o.open()
	o.want("a", "1")
}

func manyAtOnce(t *testing.T, o *opened) {
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for j := range 50 {
				key := fmt.Sprintf("%d/%02d", i, j)
				if err := o.Apply(writes(key, "v", "last", key), j%10 == 0); err != nil {
					t.Error(err)
				}
				if v, err := o.Get([]byte(key)); err != nil || string(v) != "v" {
					t.Errorf("Get(%q) = %q, %v", key, v, err)
				}
				n := 0
				for range o.Scan(fmt.Appendf(nil, "%d/", i)) {
					n++
				}
				if n != j+1 {
					t.Errorf("%d records under %d/, want %d", n, i, j+1)
				}
				content := fmt.Append(nil, j)
				if err := o.PutChunk(nameOf(content), content, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := len(o.scan("")); n != 4*50+1 {
		t.Errorf("%d records, want %d", n, 4*50+1)
	}
}
