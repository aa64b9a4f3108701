package canonical_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

type inner struct {
	_    struct{} `cbor:",toarray"`
	Name string
	At   vaultnet.Time
}

// everything uses each kind of field once.
type everything struct {
	_     struct{} `cbor:",toarray"`
	U8    uint8
	U64   uint64
	I64   int64
	Yes   bool
	Text  string
	Bytes []byte
	Key   vaultnet.PublicKey
	Nonce vaultnet.Nonce
	List  []inner
	Sums  []vaultnet.Digest
	Map   map[string]uint64
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncodings(t *testing.T) {
	type pair struct {
		_ struct{} `cbor:",toarray"`
		A uint64
		B []byte
	}
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"struct is an array", &pair{A: 1, B: []byte{2}}, "82 01 41 02"},
		{"nil bytes are empty bytes", &pair{}, "82 00 40"},
		{"empty bytes", &pair{B: []byte{}}, "82 00 40"},
		{"nil slice is an empty array", new([]uint64), "80"},
		{"nil map is an empty map", new(map[string]uint64), "a0"},
		{"greatest in one byte", ptr(uint64(23)), "17"},
		{"least in two", ptr(uint64(24)), "18 18"},
		{"greatest in two", ptr(uint64(255)), "18 ff"},
		{"least in three", ptr(uint64(256)), "19 0100"},
		{"greatest in three", ptr(uint64(65535)), "19 ffff"},
		{"least in five", ptr(uint64(65536)), "1a 00010000"},
		{"least in nine", ptr(uint64(1 << 32)), "1b 0000000100000000"},
		{"greatest", ptr(uint64(math.MaxUint64)), "1b ffffffffffffffff"},
		{"minus one", ptr(int64(-1)), "20"},
		{"least of all", ptr(int64(math.MinInt64)), "3b 7fffffffffffffff"},
		{"true", ptr(true), "f5"},
		{"a string is bytes", ptr("a\xff"), "42 61ff"},
		{"an array of bytes", &vaultnet.Nonce{1, 15: 2}, "50 01000000000000000000000000000002"},
		{"keys by their encoding", &map[string]uint64{"b": 1, "aa": 2, "a": 3}, "a3 4161 03 4162 01 426161 02"},
	} {
		if got := canonical.Marshal(c.value); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: %x, want %s", c.name, got, c.want)
			continue
		}
		back := reflect.New(reflect.TypeOf(c.value).Elem())
		if err := canonical.Unmarshal(unhex(t, c.want), back.Interface(), 100); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestRefused(t *testing.T) {
	type flat struct {
		_   struct{} `cbor:",toarray"`
		Num uint8
		Key vaultnet.Nonce
	}
	for _, c := range []struct {
		name, input string
		into        any
		what        string // part of what the refusal says
	}{
		{"nothing", "", new(uint64), "too early"},
		{"trailing bytes", "01 00", new(uint64), "after the end"},
		{"number too long", "18 17", new(uint64), "shortest"},
		{"number longer still", "1b 0000000000000001", new(uint64), "shortest"},
		{"length too long", "58 01 00", new([]byte), "shortest"},
		{"array head too long", "98 01 00", new([]uint64), "shortest"},
		{"reserved argument", "1c", new(uint64), "shortest"},
		{"cut in its argument", "19 01", new(uint64), "too early"},
		{"cut in its bytes", "42 01", new([]byte), "too early"},
		{"cut in its elements", "82 01", new([]uint64), "too early"},
		{"bytes of absurd length", "5b ffffffffffffffff", new([]byte), "too early"},
		{"array of absurd length", "9b ffffffffffffffff", new([]uint64), "elements"},
		{"more elements than the bound", "9a 00020001", new([]uint64), "elements"},
		{"indefinite bytes", "5f 41 00 ff", new([]byte), "indefinite"},
		{"indefinite array", "9f 01 ff", new([]uint64), "indefinite"},
		{"indefinite map", "bf ff", new(map[string]uint64), "indefinite"},
		{"break alone", "ff", new(uint64), "indefinite"},
		{"text", "61 61", new(string), "text"},
		{"tag", "c1 00", new(uint64), "tag"},
		{"half float", "f9 0000", new(uint64), "float"},
		{"float", "fa 47c35000", new(int64), "float"},
		{"double", "fb 3ff199999999999a", new([]byte), "float"},
		{"null", "f6", new([]byte), "null"},
		{"null for a pointer", "f6", new(*inner), "null"},
		{"undefined", "f7", new(bool), "null"},
		{"simple value", "f8 20", new(bool), "simple"},
		{"text in a list", "81 61 61", new([]string), "text"},
		{"false in two bytes", "f8 14", new(bool), "simple"},
		{"key twice", "a2 4161 00 4161 00", new(map[string]uint64), "order"},
		{"keys out of order", "a2 4162 00 4161 00", new(map[string]uint64), "order"},
		{"nested nine deep", "81 81 81 81 81 81 81 81 80", new(nest), "deeper"},
		{"structs nested nine deep", "82 00 81 82 00 81 82 00 81 82 00 81 82 00 80", new(chain), "deeper"},
		{"too few fields", "81 01", new(flat), "1 fields, want 2"},
		{"too many fields", "83 01 50 00000000000000000000000000000000 00", new(flat), "3 fields, want 2"},
		{"number out of range", "82 19 0100 50 00000000000000000000000000000000", new(flat), "range"},
		{"signed number out of range", "18 80", new(int8), "range"},
		{"negative number out of range", "3b 8000000000000000", new(int64), "range"},
		{"too few elements", "81 01", new([2]uint64), "1 elements, want 2"},
		{"more elements than there are bytes", "99 1000 00", new([]vaultnet.Digest), "too early"},
		{"more pairs than there are bytes", "b9 1000 00", new(map[string]uint64), "too early"},
		{"array of bytes too short", "82 01 4f 000000000000000000000000000000", new(flat), "15 bytes, want 16"},
		{"array of bytes too long", "82 01 51 0000000000000000000000000000000000", new(flat), "17 bytes, want 16"},
		{"array of bytes as numbers", "82 01 90 00000000000000000000000000000000", new(flat), "another type"},
		{"negative for unsigned", "20", new(uint64), "another type"},
		{"bytes for a number", "40", new(int64), "another type"},
		{"number for bool", "00", new(bool), "another type"},
		{"struct as map", "a0", new(flat), "another type"},
		{"no bool", "", new(bool), "too early"},
		{"too large", "45 0000000000", new([]byte), "at most 5"},
	} {
		err := canonical.Unmarshal(unhex(t, c.input), c.into, 5+40*boolInt(c.name != "too large"))
		var e *refusal.Error
		if !errors.As(err, &e) || e.Kind != refusal.InvalidRequest {
			t.Errorf("%s: error %v, want InvalidRequest", c.name, err)
		} else if !strings.Contains(e.Detail.What, c.what) {
			t.Errorf("%s: says %q, want %q in it", c.name, e.Detail.What, c.what)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// nest and chain hold themselves.
type nest []nest

type chain struct {
	_    struct{} `cbor:",toarray"`
	Num  uint64
	Rest []*chain
}

func TestTheDeepestThatIsTaken(t *testing.T) {
	for _, c := range []struct {
		input string
		into  any
	}{
		{"81 81 81 81 81 81 81 80", new(nest)},
		{"82 00 81 82 00 81 82 00 81 82 00 80", new(chain)},
	} {
		if err := canonical.Unmarshal(unhex(t, c.input), c.into, 100); err != nil {
			t.Error(err)
		} else if got := canonical.Marshal(c.into); !bytes.Equal(got, unhex(t, c.input)) {
			t.Errorf("%x, want %s", got, c.input)
		}
	}
}

func TestStructsNeedNoTag(t *testing.T) {
	a := vaultnet.Address{Kind: vaultnet.KindAccount, Name: vaultnet.Name{1}, Tag: 2}
	b := canonical.Marshal(&a)
	if want := "83 02 5820 01" + strings.Repeat("00", 31) + "02"; !bytes.Equal(b, unhex(t, want)) {
		t.Errorf("%x, want %s", b, want)
	}
	var back vaultnet.Address
	if err := canonical.Unmarshal(b, &back, 100); err != nil || back != a {
		t.Errorf("%v, %v", back, err)
	}
}

func TestPointersAreWhatTheyPointTo(t *testing.T) {
	type holder struct{ Key *vaultnet.Nonce }
	h := holder{&vaultnet.Nonce{7}}
	var back holder
	if err := canonical.Unmarshal(canonical.Marshal(h), &back, 100); err != nil || *back.Key != *h.Key {
		t.Errorf("%v, %v", back, err)
	}
	if err := canonical.Unmarshal(canonical.Marshal(&holder{}), &back, 100); !errors.Is(err, refusal.InvalidRequest) {
		t.Errorf("a nil pointer: %v", err)
	}
}

func TestTypesWithoutAnEncodingPanic(t *testing.T) {
	type hidden struct{ n uint64 }
	for _, v := range []any{1.5, make(chan int), func() {}, hidden{1}, []any{}, map[string]float32{}, complex(1, 1)} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "canonical: ") {
					t.Errorf("%T: %q", v, s)
				}
			}()
			canonical.Marshal(v)
		}()
	}
}

func TestEmptyIsNotNil(t *testing.T) {
	var v everything
	if err := canonical.Unmarshal(canonical.Marshal(&v), &v, 1000); err != nil {
		t.Fatal(err)
	}
	if v.Bytes == nil || v.List == nil || v.Map == nil {
		t.Error("nil after decoding")
	}
}

func TestDecodedBytesAreCopies(t *testing.T) {
	in := unhex(t, "43 010203")
	var v []byte
	if err := canonical.Unmarshal(in, &v, 100); err != nil {
		t.Fatal(err)
	}
	in[1] = 9
	if v[0] != 1 {
		t.Fatal("what was decoded refers to the input")
	}
}

func genEverything(t *rapid.T) everything {
	text := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(b []byte) string { return string(b) })
	v := everything{
		U8:    rapid.Uint8().Draw(t, "u8"),
		U64:   rapid.Uint64().Draw(t, "u64"),
		I64:   rapid.Int64().Draw(t, "i64"),
		Yes:   rapid.Bool().Draw(t, "yes"),
		Text:  text.Draw(t, "text"),
		Bytes: rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"),
		Map:   rapid.MapOf(text, rapid.Uint64()).Draw(t, "map"),
	}
	copy(v.Key[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
	copy(v.Nonce[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "nonce"))
	for range rapid.IntRange(0, 3).Draw(t, "list") {
		v.List = append(v.List, inner{Name: text.Draw(t, "name"), At: vaultnet.Time(rapid.Int64().Draw(t, "at"))})
		v.Sums = append(v.Sums, vaultnet.Digest(v.Key))
	}
	return v
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genEverything(t)
		b := canonical.Marshal(&v)
		if !bytes.Equal(b, canonical.Marshal(v)) {
			t.Fatal("a value and a pointer to it encode differently")
		}
		var w everything
		if err := canonical.Unmarshal(b, &w, len(b)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(canonical.Marshal(&w), b) {
			t.Fatal("not the same after decoding")
		}
		if w.U8 != v.U8 || w.U64 != v.U64 || w.I64 != v.I64 || w.Yes != v.Yes || w.Text != v.Text || w.Key != v.Key ||
			!bytes.Equal(w.Bytes, v.Bytes) || !slices.Equal(w.List, v.List) || !slices.Equal(w.Sums, v.Sums) ||
			len(w.Map) != len(v.Map) {
			t.Fatalf("decoded %v, want %v", w, v)
		}
		if err := canonical.Unmarshal(b, new(everything), len(b)-1); err == nil {
			t.Fatal("longer than the limit, yet taken")
		}
		// Every changed byte gives another value or a refusal, never the same value.
		i := rapid.IntRange(0, len(b)-1).Draw(t, "where")
		mutant := slices.Clone(b)
		mutant[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		var x everything
		if canonical.Unmarshal(mutant, &x, len(b)) == nil && bytes.Equal(canonical.Marshal(&x), b) {
			t.Fatal("two encodings of one value")
		}
	})
}
