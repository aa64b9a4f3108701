package main

import (
	"fmt"
	"time"
)

// starting tells how many vaults of a network run already, where that takes longer than a second.
func (p *progress) starting(up, of int) {
	now := time.Now()
	if p.elapsed() < time.Second || now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	text := fmt.Sprintf("starting: %d of %d vaults", up, of)
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		p.wrote = true
		return
	}
	fmt.Fprintln(p.w, text)
}
