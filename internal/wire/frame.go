package wire

import (
	"errors"
	"slices"
	"sync"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// MaxMessages is how many messages a frame holds: as many as a vault holds inputs of one peer.
const MaxMessages = 4096

// A frame is an array of messages; a message is an array of its type's code and its fields ([Table]).

// Encode encodes messages into as few frames of at most [vaultnet.MaxFrame] bytes as keep their order. A bundle that
// fits no frame goes in parts. The frames hold all messages that could be encoded; the error, or nil, tells of those
// that could not because they are out of bounds: a mistake of whoever made them.
func Encode(messages []Message) ([][]byte, error) { return new(Encoder).Encode(messages) }

// Encoder encodes as [Encode] does, again and again, in room that it keeps. The zero value is ready; it is for one
// goroutine.
type Encoder struct{ room []byte }

// maxRoom is how many bytes of room an encoder keeps.
const maxRoom = 256 << 10

// Encode encodes messages into frames, which are the caller's.
func (r *Encoder) Encode(messages []Message) ([][]byte, error) {
	if r.room == nil {
		r.room = make([]byte, 0, 2<<10)
	}
	e := encoder{coder: &coder{buf: r.room}}
	e.begin()
	for _, m := range messages {
		e.add(m)
	}
	e.flush()
	if r.room = e.buf; cap(r.room) > maxRoom {
		r.room = nil
	}
	return e.frames, errors.Join(e.failed...)
}

type encoder struct {
	*coder // its buf: messages of the frame being filled, without its head
	frames [][]byte
	count  int
	parts  bool // what is added is a part already
	failed []error
}

func (e *encoder) begin() { *e.coder = coder{mode: encoding, frame: true, buf: e.buf[:0]} }

// add appends a message, on a new frame where it does not fit the open one.
func (e *encoder) add(m Message) {
	if Alone(m) {
		e.alone(m, len(contentOf(m)))
		return
	}
	before := *e.coder
	err := appendMessage(e.coder, m)
	size := len(e.buf) - len(before.buf)
	over := len(e.buf) > maxMessage || e.count == MaxMessages
	if err == nil && size <= maxMessage && !over {
		e.count++
		return
	}
	before.buf = e.buf[:len(before.buf)] // in the room that there is now
	*e.coder = before
	switch {
	case err != nil:
		e.failed = append(e.failed, err)
	case size > maxMessage:
		e.split(m)
	default: // once more, for what it stands beside is another now
		e.flush()
		e.add(m)
	}
}

// alone puts a message of much content on a frame of its own, in memory that fits it: it is copied once, and whoever opens
// the frame can leave the content where it is.
func (e *encoder) alone(m Message, content int) {
	e.flush()
	c := coder{mode: encoding, frame: true, buf: canonical.AppendArray(make([]byte, 0, content+roomBeside), 1)}
	if err := appendMessage(&c, m); err != nil {
		e.failed = append(e.failed, err)
		return
	}
	e.frames = append(e.frames, c.buf)
}

const (
	largeContent = 64 << 10 // bytes from which on a chunk's content is not copied where that can be avoided
	roomBeside   = 3 << 10  // for what else is in the message, mostly: the permit of a chunk
)

// Alone reports whether a message of much content has a frame of its own, whatever it is sent beside: who sends it to
// several need encode it only once.
func Alone(m Message) bool { return len(contentOf(m)) >= largeContent }

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
	if e.count > 0 {
		frame := canonical.AppendArray(make([]byte, 0, len(e.buf)+4), e.count)
		e.frames = append(e.frames, append(frame, e.buf...))
		e.count = 0
	}
	e.begin()
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

// appendMessage appends the encoding of m to what c holds.
func appendMessage(c *coder, m Message) error {
	row := RowOf(m)
	if row == nil {
		return refusal.Invalid("no message, or none of the table")
	}
	c.buf = canonical.AppendUint(canonical.AppendArray(c.buf, row.fields), uint64(row.Code))
	if row.walk(c, m); c.err != nil {
		return c.err
	}
	return nil
}

// Open decodes a frame and verifies every signature in it: those of requests and what is attached to them, votes,
// certificates, proposals, wishes, views, withdrawals, askers, permits, statements. A frame of which anything is wrong
// is refused whole, with a *refusal.Error that says what; it never panics. Messages keep nothing of a frame but the content
// of a chunk that is most of it, of a frame of more than 64 KiB only: that must not be changed afterwards.
func Open(frame []byte, network vaultnet.NetworkID, v vaultnet.Verifier) ([]Message, error) {
	return open(frame, network, v, nil)
}

func open(frame []byte, network vaultnet.NetworkID, v vaultnet.Verifier, known *familiar) ([]Message, error) {
	messages, err := decodeFrame(frame, network, known)
	if err != nil {
		return nil, err
	}
	foresee(messages, v)
	r := reviews.Get().(*review)
	defer r.end()
	r.stated.Begin(network, v)
	j := judgement{network: network, v: v, c: &r.coder, stated: &r.stated, known: known}
	for _, m := range messages {
		if j.message(m); j.c.err != nil {
			return nil, j.c.err
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

// review is the room that judging a frame takes.
type review struct {
	coder  coder // for its failure
	stated merkle.Reviewer
}

var reviews = sync.Pool{New: func() any { return new(review) }}

func (r *review) end() {
	r.coder = coder{}
	r.stated.Begin(vaultnet.NetworkID{}, nil)
	reviews.Put(r)
}

// decodeFrame does all of Open but the judgement of signatures.
func decodeFrame(frame []byte, network vaultnet.NetworkID, known *familiar) ([]Message, error) {
	if len(frame) > vaultnet.MaxFrame {
		return nil, refusal.Invalid("frame: %d bytes, at most %d", len(frame), vaultnet.MaxFrame)
	}
	c := coder{mode: decoding, network: network, known: known, buf: frame, frame: true, whole: len(frame)}
	var messages []Message
	list(&c, &messages, 1, MaxMessages, message, "messages")
	c.end("frame")
	if c.err != nil {
		return nil, c.err
	}
	return messages, nil
}

func message(c *coder, m *Message) {
	if c.behind == 0 {
		c.behind = len(c.buf)
	}
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
