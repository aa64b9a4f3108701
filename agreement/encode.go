package agreement

import (
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
)

// What is written in every turn is encoded by hand: [canonical.Marshal] gives the same, at several times the cost.

func appendHeader(b []byte, h *Header) []byte {
	b = canonical.AppendArray(b, 9)
	b = canonical.AppendUint(b, uint64(h.Incarnation))
	b = canonical.AppendUint(b, uint64(h.Height))
	b = canonical.AppendBytes(b, h.Previous[:])
	b = canonical.AppendInt(b, int64(h.Time))
	b = canonical.AppendArray(b, len(h.Mutations))
	for i := range h.Mutations {
		b = canonical.AppendArray(b, 2)
		b = canonical.AppendBytes(b, h.Mutations[i].Request[:])
		b = canonical.AppendBytes(b, h.Mutations[i].Attached[:])
	}
	b = canonical.AppendBytes(b, h.Add[:])
	b = canonical.AppendBytes(b, h.Drop[:])
	b = canonical.AppendBytes(b, h.Set[:])
	return canonical.AppendBytes(b, h.State[:])
}

func appendAttestation(b []byte, a *merkle.Attestation) []byte {
	b = canonical.AppendArray(b, 3)
	b = canonical.AppendBytes(b, a.Signer[:])
	b = canonical.AppendBytes(b, a.Signature[:])
	b = canonical.AppendArray(b, 3)
	b = canonical.AppendUint(b, uint64(a.Path.Index))
	b = canonical.AppendUint(b, uint64(a.Path.Width))
	b = canonical.AppendArray(b, len(a.Path.Siblings))
	for i := range a.Path.Siblings {
		b = canonical.AppendBytes(b, a.Path.Siblings[i][:])
	}
	return b
}

func appendBallot(b []byte, v *Ballot) []byte {
	b = canonical.AppendArray(b, 7)
	b = canonical.AppendUint(b, uint64(v.Incarnation))
	b = canonical.AppendUint(b, uint64(v.Height))
	b = canonical.AppendUint(b, uint64(v.Round))
	b = canonical.AppendUint(b, uint64(v.Type))
	b = canonical.AppendBytes(b, v.Block[:])
	b = canonical.AppendBytes(b, v.Set[:])
	return canonical.AppendBytes(b, v.Previous[:])
}

func appendVote(b []byte, v *Vote) []byte {
	b = canonical.AppendArray(b, 2)
	return appendAttestation(appendBallot(b, &v.Ballot), v.By)
}

func appendVotes(b []byte, votes []*Vote) []byte {
	b = canonical.AppendArray(b, len(votes))
	for _, v := range votes {
		b = appendVote(b, v)
	}
	return b
}

func appendCertificate(b []byte, c *Certificate) []byte {
	b = canonical.AppendArray(b, 2)
	b = appendBallot(b, &c.Ballot)
	b = canonical.AppendArray(b, len(c.By))
	for _, by := range c.By {
		b = appendAttestation(b, by)
	}
	return b
}

func appendSet(b []byte, s *Set) []byte {
	b = canonical.AppendArray(b, 2)
	b = canonical.AppendUint(b, s.Number)
	b = canonical.AppendArray(b, len(s.Members))
	for i := range s.Members {
		b = canonical.AppendBytes(b, s.Members[i][:])
	}
	return b
}

func appendSetProof(b []byte, p *SetProof) []byte {
	b = canonical.AppendArray(b, 2)
	b = canonical.AppendArray(b, len(p.Members))
	for i := range p.Members {
		b = canonical.AppendBytes(b, p.Members[i][:])
	}
	b = canonical.AppendArray(b, len(p.Views))
	for i := range p.Views {
		b = canonical.AppendArray(b, 2)
		b = canonical.AppendInt(b, int64(p.Views[i].Time))
		b = appendAttestation(b, p.Views[i].By)
	}
	return b
}

// appendOne appends a list of what p points to alone, or of nothing for nil.
func appendOne[T any](b []byte, p *T, one func([]byte, *T) []byte) []byte {
	if p == nil {
		return canonical.AppendArray(b, 0)
	}
	return one(canonical.AppendArray(b, 1), p)
}

// appendPacked appends the bytes of the encoding of what p points to, none for nil.
func appendPacked[T any](b []byte, p *T, one func([]byte, *T) []byte) []byte {
	if p == nil {
		return canonical.AppendBytes(b, "")
	}
	start := len(b)
	b = one(b, p)
	n := len(b) - start
	head := canonical.HeadSize(uint64(n))
	b = append(b, make([]byte, head)...)
	copy(b[start+head:], b[start:start+n])
	canonical.AppendBytesHead(b[:start], n)
	return b
}

// appendHead is the encoding of a headRecord.
func (o *Object) appendHead(b []byte) []byte {
	d := o.last
	b = canonical.AppendArray(b, 6)
	b = appendHeader(b, &d.Header)
	b = appendCertificate(b, d.Certificate)
	b = appendSet(b, d.Set)
	b = appendSet(b, d.Voters)
	b = appendOne(b, d.Proof, appendSetProof)
	b = canonical.AppendArray(b, len(o.links))
	for i := range o.links {
		l := &o.links[i]
		b = canonical.AppendArray(b, 3)
		b = appendHeader(b, &l.Header)
		b = appendCertificate(b, l.Certificate)
		b = appendSet(b, l.Set)
	}
	return b
}

// nothingVoted is what there is to be kept of a height at which the member is no longer in the set that it voted in.
var nothingVoted = newAttempt()

// appendVoteRecord is the encoding of a voteRecord.
func (o *Object) appendVoteRecord(b []byte) []byte {
	a := o.attempt
	if a == nil {
		a = nothingVoted
	}
	b = canonical.AppendArray(b, 13)
	b = canonical.AppendUint(b, uint64(o.height+1))
	b = canonical.AppendUint(b, uint64(a.round))
	b = appendOne(b, a.prevote, appendVote)
	b = appendOne(b, a.precommit, appendVote)
	b = appendVotes(b, a.proof)
	if a.voted != nil {
		b = canonical.AppendBytes(b, a.voted.digest[:])
	} else {
		b = canonical.AppendBytes(b, zeroDigest[:])
	}
	b = canonical.AppendArray(b, len(a.promised))
	for i := range a.promised {
		b = canonical.AppendBytes(b, a.promised[i][:])
	}
	var lock, valid *Certificate
	if a.lock != nil {
		lock = a.lock.cert
	}
	if a.valid != nil && a.valid != a.lock {
		valid = a.valid.cert
	}
	b = appendOne(b, lock, appendCertificate)
	b = appendOne(b, valid, appendCertificate)
	b = appendOne(b, a.commit, appendCertificate)
	b = appendOne(b, o.proof, appendSetProof)
	b = canonical.AppendArray(b, len(o.parted))
	if len(o.parted) > 0 {
		records := partedRecords(o.parted)
		for i := range records {
			b = canonical.Append(b, &records[i])
		}
	}
	b = canonical.AppendArray(b, len(a.called))
	for _, w := range a.called {
		b = canonical.Append(b, w)
	}
	return b
}

var zeroDigest [32]byte

// size is about how long the proposalRecord is.
func (h *held) size() int {
	n := 1 << 10
	for _, r := range h.bodies {
		n += len(r.Bytes) + len(r.Attached)
	}
	return n
}

// appendProposalRecord is the encoding of a proposalRecord.
func appendProposalRecord(b []byte, h *held) []byte {
	b = canonical.AppendArray(b, 3)
	b = appendHeader(b, h.header)
	b = canonical.AppendArray(b, len(h.offers))
	for _, p := range h.offers {
		b = canonical.AppendArray(b, 5)
		b = canonical.AppendUint(b, uint64(p.Round))
		b = canonical.AppendInt(b, p.PolkaRound)
		b = appendPacked(b, p.Polka, appendCertificate)
		b = appendPacked(b, p.Proof, appendSetProof)
		b = appendAttestation(b, p.By)
	}
	b = canonical.AppendArray(b, len(h.bodies))
	for _, r := range h.bodies {
		b = canonical.AppendArray(b, 2)
		b = canonical.AppendBytes(b, r.Bytes)
		b = canonical.AppendBytes(b, r.Attached)
	}
	return b
}

// appendTo is the encoding of an applied request.
func (a *AppliedRequest) appendTo(b []byte) []byte {
	b = canonical.AppendArray(b, 3)
	b = canonical.AppendBytes(b, a.Requester[:])
	b = canonical.AppendUint(b, uint64(a.Height))
	return canonical.AppendBytes(b, a.Result)
}
