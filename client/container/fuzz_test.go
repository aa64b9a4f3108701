package container

import (
	"bytes"
	"context"
	"testing"

	"vaultnet"
	"vaultnet/mutabledata"
)

func seedRecords() []*record {
	return []*record{
		{Type: RegularFile, Inline: []byte("short"), Metadata: map[string]string{"a": "b"}},
		{Type: RegularFile, Content: []content{{Size: 5000, Chunk: 1000, Roots: make([]vaultnet.Name, 5)}}, From: []mark{{Version: 3}}},
		{Type: Directory, Target: []Ref{{Flat: true}}, Next: []Ref{{}}},
		{Type: gone, To: []mark{{Version: 1 << 40}}},
	}
}

// FuzzRecord: what decodes has one encoding, is within the bounds, and can be read without a panic or much memory.
func FuzzRecord(f *testing.F) {
	for _, r := range seedRecords() {
		f.Add(r.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := decodeRecord(b)
		if !ok {
			return
		}
		if !bytes.Equal(r.encode(), b) {
			t.Fatal("another encoding of the same record")
		}
		i := &Info{name: "x", record: r}
		if i.Size() < 0 || i.IsDir() && i.Size() > 0 && r.Type != gone {
			t.Fatal(i.Size())
		}
		w := newWorld(t)
		blob := newBlob(w.actor("a", "a").config(1).filled(), r, Key{})
		for _, off := range []int64{0, i.Size() / 2, i.Size() - 1} {
			if off >= 0 {
				blob.readAt(context.Background(), make([]byte, 100), off)
			}
		}
	})
}

// FuzzValue: what is under a name opens only if an honest client could have put it there.
func FuzzValue(f *testing.F) {
	for _, private := range []bool{false, true} {
		ref, _ := NewRef(newRandom(1), private, false)
		b := ref.box()
		stored, _ := b.seal(newRandom(2), ref.place("name"), "name", []byte("content"))
		f.Add(private, stored)
	}
	f.Fuzz(func(t *testing.T, private bool, stored []byte) {
		ref, _ := NewRef(newRandom(1), private, false)
		b := ref.box()
		p := ref.place("name")
		v, ok := b.open(&ref, p, stored)
		if ok && (v.Name != "name" || len(stored) > MaxValue) {
			t.Fatal("opened", v)
		}
		if _, ok := b.open(&ref, ref.place("other"), stored); ok && private {
			t.Fatal("opened at another place")
		}
	})
}

// FuzzNode puts anything into a node, marks included, and has everything be done with it.
func FuzzNode(f *testing.F) {
	f.Add([]byte("seal"), []byte{}, "name")
	f.Add([]byte("moved"), []byte{1}, "name")
	f.Add([]byte("floor"), []byte{1}, "name")
	f.Add([]byte("full"), []byte{}, "name")
	f.Add([]byte("moved"), []byte{3}, "name")
	f.Add([]byte("moved"), []byte{4}, "name")
	f.Add(make([]byte, 32), make([]byte, 60), "name")
	ref, _ := NewRef(newRandom(1), false, false)
	p := ref.place("name")
	for _, r := range seedRecords() {
		b := ref.box()
		stored, _ := b.seal(nil, p, "name", r.encode())
		f.Add(p[:], stored, "name")
	}
	f.Fuzz(func(t *testing.T, key, stored []byte, name string) {
		if len(key) > vaultnet.MaxKeySize || len(stored) > 100_000 {
			return
		}
		ctx := context.Background()
		w := newWorld(t)
		fs := newFS(t, w, false, false)
		fs.top.do(ctx, fs.top.mutate(site{}, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(key), Do: mutabledata.InsertEntry, Content: stored}}}))
		fs.top.Get(ctx, name)
		fs.Stat(ctx, name)
		fs.ReadDir(ctx, ".")
		fs.ReadDir(ctx, name)
		if i, err := fs.Stat(ctx, name); err == nil && i.Size() < 1<<20 {
			fs.ReadFile(ctx, name)
		}
		fs.Rename(ctx, name, "to")
		fs.Rename(ctx, "from", name)
		fs.Mkdir(ctx, "d")
		fs.Check(ctx, ".", true, true)
		fs.WriteFile(ctx, name, []byte("x"))
		fs.RemoveAll(ctx, name)
		fs.top.Grow(ctx, 1)
		to, _ := NewRef(newRandom(5), true, false)
		fs.top.Rekey(ctx, to)
	})
}

func FuzzRef(f *testing.F) {
	for _, private := range []bool{false, true} {
		ref, _ := NewRef(newRandom(1), private, private)
		f.Add(ref.Secret())
		f.Add(ref.Secret()[:50] + "\n" + ref.Secret()[50:])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseRef(s); err == nil && r.Secret() != s {
			t.Fatal("another text of the same reference")
		}
	})
}

// FuzzChunkList has a list of chunks be anything.
func FuzzChunkList(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 128), int64(4000))
	f.Fuzz(func(t *testing.T, list []byte, off int64) {
		if len(list) > vaultnet.MaxSize || off < 0 {
			return
		}
		w := newWorld(t)
		a := w.actor("a", "a")
		name, _ := answer[vaultnet.Name](a.Do(context.Background(), []Step{PutChunk{Content: list}})[0])
		roots := make([]vaultnet.Name, 16)
		for i := range roots {
			roots[i] = name
		}
		r := &record{Type: RegularFile, Content: []content{{Size: 128 * 64, Chunk: 128, Roots: roots}}}
		if _, ok := decodeRecord(r.encode()); !ok {
			t.Fatal("no record")
		}
		newBlob(a.config(1).filled(), r, Key{}).readAt(context.Background(), make([]byte, 200), off)
	})
}
