package wire

import (
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// MaxMessages is how many messages a frame holds: as many as a vault holds inputs of one peer.
const MaxMessages = 4096

// A frame is an array of messages; a message is an array of its type's code and its fields ([Table]).

// Encode encodes messages into as few frames of at most [vaultnet.MaxFrame] bytes as keep their order. A bundle that
// fits no frame goes in parts. The frames hold all messages that could be encoded; the error, or nil, tells of those
// that could not because they are out of bounds: a mistake of whoever made them.
func Encode(messages []Message) ([][]byte, error) {
	e := encoder{open: make([]byte, 0, 2<<10)}
	for _, m := range messages {
		e.add(m)
	}
	e.flush()
	return e.frames, errors.Join(e.failed...)
}

type encoder struct {
	frames [][]byte
	open   []byte // messages of the frame being filled, without its head
	count  int
	parts  bool // what is added is a part already
	failed []error
}

// add appends a message, on a new frame where it does not fit the open one.
func (e *encoder) add(m Message) {
	if n := len(contentOf(m)); n >= largeContent {
		e.alone(m, n)
		return
	}
	start := len(e.open)
	b, err := appendMessage(e.open, m)
	if err != nil {
		e.failed = append(e.failed, err)
		return
	}
	if len(b)-start > maxMessage {
		e.split(m)
		return
	}
	if len(b) > maxMessage || e.count == MaxMessages {
		next := append([]byte(nil), b[start:]...)
		e.flush()
		b = next
	}
	e.open = b
	e.count++
}

// alone puts a message of much content on a frame of its own, in memory that fits it: it is copied once, and whoever opens
// the frame can leave the content where it is.
func (e *encoder) alone(m Message, content int) {
	e.flush()
	frame, err := appendMessage(canonical.AppendArray(make([]byte, 0, content+roomBeside), 1), m)
	if err != nil {
		e.failed = append(e.failed, err)
		return
	}
	e.frames = append(e.frames, frame)
}

const (
	largeContent = 64 << 10 // bytes from which on a chunk's content is not copied where that can be avoided
	roomBeside   = 3 << 10  // for what else is in the message, mostly: the permit of a chunk
)

// contentOf is the content of a chunk that a message carries; nil: none.
func contentOf(m Message) []byte {
	switch m := m.(type) {
	case *PutChunk:
		return m.Content
	case *ChunkAnswer:
		return m.Content
	}
	return nil
}

// flush closes the open frame.
func (e *encoder) flush() {
	if e.count == 0 {
		return
	}
	frame := canonical.AppendArray(make([]byte, 0, len(e.open)+4), e.count)
	e.frames = append(e.frames, append(frame, e.open...))
	e.open, e.count = e.open[:0], 0
}

// split adds a bundle in parts, each of which fits a frame by the bounds of what is in it: every request by itself, the
// bodies of a decided block among them; then the part of a state; then what is left.
func (e *encoder) split(m Message) {
	b, ok := m.(*Bundle)
	if !ok || e.parts {
		e.failed = append(e.failed, refusal.Invalid("%T: more than fits a frame", m))
		return
	}
	e.parts = true
	defer func() { e.parts = false }()
	part := func() *agreement.Bundle { return &agreement.Bundle{Address: b.Address, Height: b.Height} }
	rest := *b.Bundle
	requests := b.Requests
	if b.Decided != nil {
		requests = slices.Concat(requests, b.Decided.Bodies)
		bare := *b.Decided
		bare.Bodies = nil
		rest.Decided = &bare
	}
	for _, r := range requests {
		p := part()
		p.Requests = []*agreement.Request{r}
		e.add(&Bundle{p})
	}
	if b.State != nil {
		p := part()
		p.State = b.State
		e.add(&Bundle{p})
	}
	rest.Requests, rest.State = nil, nil
	e.add(&Bundle{&rest})
}

// appendMessage appends the encoding of m to b.
func appendMessage(b []byte, m Message) ([]byte, error) {
	row := RowOf(m)
	if row == nil {
		return b, refusal.Invalid("no message, or none of the table")
	}
	c := coder{mode: encoding, buf: canonical.AppendUint(canonical.AppendArray(b, row.fields), uint64(row.Code))}
	row.walk(&c, m)
	if c.err != nil {
		return b, c.err
	}
	return c.buf, nil
}

// Open decodes a frame and verifies every signature in it: those of requests and what is attached to them, votes,
// certificates, proposals, wishes, views, withdrawals, askers, permits, statements. A frame of which anything is wrong
// is refused whole, with a *refusal.Error that says what; it never panics. Messages keep nothing of frame but the content
// of a chunk that is most of it: so the frame must not be changed afterwards.
func Open(frame []byte, network vaultnet.NetworkID, v vaultnet.Verifier) ([]Message, error) {
	messages, err := decodeFrame(frame, network)
	if err != nil {
		return nil, err
	}
	var c coder
	j := judgement{network, v, &c, nil}
	for _, m := range messages {
		if j.message(m); c.err != nil {
			return nil, c.err
		}
		switch m := m.(type) {
		case *PutChunk:
			m.hash(m.Content)
		case *ChunkAnswer:
			m.hash(m.Content)
		}
	}
	return messages, nil
}

// decodeFrame does all of Open but the judgement of signatures.
func decodeFrame(frame []byte, network vaultnet.NetworkID) ([]Message, error) {
	if len(frame) > vaultnet.MaxFrame {
		return nil, refusal.Invalid("frame: %d bytes, at most %d", len(frame), vaultnet.MaxFrame)
	}
	c := coder{mode: decoding, network: network, buf: frame, whole: len(frame)}
	var messages []Message
	list(&c, &messages, 1, MaxMessages, message, "messages")
	c.end("frame")
	if c.err != nil {
		return nil, c.err
	}
	return messages, nil
}

func message(c *coder, m *Message) {
	n := c.expect(majorArray, "message")
	code := c.expect(majorUint, "message type")
	if c.err != nil {
		return
	}
	row := rowByCode(code)
	if row == nil {
		c.fail("message of unknown type %d", code)
		return
	}
	if n != uint64(row.fields) {
		c.fail("%s: %d fields, want %d", row.Name, n, row.fields)
		return
	}
	*m = row.fresh()
	row.walk(c, *m)
}
