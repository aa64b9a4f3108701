// Package frame cuts a stream into frames: each is its length as four bytes, big endian, then 1 to [vaultnet.MaxFrame]
// bytes. [Reader] reads what strangers send: it never trusts a length, and takes memory only for what has come. [Append]
// writes. A Reader is for one goroutine.
package frame

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vaultnet"
)

// LengthSize is how many bytes of length a frame has before it.
const LengthSize = 4

// Why reading a stream ended; a truncated stream's error wraps the stream's own, too.
var (
	ErrLength    = errors.New("frame: a frame's length is 0 or above the limit")
	ErrTruncated = errors.New("frame: the stream ended within a frame")
	ErrMemory    = errors.New("frame: the memory for frames being read is used up")
)

// FirstPart is how many bytes of a frame memory is taken for before any of it has come. A length alone makes nobody
// allocate more. Then memory is taken for growth times what has come: of a frame with a chunk of 1 MiB a sixteenth is copied.
const (
	FirstPart = 64 << 10
	growth    = 16
)

// Reader reads frames from a stream. All its fields must be set.
type Reader struct {
	Stream *bufio.Reader
	// Begin is called before the next n bytes, a frame or its length, are read that are not all buffered yet, and End
	// when the frame is there: the place for deadlines.
	Begin func(n int)
	End   func()
	// Room gives memory for a frame of n bytes, at most FirstPart, with anything in it.
	Room func(n int) []byte
	// Reserve is asked before more than FirstPart bytes are taken for a frame: may it hold n more?
	Reserve func(n int) bool
}

// Next returns the next frame, one of at most FirstPart bytes in what Room gave, a longer one in memory of its own, and how
// many bytes of it were reserved, which the caller gives back. The error is [io.EOF] at the end of the stream between two frames.
func (r *Reader) Next() (frame []byte, reserved int, err error) {
	head, err := r.Stream.Peek(1)
	if len(head) == 0 {
		return nil, 0, err
	}
	waits := r.Stream.Buffered() < LengthSize
	if waits {
		r.Begin(LengthSize)
	}
	var length [LengthSize]byte
	if _, err := io.ReadFull(r.Stream, length[:]); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	if n == 0 || n > vaultnet.MaxFrame {
		return nil, 0, fmt.Errorf("%w: %d", ErrLength, n)
	}
	if r.Stream.Buffered() < n {
		waits = true
		r.Begin(n)
	}
	if waits {
		defer r.End()
	}
	if n <= FirstPart {
		frame = r.Room(n)
	} else {
		frame = make([]byte, FirstPart)
	}
	for have := 0; ; {
		got, err := io.ReadFull(r.Stream, frame[have:])
		if err != nil {
			return nil, reserved, fmt.Errorf("%w: %w", ErrTruncated, err)
		}
		if have += got; have == n {
			return frame, reserved, nil
		}
		more := min(n-have, growth*have)
		if !r.Reserve(more) {
			return nil, reserved, fmt.Errorf("%w: a frame of %d bytes", ErrMemory, n)
		}
		reserved += more
		grown := make([]byte, have+more)
		copy(grown, frame)
		frame = grown
	}
}

// Append appends a frame, of a length that is allowed, with its length to b.
func Append(b, frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(frame))), frame...)
}
