package canonical

import (
	"bytes"
	"reflect"
	"slices"

	"vaultnet/refusal"
)

func planSlice(p *plan, t reflect.Type, e *plan) {
	p.encode = func(b []byte, v reflect.Value) []byte { return appendElements(b, v, e) }
	p.decode = func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error) {
		n, b, err := expectMany(b, majorArray, depth)
		if err != nil {
			return nil, err
		}
		if n > len(b)/e.least {
			return nil, errEnds
		}
		s := reflect.MakeSlice(t, n, n)
		if b, err = decodeElements(b, depth-1, s, e); err != nil {
			return nil, err
		}
		v.Set(s)
		return b, nil
	}
}

func planArray(p *plan, length int, e *plan) {
	p.least = HeadSize(uint64(length)) + length*e.least
	p.encode = func(b []byte, v reflect.Value) []byte { return appendElements(b, v, e) }
	p.decode = func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error) {
		n, b, err := expectMany(b, majorArray, depth)
		if err != nil {
			return nil, err
		}
		if n != length {
			return nil, refusal.Invalid("encoding: %d elements, want %d", n, length)
		}
		return decodeElements(b, depth-1, v, e)
	}
}

func appendElements(b []byte, v reflect.Value, e *plan) []byte {
	n := v.Len()
	b = AppendArray(b, n)
	for i := range n {
		b = e.encode(b, v.Index(i))
	}
	return b
}

func decodeElements(b []byte, depth int, v reflect.Value, e *plan) ([]byte, *refusal.Error) {
	var err *refusal.Error
	for i := range v.Len() {
		if b, err = e.decode(b, depth, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func planMap(p *plan, t reflect.Type, k, e *plan) {
	type pair struct{ key, value []byte }
	p.encode = func(b []byte, v reflect.Value) []byte {
		pairs := make([]pair, 0, v.Len())
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for i := v.MapRange(); i.Next(); { // in any order, sorted below
			key.SetIterKey(i)
			value.SetIterValue(i)
			pairs = append(pairs, pair{k.encode(nil, key), e.encode(nil, value)})
		}
		slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
		b = AppendMap(b, len(pairs))
		for _, p := range pairs {
			b = append(append(b, p.key...), p.value...)
		}
		return b
	}
	p.decode = func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error) {
		n, b, err := expectMany(b, majorMap, depth)
		if err != nil {
			return nil, err
		}
		if n > len(b)/(k.least+e.least) {
			return nil, errEnds
		}
		m := reflect.MakeMapWithSize(t, n)
		var last []byte
		for i := range n {
			key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			after, err := k.decode(b, depth-1, key)
			if err != nil {
				return nil, err
			}
			encoded := b[:len(b)-len(after)]
			if i > 0 && bytes.Compare(last, encoded) >= 0 {
				return nil, errOrder
			}
			last = encoded
			if b, err = e.decode(after, depth-1, value); err != nil {
				return nil, err
			}
			m.SetMapIndex(key, value)
		}
		v.Set(m)
		return b, nil
	}
}
