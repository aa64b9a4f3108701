package routing

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vaultnet"
)

// A frame on a stream: its length as four bytes, big endian, then its bytes.
const lengthSize = 4

// Why reading a stream ended; see [Statistics].
var (
	errLength    = errors.New("routing: a frame's length is 0 or above the limit")
	errTruncated = errors.New("routing: the stream ended within a frame")
	errMemory    = errors.New("routing: the memory for frames being read is used up")
)

// firstPart is how much of a frame memory is taken for before any of it has come; then as much again as has come. A
// length alone makes nobody allocate.
const firstPart = 64 << 10

// frameReader reads frames from a stream.
type frameReader struct {
	r *bufio.Reader
	// begin is called before a frame of n bytes is read whose bytes are not all there yet, and end after it.
	begin func(n int)
	end   func()
	// reserve is asked before more than firstPart bytes are taken for a frame: may it hold n more bytes?
	reserve func(n int) bool
}

// next returns the next frame in memory of its own, and how many bytes of it were reserved, which the caller gives back.
// The error is [io.EOF] at the end of the stream between two frames.
func (f *frameReader) next() (frame []byte, reserved int, err error) {
	head, err := f.r.Peek(1)
	if len(head) == 0 {
		return nil, 0, err
	}
	waits := f.r.Buffered() < lengthSize
	if waits {
		f.begin(lengthSize)
	}
	var length [lengthSize]byte
	if _, err := io.ReadFull(f.r, length[:]); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errTruncated, err)
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	if n == 0 || n > vaultnet.MaxFrame {
		return nil, 0, fmt.Errorf("%w: %d", errLength, n)
	}
	if f.r.Buffered() < n {
		waits = true
		f.begin(n)
	}
	if waits {
		defer f.end()
	}
	frame = make([]byte, min(n, firstPart))
	for have := 0; ; {
		got, err := io.ReadFull(f.r, frame[have:])
		if err != nil {
			return nil, reserved, fmt.Errorf("%w: %w", errTruncated, err)
		}
		if have += got; have == n {
			return frame, reserved, nil
		}
		more := min(n-have, have)
		if !f.reserve(more) {
			return nil, reserved, fmt.Errorf("%w: a frame of %d bytes", errMemory, n)
		}
		reserved += more
		grown := make([]byte, have+more)
		copy(grown, frame)
		frame = grown
	}
}

// appendFrame appends a frame with its length to b.
func appendFrame(b, frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(frame))), frame...)
}
