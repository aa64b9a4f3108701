package canonical_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// read has a field of each kind that a reader reads.
type read struct {
	_     struct{} `cbor:",toarray"`
	U64   uint64
	U8    uint8
	Time  vaultnet.Time
	List  []uint64
	Nonce vaultnet.Nonce
	Bytes []byte
	Int   int64
	Sums  []vaultnet.Nonce
}

func (v *read) read(b []byte, limit int) error {
	r := canonical.NewReader(b, limit)
	r.Fields(8)
	v.U64, v.U8, v.Time = r.Uint(1<<64-1), uint8(r.Uint(255)), vaultnet.Time(r.Natural())
	v.List = make([]uint64, r.Array(3))
	for i := range v.List {
		v.List[i] = r.Uint(1<<64 - 1)
	}
	r.Fixed(v.Nonce[:])
	v.Bytes = append([]byte{}, r.Bytes()...)
	v.Int = r.Int()
	v.Sums = make([]vaultnet.Nonce, r.Elements(17))
	for i := range v.Sums {
		r.Fixed(v.Sums[i][:])
	}
	return r.End()
}

// TestReaderIsUnmarshal has both read what is damaged mostly: they take the same, and read the same of it.
func TestReaderIsUnmarshal(t *testing.T) {
	sound := read{U64: 300, U8: 7, Time: 1 << 40, List: []uint64{0, 24, 1<<64 - 1}, Nonce: vaultnet.Nonce{1}, Bytes: []byte{2}, Int: -1, Sums: []vaultnet.Nonce{{3}, {}}}
	b := canonical.Marshal(&sound)
	var again, cut read
	if err := again.read(b, len(b)); err != nil || !reflect.DeepEqual(again, sound) {
		t.Fatalf("%x: read %+v, %v", b, again, err)
	}
	if err := cut.read(b[:len(b)-1], len(b)); err == nil {
		t.Fatalf("%x without its last byte is taken", b)
	}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64())
		v := read{U64: number.Draw(t, "u64"), U8: rapid.Uint8().Draw(t, "u8"), Time: vaultnet.Time(rapid.Int64Range(-1, 1<<40).Draw(t, "time")),
			List: rapid.SliceOfN(number, 0, 4).Draw(t, "list"), Bytes: rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "bytes"), Int: rapid.OneOf(rapid.Int64Range(-30, 30), rapid.Int64()).Draw(t, "int"),
			Sums: make([]vaultnet.Nonce, rapid.IntRange(0, 3).Draw(t, "sums"))}
		b := canonical.Marshal(&v)
		for range rapid.IntRange(0, 2).Draw(t, "damages") {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "where")
			switch rapid.IntRange(0, 3).Draw(t, "damage") {
			case 0:
				b[i] = rapid.Byte().Draw(t, "what")
			case 1:
				b = b[:i+1]
			case 2:
				b = slices.Insert(b, i, rapid.Byte().Draw(t, "what"))
			default:
				b = append(b, 0)
			}
		}
		limit := rapid.SampledFrom([]int{200, 200, len(b) - 1}).Draw(t, "limit")
		var want, got read
		wrong := canonical.Unmarshal(b, &want, limit)
		beyond := want.Time < 0 || len(want.List) > 3 // what the reader is not asked for
		err := got.read(b, limit)
		if (err == nil) != (wrong == nil && !beyond) || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%x: read %+v, %v; Unmarshal %+v, %v", b, got, err, want, wrong)
		}
	})
}
