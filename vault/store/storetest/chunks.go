package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaultnet"
)

func nameOf(content []byte) vaultnet.Name { return sha256.Sum256(content) }

func (o *opened) put(content string, sync bool) vaultnet.Name {
	o.t.Helper()
	name := nameOf([]byte(content))
	if err := o.PutChunk(name, []byte(content), sync); err != nil {
		o.t.Fatalf("PutChunk: %v", err)
	}
	return name
}

func (o *opened) wantChunk(content string, there bool) {
	o.t.Helper()
	got, err := o.Chunk(nameOf([]byte(content)))
	switch {
	case err != nil:
		o.t.Fatalf("Chunk: %v", err)
	case there && (got == nil || string(got) != content):
		o.t.Errorf("chunk %.20q: %d bytes (nil: %v), want %d", content, len(got), got == nil, len(content))
	case !there && got != nil:
		o.t.Errorf("chunk %.20q is there", content)
	}
}

func (o *opened) names() []vaultnet.Name {
	o.t.Helper()
	var all []vaultnet.Name
	for n, err := range o.ChunkNames() {
		if err != nil {
			o.t.Fatalf("ChunkNames: %v", err)
		}
		all = append(all, n)
	}
	return all
}

func chunksByName(t *testing.T, o *opened) {
	big := strings.Repeat("x", vaultnet.MaxSize)
	o.wantChunk("", false)
	for range 2 {
		for _, c := range []string{"", "a", big} {
			o.put(c, c == "a")
		}
	}
	for _, c := range []string{"", "a", big} {
		o.wantChunk(c, true)
	}
	o.wantScan("") // chunks are no records
	if err := o.DeleteChunk(nameOf([]byte("a"))); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteChunk(nameOf([]byte("never there"))); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
	o.wantChunk("a", false)
	o.wantChunk(big, true)
	o.put("a", true)
	o.wantChunk("a", true)
}

func chunkNamesInOrder(t *testing.T, o *opened) {
	var want []vaultnet.Name
	for i := range 50 {
		want = append(want, o.put(fmt.Sprint(i), false))
	}
	slices.SortFunc(want, func(a, b vaultnet.Name) int { return strings.Compare(string(a[:]), string(b[:])) })
	if got := o.names(); !slices.Equal(got, want) {
		t.Errorf("%d names, not those of the chunks in order", len(got))
	}
	n := 0
	for range o.ChunkNames() {
		if n++; n == 3 {
			break
		}
	}
	for name := range o.ChunkNames() { // a loop's body may delete
		if err := o.DeleteChunk(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.names(); len(got) != 0 {
		t.Errorf("%d names left", len(got))
	}
}

func chunksOutlive(_ *testing.T, o *opened) {
	o.put("kept", true)
	o.put("closing syncs", false)
	o.put("", true)
	gone := o.put("gone", true)
	if err := o.DeleteChunk(gone); err != nil {
		o.t.Fatal(err)
	}
	o.reopen()
	o.wantChunk("kept", true)
	o.wantChunk("closing syncs", true)
	o.wantChunk("", true)
	o.wantChunk("gone", false)
}
