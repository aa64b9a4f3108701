package canonical

import (
	"fmt"
	"reflect"
	"sync"

	"vaultnet/refusal"
)

// plan is how values of one type are encoded and decoded.
type plan struct {
	// encode appends the encoding of v, which can be addressed.
	encode func(b []byte, v reflect.Value) []byte
	// decode reads a value from the front of b into v, in which arrays and maps may lie depth deep, and returns what
	// follows. Whatever it accepts is what encode writes.
	decode func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error)
	// least is no more than the length of the shortest encoding, and at least 1: it bounds what a head can promise.
	least int
}

// plans are those made so far, by type. They do not depend on anything but the type.
var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	made := map[reflect.Type]*plan{}
	p := makePlan(t, made)
	for t, p := range made { // in any order
		plans.LoadOrStore(t, p)
	}
	return p
}

// makePlan makes the plan of t and of the types in it, unless they are in made.
func makePlan(t reflect.Type, made map[reflect.Type]*plan) *plan {
	if p, ok := made[t]; ok {
		return p
	}
	p := &plan{least: 1}
	made[t] = p
	switch t.Kind() {
	case reflect.Bool:
		p.encode, p.decode = encodeBool, decodeBool
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.encode, p.decode = encodeUint, decodeUint
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.encode, p.decode = encodeInt, decodeInt
	case reflect.String:
		p.encode, p.decode = encodeString, decodeString
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			p.encode, p.decode = encodeBytes, decodeBytes
			break
		}
		planSlice(p, t, makePlan(t.Elem(), made))
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			p.least = HeadSize(uint64(t.Len())) + t.Len()
			p.encode, p.decode = encodeBytes, decodeByteArray
			break
		}
		planArray(p, t.Len(), makePlan(t.Elem(), made))
	case reflect.Struct:
		planStruct(p, t, made)
	case reflect.Map:
		planMap(p, t, makePlan(t.Key(), made), makePlan(t.Elem(), made))
	case reflect.Pointer:
		planPointer(p, t.Elem(), makePlan(t.Elem(), made))
	default:
		panic(fmt.Sprintf("canonical: %v has no encoding", t))
	}
	return p
}

func planStruct(p *plan, t reflect.Type, made map[reflect.Type]*plan) {
	type field struct {
		index int
		plan  *plan
	}
	var fields []field
	least := 0
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() {
			panic(fmt.Sprintf("canonical: field %s of %v is not exported", f.Name, t))
		}
		fields = append(fields, field{i, makePlan(f.Type, made)})
		least += fields[len(fields)-1].plan.least
	}
	p.least = HeadSize(uint64(len(fields))) + least
	p.encode = func(b []byte, v reflect.Value) []byte {
		b = AppendArray(b, len(fields))
		for i := range fields {
			b = fields[i].plan.encode(b, v.Field(fields[i].index))
		}
		return b
	}
	p.decode = func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error) {
		n, b, err := expectMany(b, majorArray, depth)
		if err != nil {
			return nil, err
		}
		if n != len(fields) {
			return nil, refusal.Invalid("encoding: %d fields, want %d", n, len(fields))
		}
		for i := range fields {
			if b, err = fields[i].plan.decode(b, depth-1, v.Field(fields[i].index)); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
}

func planPointer(p *plan, elem reflect.Type, e *plan) {
	p.least = e.least
	p.encode = func(b []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(b, simpleNull)
		}
		return e.encode(b, v.Elem())
	}
	p.decode = func(b []byte, depth int, v reflect.Value) ([]byte, *refusal.Error) {
		to := reflect.New(elem)
		b, err := e.decode(b, depth, to.Elem())
		if err == nil {
			v.Set(to)
		}
		return b, err
	}
}
