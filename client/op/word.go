package op

import (
	"bytes"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// word is what a vault has said about a request.
type word struct {
	applied  bool
	height   vaultnet.Height // of the block that applied it
	result   []byte
	attested *merkle.Attestation // of the permit that was issued

	refused *wire.Reply // the newest refusal; nil: none
	owes    int         // permits that were shown to it before the one it is to judge, and that it has said nothing about

	never bool        // it will never be applied: withdrawn, moved, clear of the deadline …
	final bool        // … or that is a fact of the chain
	by    wire.SetRef // it says so as a member of this set

	lost bool // it does not know any more what was applied up to the height that it named

	named vaultnet.Height // the greatest height it named
	ref   wire.SetRef     // the set it named last
	push  vaultnet.Height // the greatest that was pushed to it
}

// hearReply takes a reply to a request that was made for set number made.
func (w *word) hearReply(m *wire.Reply, made uint64) {
	w.ref = m.Set
	if m.Outcome != agreement.Stranger {
		w.named = max(w.named, m.Height)
	}
	switch m.Outcome {
	case agreement.Applied:
		w.applied, w.height, w.result = true, m.Height, m.Result
		if m.Permit != nil {
			w.attested = m.Permit
		}
	case agreement.Refused:
		switch {
		case m.Err == nil:
		case w.owes > 0 && strangeSigners(m.Err):
			w.owes-- // that was of an earlier one: of this one it speaks when it is asked again
		case w.refused == nil || m.Height >= w.refused.Height:
			w.refused = m
		}
	case agreement.Withdrawn:
		w.never, w.by = true, m.Set
	case agreement.Moved:
		if m.Set.Number > made {
			w.never, w.by = true, m.Set
		}
	}
}

// hearOutcome takes an answer to what became of the request.
func (w *word) hearOutcome(m *wire.OutcomeAnswer) {
	w.ref = m.Set
	switch m.Outcome {
	case agreement.Applied:
		w.applied, w.height, w.result = true, m.Height, m.Result
	case agreement.Refused:
		if m.Clear || m.Final {
			w.never, w.final, w.by = true, m.Final, m.Set
		}
		w.named = max(w.named, m.Height)
	case 0:
		w.lost = true
		w.named = max(w.named, m.Height)
	}
}

// tally counts what the members of the set that is asked have said.
type tally struct {
	place *place
	seats []*seat[word]
}

// applied is the word of A members that report one height and result, nil before. A member reports a block its set
// decided, so it may meanwhile be in a newer set than the one that is asked.
func (t tally) applied() *word {
	for i, s := range t.seats {
		if !s.word.applied {
			continue
		}
		alike, reached := 0, 0
		for k, o := range t.seats {
			switch w := &o.word; {
			case k >= i && w.applied && w.height == s.word.height && bytes.Equal(w.result, s.word.result):
				alike++
			case w.lost && !w.applied && w.named >= s.word.height && t.place.speaksFor(w.ref):
				reached++
			}
		}
		if certain(alike, reached, t.place.limits()) {
			return &s.word
		}
	}
	return nil
}

// signatures counts the members that signed the permit that w speaks of.
func (t tally) signatures(w *word) int {
	n := 0
	for _, s := range t.seats {
		if o := &s.word; o.applied && o.attested != nil && o.height == w.height && bytes.Equal(o.result, w.result) {
			n++
		}
	}
	return n
}

// never reports whether A members say, as members of the set that is asked, that the request will never be applied, or w
// that it is a fact of the chain.
func (t tally) never() bool {
	var n answers
	for _, s := range t.seats {
		if s.word.never && !s.word.applied && t.place.speaksFor(s.word.by) {
			n.clear++
			if s.word.final {
				n.final++
			}
		}
	}
	return n.never(t.place.limits())
}

// shown is the refusal that may be shown (design §5): w members give it alike at one height, the highest such. What is
// not retryable speaks of the object's state, so it must not be older than what an operation before this one could
// know: q members are at or below that height, and none is proven above it.
func (t tally) shown() *refusal.Error {
	var best *wire.Reply
	for i, s := range t.seats {
		r := s.word.refused
		if r == nil || !t.place.speaksFor(r.Set) || best != nil && r.Height <= best.Height {
			continue
		}
		n := 0
		for _, o := range t.seats[i:] {
			if q := o.word.refused; q != nil && q.Height == r.Height && t.place.speaksFor(q.Set) && refusal.Same(q.Err, r.Err) {
				n++
			}
		}
		if n >= t.place.limits().shown {
			best = r
		}
	}
	switch {
	case best == nil:
		return nil
	case best.Err.Kind.Retryable():
		return best.Err
	case best.Height < t.place.seen || t.settled(best.Height) < t.place.limits().settled:
		return nil
	}
	return best.Err
}

// settled counts the members that named no height above h.
func (t tally) settled(h vaultnet.Height) int {
	n := 0
	for _, s := range t.seats {
		if t.place.speaksFor(s.word.ref) && s.word.named <= h {
			n++
		}
	}
	return n
}

// retryable is a retryable refusal that some member gives, the one most of them do; nil: none does. It is for when
// nothing better can be had.
func (t tally) retryable() *refusal.Error {
	var best *refusal.Error
	most := 0
	for i, s := range t.seats {
		r := s.word.refused
		if r == nil || !r.Err.Kind.Retryable() {
			continue
		}
		n := 0
		for _, o := range t.seats[i:] {
			if q := o.word.refused; q != nil && q.Err.Kind == r.Err.Kind {
				n++
			}
		}
		if n > most {
			best, most = r.Err, n
		}
	}
	return best
}

// refusing counts the members whose newest refusal is of a kind.
func (t tally) refusing(k refusal.Kind) int {
	n := 0
	for _, s := range t.seats {
		if s.word.refused != nil && s.word.refused.Err.Kind == k {
			n++
		}
	}
	return n
}

// strangeSigners reports whether a permit is refused because of who signed it: a vault's own opinion, which more
// signatures can change.
func strangeSigners(e *refusal.Error) bool {
	return e.Kind == refusal.PermitInvalid && e.Detail.Reason == refusal.Signers
}

// missesSigners reports whether a member does not know enough of the permit's signers.
func (t tally) missesSigners() bool {
	return slices.ContainsFunc(t.seats, func(s *seat[word]) bool {
		return s.word.refused != nil && strangeSigners(s.word.refused.Err)
	})
}

// least is the smallest height that a member named.
func (t tally) least() vaultnet.Height {
	if len(t.seats) == 0 {
		return 0
	}
	h := t.seats[0].word.named
	for _, s := range t.seats {
		h = min(h, s.word.named)
	}
	return h
}

// speakers counts the members that speak for the set that is asked.
func (t tally) speakers() int {
	n := 0
	for _, s := range t.seats {
		if t.place.speaksFor(s.word.ref) {
			n++
		}
	}
	return n
}
