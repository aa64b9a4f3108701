package client

import "vaultnet/internal/wire"

// maxEncoded bounds what [loop.send] looks through.
const maxEncoded = 8

// encoded is what a list of messages was encoded to.
type encoded struct {
	messages []wire.Message
	frames   [][]byte
}

// send encodes what goes to each vault, in as few frames as it takes, and hands it over. What all members of a set get
// alike is encoded once; so is a chunk, whatever else each of its vaults gets.
func (l *loop) send(envelopes []wire.Envelope) (sent, bytes int) {
	for i := range envelopes {
		e := &envelopes[i]
		frames := l.frames(e.Messages, i+1 < len(envelopes))
		l.carrier.Send(e.To, frames...)
		for _, f := range frames {
			sent++
			bytes += len(f)
		}
	}
	clear(l.encoded)
	l.encoded = l.encoded[:0]
	clear(l.large)
	return sent, bytes
}

// frames encodes what goes to a vault. more says that somebody may get the same.
func (l *loop) frames(messages []wire.Message, more bool) (frames [][]byte) {
	begin := 0
	for i, m := range messages {
		if wire.Alone(m) {
			frames = append(frames, l.together(messages[begin:i], more)...)
			frames = append(frames, l.alone(m)...)
			begin = i + 1
		}
	}
	if begin == 0 {
		return l.together(messages, more)
	}
	return append(frames, l.together(messages[begin:], more)...)
}

// alone encodes a message that has a frame of its own. Messages are immutable.
func (l *loop) alone(m wire.Message) [][]byte {
	frames, ok := l.large[m]
	if !ok {
		frames, _ = l.encoder.Encode([]wire.Message{m})
		if l.large == nil {
			l.large = make(map[wire.Message][][]byte)
		}
		l.large[m] = frames
	}
	return frames
}

// together encodes messages that share frames.
func (l *loop) together(messages []wire.Message, more bool) [][]byte {
	if len(messages) == 0 {
		return nil
	}
	frames := alike(l.encoded, messages)
	if frames == nil {
		frames, _ = l.encoder.Encode(messages) // what is out of bounds was refused before it came here
		if more && len(l.encoded) < maxEncoded {
			l.encoded = append(l.encoded, encoded{messages, frames})
		}
	}
	return frames
}

// alike are the frames of the very same messages; nil where they were not encoded yet.
func alike(done []encoded, messages []wire.Message) [][]byte {
next:
	for i := range done {
		if len(done[i].messages) != len(messages) {
			continue
		}
		for k, m := range done[i].messages {
			if m != messages[k] {
				continue next
			}
		}
		return done[i].frames
	}
	return nil
}
