package wire

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaultnet/agreement"
	"vaultnet/refusal"
)

// spot is a place in a message where something can be changed.
type spot struct {
	path string
	v    reflect.Value
}

// spots finds every place, but none within a request: that is what its bytes say.
func spots(v reflect.Value, path string, all []spot) []spot {
	switch v.Kind() {
	case reflect.Pointer:
		if v.CanSet() {
			all = append(all, spot{path, v})
		}
		if !v.IsNil() && v.Type() != reflect.TypeFor[*agreement.Request]() {
			all = spots(v.Elem(), path, all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if v.Type() == reflect.TypeFor[refusal.Error]() && f.Name != "Kind" && f.Name != "Detail" {
				continue // the rest of a refusal stays where it is
			}
			if f.IsExported() {
				all = spots(v.Field(i), path+"."+f.Name, all)
			}
		}
	case reflect.Slice:
		all = append(all, spot{path, v})
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		for i := range v.Len() {
			all = spots(v.Index(i), fmt.Sprintf("%s[%d]", path, i), all)
		}
	default:
		all = append(all, spot{path, v})
	}
	return all
}

var extremes = []uint64{0, 1, 2, 3, 5, 6, 16, 17, 64, 65, 255, 1 << 16, 1 << 20, 1<<20 + 1, 1 << 30, 1<<30 + 1, math.MaxUint32, 1 << 42,
	1 << 43, 1<<43 + 1, 1 << 62, 1<<62 + 1, math.MaxInt64, 1 << 63, math.MaxUint64}

// change changes what is at a spot into something else of its type.
func change(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		} else {
			v.SetZero()
		}
	case reflect.Slice:
		n := v.Len()
		more := rapid.SampledFrom([]int{-n, -1, 1, 3, 20, 70, 5000}).Draw(t, "more")
		for ; more > 0; more-- {
			e := reflect.New(v.Type().Elem()).Elem() // zero, or the first again
			if n > 0 {
				e = v.Index(0)
			}
			v.Set(reflect.Append(v, e))
		}
		if n+more <= 0 {
			v.SetZero()
		} else if more < 0 {
			v.Set(v.Slice(0, n+more))
		}
	case reflect.Array:
		i := rapid.IntRange(0, v.Len()-1).Draw(t, "byte")
		b := v.Index(i)
		b.SetUint(b.Uint() ^ 1<<rapid.IntRange(0, 7).Draw(t, "bit"))
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "b", "\xff", string(make([]byte, 65)), string(make([]byte, 257)),
			string(make([]byte, 4097))}).Draw(t, "string"))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.SampledFrom(extremes).Draw(t, "number")) // cut to its size
	case reflect.Int, reflect.Int64:
		n := int64(rapid.SampledFrom(extremes).Draw(t, "number"))
		if v.Type() == reflect.TypeFor[time.Duration]() {
			n -= n % int64(time.Millisecond) // what is finer does not travel
		}
		v.SetInt(n)
	default:
		panic(v.Kind())
	}
}

// fresh is a copy of m that shares nothing with it.
func fresh(t testing.TB, w *world, m Message) Message {
	messages, err := decodeFrame(frame(t, m), w.network, nil)
	if err != nil {
		t.Fatal(err)
	}
	return messages[0]
}

// A value is judged as its encoding is: what Verify takes can be sent and is taken by Open, as the same value; what
// Encode refuses Verify refuses. Nothing panics.
func TestValuesAreJudgedAsTheirEncodings(t *testing.T) {
	w := newWorld()
	for i, sample := range w.samples() {
		name := RowOf(sample).Name
		t.Run(fmt.Sprint(i, name), func(t *testing.T) {
			good := 0
			rapid.Check(t, func(rt *rapid.T) {
				m := fresh(t, w, sample)
				for range rapid.IntRange(0, 2).Draw(rt, "changes") {
					all := spots(reflect.ValueOf(m), name, nil)
					s := rapid.SampledFrom(all).Draw(rt, "spot")
					change(rt, s.v)
				}
				if judgedAlike(rt, w, m) {
					good++
				}
			})
			if good == 0 {
				t.Error("none was good")
			}
		})
	}
}

// judgedAlike compares what becomes of a message as a value and in a frame, and reports whether it is good.
func judgedAlike(t *rapid.T, w *world, m Message) bool {
	judged := Verify(m, w.network, w.v)
	frames, err := Encode([]Message{m})
	if err != nil || len(frames) != 1 {
		if judged == nil {
			t.Fatalf("can be judged but not be sent: %v, in %d frames", err, len(frames))
		}
		return false
	}
	if opened, err := Open(frames[0], w.network, w.v); (err == nil) != (judged == nil) {
		t.Fatalf("judged %v, opened %v", judged, err)
	} else if err == nil && !reflect.DeepEqual(opened[0], m) {
		t.Fatal("opened as another value")
	}
	decoded, err := decodeFrame(frames[0], w.network, nil)
	if err == nil && !reflect.DeepEqual(decoded[0], m) {
		t.Fatal("read as another value")
	}
	return judged == nil
}
