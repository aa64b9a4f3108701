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
// alike is encoded once.
func (l *loop) send(envelopes []wire.Envelope) (sent, bytes int) {
	done := l.encoded[:0]
	for i := range envelopes {
		e := &envelopes[i]
		frames := alike(done, e.Messages)
		if frames == nil {
			frames, _ = l.encoder.Encode(e.Messages) // what is out of bounds was refused before it came here
			if len(done) < maxEncoded && i+1 < len(envelopes) {
				done = append(done, encoded{e.Messages, frames})
			}
		}
		l.carrier.Send(e.To, frames...)
		for _, f := range frames {
			sent++
			bytes += len(f)
		}
	}
	clear(done)
	l.encoded = done
	return sent, bytes
}

// alike are the frames of the very same messages; nil where they were not encoded yet. Messages are immutable.
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
