package vault

import (
	"vaultnet/internal/wire"
)

// post hands a turn's envelopes to the network. What all members get alike is encoded once.
func (v *Vault) post(envelopes []wire.Envelope) {
	var done []encoded
	for i := range envelopes {
		e := &envelopes[i]
		frames := find(done, e.Messages)
		if frames == nil {
			var err error
			if frames, err = v.encoder.Encode(e.Messages); err != nil {
				v.metrics.unsent.Inc()
				if f := v.cfg.Observer.Unsent; f != nil {
					f(e.To, err)
				}
			}
			if len(done) < maxEncoded && i+1 < len(envelopes) {
				done = append(done, encoded{e.Messages, frames})
			}
		}
		v.metrics.sent(e.Messages)
		if len(frames) > 0 {
			v.net.Send(e.To, frames...)
		}
	}
}

// maxEncoded bounds what [Vault.post] looks through.
const maxEncoded = 8

// encoded is what a list of messages was encoded to.
type encoded struct {
	messages []wire.Message
	frames   [][]byte
}

// find returns the frames of the very same messages; nil where they were not encoded yet.
func find(done []encoded, messages []wire.Message) [][]byte {
	for i := range done {
		if same(done[i].messages, messages) {
			return done[i].frames
		}
	}
	return nil
}

func same(a, b []wire.Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] { // pointers: messages are immutable
			return false
		}
	}
	return true
}
