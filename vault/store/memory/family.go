package memory

import (
	"slices"

	"vaultnet"
)

// stemSize is by how many bytes keys are told apart first: those of an object's records are alike in the byte that says so
// and its address, so they lie side by side, and that is held once.
const stemSize = 1 + vaultnet.AddressSize

// family is the records whose keys begin with stem, which is of stemSize; or the one whose key is shorter.
type family struct {
	stem    string
	records []record // in the order of their keys
}

type record struct {
	rest  string // of the key
	value []byte
}

// split divides a key into its family's stem and the rest.
func split(key []byte) (stem, rest []byte) {
	n := min(len(key), stemSize)
	return key[:n], key[n:]
}

// find is where the record is, or would be, of which the key ends so.
func (f *family) find(rest []byte) (int, bool) {
	low, high := 0, len(f.records)
	for low < high {
		switch i := (low + high) / 2; {
		case f.records[i].rest == string(rest):
			return i, true
		case f.records[i].rest < string(rest):
			low = i + 1
		default:
			high = i
		}
	}
	return low, false
}

// appendCopies appends copies of the records of which the rest of the key begins with prefix, in one piece of memory.
func (f *family) appendCopies(all []vaultnet.Write, prefix []byte) []vaultnet.Write {
	first, _ := f.find(prefix)
	last, size := first, 0
	for ; last < len(f.records) && begins(f.records[last].rest, prefix); last++ {
		size += len(f.stem) + len(f.records[last].rest) + len(f.records[last].value)
	}
	all, room := slices.Grow(all, last-first), make([]byte, 0, size)
	for _, r := range f.records[first:last] {
		start := len(room)
		room = append(append(room, f.stem...), r.rest...)
		middle := len(room)
		room = append(room, r.value...)
		all = append(all, vaultnet.Write{Key: room[start:middle:middle], Value: room[middle:len(room):len(room)]})
	}
	return all
}

func begins(s string, prefix []byte) bool {
	return len(s) >= len(prefix) && s[:len(prefix)] == string(prefix)
}
