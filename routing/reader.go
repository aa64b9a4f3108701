package routing

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"vaultnet"
	"vaultnet/routing/frame"
)

// Reasons with which a node resets a peer's stream, besides libp2p's own.
const (
	ResetRefused   network.StreamErrorCode = 0x7001 // the handler refused a frame
	ResetLength    network.StreamErrorCode = 0x7002 // a frame's length was 0 or above [vaultnet.MaxFrame]
	ResetTruncated network.StreamErrorCode = 0x7003 // the stream ended within a frame, or was too slow with one
	ResetMemory    network.StreamErrorCode = 0x7004 // the memory for frames being read is used up
)

const (
	readBuffer = 4 << 10
	leastRoom  = 8 << 10          // bytes: for a frame that is read
	frameTime  = 10 * time.Second // for a frame that has begun, plus its length at slowest
	slowest    = 64 << 10         // bytes per second
)

// reader reads a peer's stream.
type reader struct {
	stream network.Stream
	done   chan struct{} // closed when it no longer calls the handler
}

// accept is libp2p's handler of a stream that a peer has opened. A new stream takes the place of the one before: whoever
// opens a second has given up the first.
func (n *Node) accept(s network.Stream) {
	if !n.enter() {
		s.ResetWithError(network.StreamShutdown)
		return
	}
	defer n.group.Done()
	key, err := KeyOf(s.Conn().RemotePeer())
	if err != nil {
		s.ResetWithError(network.StreamProtocolViolation)
		return
	}
	r := n.lock(key)
	if r == nil {
		s.ResetWithError(network.StreamResourceLimitExceeded)
		return
	}
	me := &reader{stream: s, done: make(chan struct{})}
	before := r.reader
	r.reader = me
	r.mu.Unlock()
	defer close(me.done)
	if before != nil {
		before.stream.ResetWithError(network.StreamSupplanted)
		<-before.done
	}
	n.read(r, me)
	r.mu.Lock()
	if r.reader == me {
		r.reader = nil
	}
	r.mu.Unlock()
}

// read hands the frames of a stream to the handler until it ends.
func (n *Node) read(r *remote, me *reader) {
	s := me.stream
	var held *[]byte // what the frame is in; nil: memory of its own
	f := &frame.Reader{
		Stream:  bufio.NewReaderSize(s, readBuffer),
		Begin:   func(size int) { s.SetReadDeadline(time.Now().Add(frameTime + time.Duration(size)*time.Second/slowest)) },
		End:     func() { s.SetReadDeadline(time.Time{}) },
		Room:    func(size int) []byte { return n.room(&held, size) },
		Reserve: func(more int) bool { return n.reserve(r.key, int64(more)) },
	}
	for {
		got, reserved, err := f.Next()
		if err == nil {
			n.counts.framesReceived.Add(1)
			n.counts.bytesReceived.Add(uint64(frame.LengthSize + len(got)))
			if n.handler.Frame(r.key, got) != nil {
				err = errRefused
			}
		}
		if held != nil {
			n.frames.Put(held)
			held = nil
		}
		n.reading.Add(-int64(reserved))
		if err != nil {
			n.end(s, err)
			return
		}
	}
}

// room is memory for a frame of size bytes, at most [frame.FirstPart], and puts into held what is to be given back: frames
// are many, small, and forgotten as soon as they are opened.
func (n *Node) room(held **[]byte, size int) []byte {
	b, ok := n.frames.Get().(*[]byte)
	if !ok || cap(*b) < size {
		fresh := make([]byte, max(size, leastRoom))
		b = &fresh
	}
	*held = b
	return (*b)[:size]
}

var errRefused = errors.New("routing: the handler refused a frame")

// end closes a stream that is read no further, with the reason.
func (n *Node) end(s network.Stream, err error) {
	switch {
	case errors.Is(err, io.EOF) && !errors.Is(err, frame.ErrTruncated):
		s.Close()
	case errors.Is(err, errRefused):
		n.counts.refusedFrames.Add(1)
		s.ResetWithError(ResetRefused)
	case errors.Is(err, frame.ErrLength):
		n.counts.refusedLength.Add(1)
		s.ResetWithError(ResetLength)
	case errors.Is(err, frame.ErrMemory):
		n.counts.refusedMemory.Add(1)
		s.ResetWithError(ResetMemory)
	case errors.Is(err, frame.ErrTruncated) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || timedOut(err)):
		n.counts.truncated.Add(1)
		s.ResetWithError(ResetTruncated)
	default: // reset by the peer, by a later stream, or by Close
		s.Reset()
	}
}

// reserve asks for memory for a large frame. Members always get it: they are few, and strangers cannot use up theirs.
func (n *Node) reserve(key vaultnet.PublicKey, more int64) bool {
	if n.reading.Add(more) <= readingBytes || n.isMember(key) {
		return true
	}
	n.reading.Add(-more)
	return false
}
