package main

import (
	"bytes"
	"io"
)

// about passes on, of a story that is written line by line, what names a text, and what happens to the network as a
// whole: who is who, faults, and what was broken. The whole story of a run is some hundred thousand lines.
type about struct {
	w    io.Writer
	text []byte
}

// always is what is passed on whatever it is about.
var always = [][]byte{[]byte("  FAULT "), []byte("  HEAL "), []byte("  VIOLATION "), []byte("  OVERRUN "), []byte("  STRANDED "),
	[]byte(" starts as "), []byte(" CRASHES"), []byte(" LIES: "), []byte(" comes back as "), []byte(" MISLED: ")}

// Write takes one line.
func (a *about) Write(line []byte) (int, error) {
	keep := bytes.Contains(line, a.text)
	for i := 0; i < len(always) && !keep; i++ {
		keep = bytes.Contains(line, always[i])
	}
	if !keep {
		return len(line), nil
	}
	return a.w.Write(line)
}
