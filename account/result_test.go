package account

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/permit"
)

// shapedResult is a result as its encoding by shape has it.
type shapedResult struct {
	_       struct{} `cbor:",toarray"`
	Code    uint8
	Numbers []uint64
	Bodies  []permit.Body
	Counts  []byte
}

// drawnResult draws what is mostly the shape of a result, and mostly within its bounds.
func drawnResult(t *rapid.T) shapedResult {
	w := shapedResult{Code: rapid.Uint8Range(0, 9).Draw(t, "code")}
	number := rapid.OneOf(rapid.Uint64Range(0, 70), rapid.Uint64())
	few, many := numbers[w.Code], numbers[w.Code]
	if rapid.IntRange(0, 3).Draw(t, "miscounted") == 0 {
		few, many = 0, 3
	}
	w.Numbers = rapid.SliceOfN(number, few, many).Draw(t, "numbers")
	if w.Code == 6 || rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
		at := vaultnet.Time(rapid.Int64Range(-1, 1<<40).Draw(t, "time"))
		width := rapid.Uint32Range(1, 70).Draw(t, "width")
		w.Numbers = w.Numbers[:min(len(w.Numbers), rapid.IntRange(0, 1).Draw(t, "no numbers"))]
		w.Bodies = []permit.Body{{Account: key(1), Requester: key(2), ID: vaultnet.Digest{3}, Issued: at, Expires: at + 1000,
			Verified: at - 1, Root: vaultnet.Digest{4}, Width: width, Total: width + rapid.Uint32Range(0, 3).Draw(t, "total")}}
		w.Counts = make([]byte, rapid.SampledFrom([]uint32{width, width, width, 0, width + 1}).Draw(t, "counts"))
	}
	return w
}

// TestResultIsItsShape compares the encoding by hand with the one by shape: what is decoded has exactly the encoding that
// it was decoded from, and what is not decoded is no result's encoding. That each kind is decoded, TestResultsSurvive sees.
func TestResultIsItsShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawnResult(t)
		b := canonical.Marshal(&w)
		if rapid.IntRange(0, 3).Draw(t, "damaged") == 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "where")] = rapid.Byte().Draw(t, "what")
		}
		got, err := DecodeResult(b)
		var shaped shapedResult
		fits := canonical.Unmarshal(b, &shaped, MaxResult) == nil
		want := Result(nil)
		if fits {
			want = resultOf(&shaped)
		}
		if (err == nil) != (want != nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%x: decoded %+v, %v, want %+v", b, got, err, want)
		}
		if err == nil {
			if again := EncodeResult(got); !bytes.Equal(again, b) {
				t.Fatalf("%x, encoded again %x", b, again)
			}
		}
	})
}

// numbers says how many numbers the result of a code has.
var numbers = map[uint8]int{1: 0, 2: 1, 3: 2, 4: 1, 5: 1, 6: 0, 7: 1}

// resultOf is the result that has the shape w, nil where there is none.
func resultOf(w *shapedResult) Result {
	n := append(w.Numbers, 0, 0)
	all := map[uint8]Result{1: &Created{}, 2: &Granted{n[0]}, 3: &Revoked{n[0], vaultnet.Time(n[1])}, 4: &ToppedUp{int64(n[0])},
		5: &Verified{vaultnet.Time(n[0])}, 7: &Settled{uint16(n[0])}}
	if len(w.Bodies) == 1 {
		b := &w.Bodies[0]
		all = map[uint8]Result{6: &Issued{*b, w.Counts}}
		if !b.Valid() || len(w.Counts) != int(b.Width) {
			return nil
		}
	}
	r := all[w.Code]
	switch {
	case r == nil || len(w.Numbers) != numbers[w.Code] || len(w.Bodies) > 1 || len(w.Bodies) == 0 && len(w.Counts) > 0,
		w.Code == 3 && n[1] > uint64(vaultnet.Never), w.Code == 4 && n[0] > 1<<63-1, w.Code == 5 && n[0] > uint64(vaultnet.Never),
		w.Code == 7 && n[0] > vaultnet.MaxPermitCount:
		return nil
	}
	return r
}
