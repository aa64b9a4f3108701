package sim

import (
	"fmt"
	"io"
	"time"

	"vaultnet"
)

// trace is the story of a run: always as a hash, and as text where somebody wants to read it. The hash of a seed is the
// same on every run, on every machine.
type trace struct {
	hash uint64
	out  io.Writer // nil: the hash alone
	now  *int64
}

func newTrace(out io.Writer, now *int64) *trace {
	return &trace{hash: 14695981039346656037, out: out, now: now}
}

// mix takes a number into the hash (FNV-1a over 64-bit words, with a rotation so that high bits count too).
func (t *trace) mix(v uint64) {
	h := (t.hash ^ v) * 1099511628211
	t.hash = h<<31 | h>>33
}

// mixDigest takes a digest into the hash.
func (t *trace) mixDigest(d vaultnet.Digest) {
	t.mix(uint64(d[0]) | uint64(d[1])<<8 | uint64(d[2])<<16 | uint64(d[3])<<24 | uint64(d[4])<<32 | uint64(d[5])<<40 |
		uint64(d[6])<<48 | uint64(d[7])<<56)
}

// on reports whether somebody reads; what only serves a line need not be computed otherwise.
func (t *trace) on() bool { return t.out != nil }

// line writes one event: when, who, what.
func (t *trace) line(who, format string, args ...any) {
	if t.out == nil {
		return
	}
	fmt.Fprintf(t.out, "%11.6f  %-10s %s\n", (time.Duration(*t.now) * time.Microsecond).Seconds(), who, fmt.Sprintf(format, args...))
}
