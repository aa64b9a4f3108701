package immutabledata_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/immutabledata"
	"vaultnet/refusal"
)

func TestNameIsTheSHA256(t *testing.T) {
	for content, want := range map[string]string{ // FIPS 180-4 examples
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		name := immutabledata.NameOf([]byte(content))
		if hex.EncodeToString(name[:]) != want {
			t.Errorf("name of %q is %x", content, name)
		}
		if a := vaultnet.ChunkAddress([]byte(content)); a.Name != name || a.Kind != vaultnet.KindImmutableData || a.Tag != 0 {
			t.Errorf("address of %q is %v", content, a)
		}
	}
}

func TestCheck(t *testing.T) {
	full := make([]byte, vaultnet.MaxSize)
	over := make([]byte, vaultnet.MaxSize+1)
	changed := append([]byte(nil), full...)
	changed[vaultnet.MaxSize-1] = 1
	for _, c := range []struct {
		name    string
		of      vaultnet.Name
		content []byte
		want    error
	}{
		{"empty", immutabledata.NameOf(nil), nil, nil},
		{"exactly 1 MiB", immutabledata.NameOf(full), full, nil},
		{"one byte more", immutabledata.NameOf(over), over, refusal.DataTooLarge},
		{"too large and corrupt", vaultnet.Name{}, over, refusal.DataTooLarge},
		{"last byte changed", immutabledata.NameOf(full), changed, refusal.CorruptData},
		{"last byte missing", immutabledata.NameOf(full), full[:vaultnet.MaxSize-1], refusal.CorruptData},
		{"another name", vaultnet.Name{}, []byte("abc"), refusal.CorruptData},
	} {
		err := immutabledata.Check(c.of, c.content)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		var e *refusal.Error
		if errors.As(err, &e) {
			if w := e.Wire(); w.Validate() != nil {
				t.Errorf("%s: not a refusal that can be sent: %v", c.name, w.Validate())
			}
		}
	}
	var e *refusal.Error
	if !errors.As(immutabledata.Check(vaultnet.Name{}, over), &e) || e.Detail.Size != vaultnet.MaxSize+1 || e.Detail.Limit != vaultnet.MaxSize {
		t.Errorf("details %+v", e.Detail)
	}
}

func ExampleCheck() {
	content := []byte("hello")
	name := immutabledata.NameOf(content)
	fmt.Println(immutabledata.Check(name, content))
	fmt.Println(immutabledata.Check(name, []byte("hullo")))
	// Output:
	// <nil>
	// CorruptData (content hashes to 7835066a…, not 2cf24dba…)
}

func BenchmarkCheck(b *testing.B) {
	content := make([]byte, vaultnet.MaxSize)
	name := immutabledata.NameOf(content)
	b.SetBytes(vaultnet.MaxSize)
	for b.Loop() {
		if err := immutabledata.Check(name, content); err != nil {
			b.Fatal(err)
		}
	}
}
