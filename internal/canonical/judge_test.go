package canonical_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// The judge: an independent implementation of core deterministic CBOR, set to what package canonical says of itself.
var judgeEncodes, judgeDecodes = func() (cbor.EncMode, cbor.DecMode) {
	e := cbor.CoreDetEncOptions()
	e.NilContainers = cbor.NilContainerAsEmpty
	e.TagsMd = cbor.TagsForbidden
	e.String = cbor.StringToByteString
	encodes, err := e.EncMode()
	if err != nil {
		panic(err)
	}
	decodes, err := cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		IndefLength:        cbor.IndefLengthForbidden,
		TagsMd:             cbor.TagsForbidden,
		MaxNestedLevels:    canonical.MaxDepth,
		MaxArrayElements:   canonical.MaxElements,
		MaxMapPairs:        canonical.MaxElements,
		ByteStringToString: cbor.ByteStringToStringAllowed,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return encodes, decodes
}()

func TestTheJudgeEncodesAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genEverything(t)
		want, err := judgeEncodes.Marshal(&v)
		if err != nil {
			t.Fatal(err)
		}
		if got := canonical.Marshal(&v); !bytes.Equal(got, want) {
			t.Fatalf("%x, the judge says %x", got, want)
		}
	})
}

// judged are the types that inputs are decoded into.
var judged = []any{everything{}, vote{}, []refusal.Problem{}, map[uint64][]byte{}, nest{}, refusal.Wire{}, int8(0),
	[3]uint16{}, [][]string{}, map[int64]bool{}}

// Whatever is taken is taken by the judge too and is the one encoding of what was decoded; whatever the judge takes and
// encodes as it was is taken.
func FuzzUnmarshal(f *testing.F) {
	f.Add(canonical.Marshal(&everything{U8: 200, Text: "x", List: []inner{{Name: "n", At: -5}}, Map: map[string]uint64{"": 1}}))
	f.Add(canonical.Marshal(someVote()))
	f.Add(canonical.Marshal([]refusal.Problem{{Key: "k", Kind: 3, Version: 1 << 40}}))
	f.Add(canonical.Marshal(map[uint64][]byte{1: {2}, 300: {}}))
	f.Add(canonical.Marshal(nest{{}, {{}}}))
	f.Add([]byte{0x9b, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Add([]byte{0x83, 1, 0x19, 1, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, zero := range judged {
			ours, theirs := reflect.New(reflect.TypeOf(zero)), reflect.New(reflect.TypeOf(zero))
			err := canonical.Unmarshal(b, ours.Interface(), 1<<16)
			judgement := judgeDecodes.Unmarshal(b, theirs.Interface())
			if err != nil {
				if !errors.Is(err, refusal.InvalidRequest) {
					t.Fatalf("%T: %v is no InvalidRequest", zero, err)
				}
				if judgement == nil {
					if again, err := judgeEncodes.Marshal(theirs.Interface()); err == nil && bytes.Equal(again, b) {
						t.Fatalf("%T: %x refused, which the judge takes", zero, b)
					}
				}
				continue
			}
			if again := canonical.Marshal(ours.Interface()); !bytes.Equal(again, b) {
				t.Fatalf("%T: %x taken, which encodes as %x", zero, b, again)
			}
			if judgement != nil {
				t.Fatalf("%T: %x taken, the judge says %v", zero, b, judgement)
			}
			if !reflect.DeepEqual(ours.Interface(), theirs.Interface()) {
				t.Fatalf("%T: %v, the judge read %v", zero, ours.Elem(), theirs.Elem())
			}
		}
	})
}
