package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// signatures lists the signatures in a message.
func signatures(v reflect.Value) (all []vaultnet.Signature) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return signatures(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, signatures(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all = append(all, signatures(v.Field(i))...)
			}
		}
	case reflect.Array:
		if s, ok := v.Interface().(vaultnet.Signature); ok {
			return []vaultnet.Signature{s}
		}
	}
	return all
}

// How many signatures the messages of samples carry; all others none.
var signatureCounts = map[string]int{"Submit": 1 + 4 + 6, "Withdraw": 1, "Read": 1, "PutChunk": 4, "Reply": 1, "ViewAnswer": 1, "StatementAnswer": 1, "Leaving": 1,
	"Bundle": 1 + 6 + 6 + 2 + 6 + 6 + (6 + 6 + 11 + 5 + 6) + (6 + 6 + 6) + (5 + 5) + 1 + 1}

// Each signature of each message, when one bit of it is changed, makes the message refused: in a frame and as a value.
func TestEachDamagedSignatureIsRefused(t *testing.T) {
	for name, w := range map[string]*world{"registry": newWorld(), "ed25519": realWorld()} {
		most := map[string]int{}
		examiner := NewExaminer(w.network, w.v) // knows the good ones, and must not take the bad ones for them
		for i, m := range w.samples() {
			for range 2 {
				if err := examiner.Verify(m); err != nil {
					t.Errorf("%s %d: examined: %v", name, i, err)
				}
			}
			name := fmt.Sprintf("%s/%d %s", name, i, RowOf(m).Name)
			good := frame(t, m)
			has := signatures(reflect.ValueOf(m))
			n := 0
			for at := 0; at+66 <= len(good); at++ {
				if good[at] != 0x58 || good[at+1] != 64 || // the head of a byte string as long as a signature
					!slices.Contains(has, vaultnet.Signature(good[at+2:at+66])) {
					continue
				}
				n++
				bad := bytes.Clone(good)
				bad[at+2+n%64] ^= 1 << (n % 8)
				if _, err := Open(bad, w.network, w.v); !isRefusal(err) {
					t.Errorf("%s: opened with damaged signature %d: %v", name, n, err)
				}
				values, err := decodeFrame(bad, w.network, nil)
				if isRefusal(err) {
					continue // a body that is not what the header names, for it names all bytes
				}
				if err := Verify(values[0], w.network, w.v); !isRefusal(err) {
					t.Errorf("%s: verified with damaged signature %d: %v", name, n, err)
				}
				for range 2 {
					if err := examiner.Verify(values[0]); !isRefusal(err) {
						t.Errorf("%s: examined with damaged signature %d: %v", name, n, err)
					}
				}
			}
			if len(has) != n {
				t.Errorf("%s: %d signatures, %d found in its frame", name, len(has), n)
			}
			most[RowOf(m).Name] = max(most[RowOf(m).Name], n)
		}
		for i := range Table {
			if of := Table[i].Name; most[of] != signatureCounts[of] {
				t.Errorf("%s: %d signatures, want %d", of, most[of], signatureCounts[of])
			}
		}
	}
}

func isRefusal(err error) bool {
	var e *refusal.Error
	return errors.As(err, &e) && (e.Kind == refusal.InvalidRequest || e.Kind == refusal.PermitInvalid)
}
