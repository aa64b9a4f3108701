// Package writes gathers changes of a store in room that is used again.
//
//	var list writes.List
//	list.Put('h', nil, head)
//	inner := list.Enter('m')
//	machine.Diff(before, &list) // puts what it likes, under keys that begin with m
//	list.Leave(inner)
//	store.Apply(list.Writes, true)
//	list.Reuse()
package writes

import "vaultnet"

// List is changes being gathered. The zero value is empty. One goroutine at a time.
type List struct {
	Writes []vaultnet.Write // may be taken away, or be there before

	under        []byte // what the keys of all that is put begin with
	keys, values []byte // what is in them is in use until [List.Reuse]
}

// Enter makes the keys of what is put from now on begin with prefix, behind what they begin with already. [List.Leave] of
// what it returns ends that.
func (l *List) Enter(prefix ...byte) int {
	outer := len(l.under)
	l.under = append(l.under, prefix...)
	return outer
}

// Leave ends what [List.Enter] began.
func (l *List) Leave(outer int) { l.under = l.under[:outer] }

// Put adds a write of value under section ‖ key; a nil value deletes. It keeps neither key nor value.
func (l *List) Put(section byte, key, value []byte) {
	w := vaultnet.Write{Key: l.key(section, key)}
	if value != nil {
		start := grown(&l.values, len(value), 1<<10)
		l.values = append(l.values, value...)
		w.Value = l.values[start:len(l.values):len(l.values)]
	}
	l.Writes = append(l.Writes, w)
}

// Give is Put of a value that nobody else has or will: see [vaultnet.Write].
func (l *List) Give(section byte, key, value []byte) {
	l.Writes = append(l.Writes, vaultnet.Write{Key: l.key(section, key), Value: value, Given: true})
}

func (l *List) key(section byte, own []byte) []byte {
	start := grown(&l.keys, len(l.under)+1+len(own), 1<<8)
	l.keys = append(append(append(l.keys, l.under...), section), own...)
	return l.keys[start:len(l.keys):len(l.keys)]
}

// grown makes room for n bytes more, without that what is in use moves, and returns where they begin.
func grown(room *[]byte, n, least int) int {
	if cap(*room)-len(*room) < n {
		*room = make([]byte, 0, max(least, 2*cap(*room), n))
	}
	return len(*room)
}

const maxRoom = 4 << 20 // bytes that are kept for use again

// Reuse says that what was put so far is used no longer: its room is used again. Where it is never said, nothing is.
func (l *List) Reuse() {
	for _, room := range []*[]byte{&l.keys, &l.values} {
		if *room = (*room)[:0]; cap(*room) > maxRoom {
			*room = nil
		}
	}
}
