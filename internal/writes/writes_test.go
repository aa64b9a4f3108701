package writes

import (
	"fmt"
	"testing"

	"vaultnet"
)

func text(ws []vaultnet.Write) (s string) {
	for _, w := range ws {
		s += fmt.Sprintf("%s=%q %v %v\n", w.Key, w.Value, w.Value == nil, w.Given)
	}
	return s
}

func TestList(t *testing.T) {
	var l List
	for round := range 3 {
		l.Writes = l.Writes[:0]
		key, value := []byte("key"), []byte("value")
		l.Put('a', nil, value)
		outer := l.Enter('b', 'c')
		l.Put('d', key, []byte{})
		inner := l.Enter('e')
		l.Give('f', key, value)
		l.Leave(inner)
		l.Put('g', key, nil)
		l.Leave(outer)
		key[0], value[0] = 'K', 'V'
		l.Put('h', key, value)
		want := "a=\"value\" false false\nbcdkey=\"\" false false\nbcefkey=\"Value\" false true\nbcgkey=\"\" true false\nhKey=\"Value\" false false\n"
		if got := text(l.Writes); got != want {
			t.Errorf("round %d: got\n%swant\n%s", round, got, want)
		}
		l.Reuse()
	}
}

// TestRoom: what was put does not move, nor does another write grow into it.
func TestRoom(t *testing.T) {
	var l List
	for i := range 2000 {
		l.Put('k', fmt.Append(nil, i), fmt.Append(nil, "value", i))
	}
	for i, w := range l.Writes {
		if string(w.Key) != fmt.Sprint("k", i) || string(w.Value) != fmt.Sprint("value", i) || cap(w.Key) > len(w.Key) || cap(w.Value) > len(w.Value) {
			t.Fatalf("write %d is %q = %q", i, w.Key, w.Value)
		}
	}
	l.Reuse()
	l.Writes = l.Writes[:0]
	if n := testing.AllocsPerRun(10, func() {
		l.Writes = l.Writes[:0]
		for range 1000 {
			l.Put('k', []byte("key"), []byte("value"))
		}
		l.Reuse()
	}); n > 0 {
		t.Errorf("%v allocations where there is room", n)
	}
}
