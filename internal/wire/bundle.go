package wire

import (
	"vaultnet"
	"vaultnet/agreement"
)

// Bounds of a bundle.
const (
	maxBundleVotes     = 64
	maxBundleRequests  = 2 * vaultnet.MaxInFlight
	maxBundleWithdraws = 64
	maxLinks           = 16
	maxRecords         = 1 << 20  // of a state
	maxPartRecords     = 1 << 16  // of one part of a state
	maxRecordKey       = 8 << 10  // bytes: an entry key and what tells records apart
	maxRecordValue     = 17 << 16 // bytes: content and what surrounds it
)

func bundle(c *coder, b *Bundle) {
	if c.mode == decoding {
		read := new(roomyBundle)
		b.Bundle = &read.bundle
		b.Votes = read.votes[:0]
	} else if b.Bundle == nil {
		c.fail("bundle: missing")
		return
	}
	object(c, &b.Address)
	height(c, &b.Height, "height")
	optional(c, &b.Proposal, proposal, "proposal")
	list(c, &b.Votes, 0, maxBundleVotes, requiredVote, "votes")
	optional(c, &b.Polka, certificate, "polka")
	optional(c, &b.Commit, certificate, "commit")
	optional(c, &b.Decided, decided, "decided")
	optional(c, &b.State, statePart, "state")
	list(c, &b.Requests, 0, maxBundleRequests, request, "requests")
	list(c, &b.Withdraw, 0, maxBundleWithdraws, requiredWithdraw, "withdrawals")
	list(c, &b.Wishes, 0, maxMembers, requiredWish, "wishes")
	list(c, &b.Need, 0, vaultnet.MaxInFlight, ref, "needs")
	optional(c, &b.Want, want, "want")
	height(c, &b.Following, "following")
}

// roomyBundle is a bundle with room for the one vote that most hold.
type roomyBundle struct {
	bundle agreement.Bundle
	votes  [1]*agreement.Vote
}

const bundleFields = 14

func requiredWithdraw(c *coder, w **vaultnet.Withdraw) { required(c, w, withdraw, "withdrawal") }
func requiredWish(c *coder, w **agreement.Wish)        { required(c, w, wish, "wish") }

func decided(c *coder, d *agreement.Decided) {
	c.array(7, "decided block")
	header(c, &d.Header)
	required(c, &d.Certificate, certificate, "certificate")
	optional(c, &d.Proof, setProof, "proof")
	required(c, &d.Set, set, "set")
	required(c, &d.Voters, set, "voters")
	list(c, &d.Bodies, 0, vaultnet.MaxInFlight, request, "bodies")
	list(c, &d.Links, 0, maxLinks, link, "links")
	if c.err != nil || len(d.Bodies) == 0 {
		return
	}
	if len(d.Bodies) != len(d.Header.Mutations) {
		c.fail("decided block: %d bodies of %d mutations", len(d.Bodies), len(d.Header.Mutations))
		return
	}
	for i, r := range d.Bodies {
		if r.Ref != d.Header.Mutations[i] {
			c.fail("decided block: body %d is not what the header names", i)
			return
		}
	}
}

func link(c *coder, l *agreement.Link) {
	c.array(3, "link")
	header(c, &l.Header)
	required(c, &l.Certificate, certificate, "certificate")
	required(c, &l.Set, set, "set")
}

func want(c *coder, w *agreement.Want) {
	c.array(3, "want")
	height(c, &w.Have, "have")
	height(c, &w.At, "at")
	number(c, &w.From, 0, maxRecords, "from")
}

func statePart(c *coder, s *agreement.StatePart) {
	c.array(4, "state part")
	required(c, &s.Decided, decided, "decided block")
	number(c, &s.From, 0, maxRecords, "from")
	number(c, &s.Total, 0, maxRecords, "total")
	list(c, &s.Records, 0, maxPartRecords, record, "records")
	if c.err != nil {
		return
	}
	if len(s.Decided.Bodies) > 0 {
		c.fail("state part: with bodies")
	}
	if uint64(s.From)+uint64(len(s.Records)) > uint64(s.Total) {
		c.fail("state part: records %d to %d of %d", s.From, uint64(s.From)+uint64(len(s.Records)), s.Total)
	}
	size := 0
	for i := range s.Records {
		if size > agreement.PartSize {
			c.fail("state part: %d bytes before its last record, at most %d", size, agreement.PartSize)
			return
		}
		size += len(s.Records[i].Key) + len(s.Records[i].Value)
	}
}

func record(c *coder, r *agreement.Record) {
	c.array(2, "record")
	c.bytes(&r.Key, 0, maxRecordKey, "record key")
	if c.mode == decoding {
		r.Value = []byte{}
	} else if r.Value == nil {
		c.fail("record: nothing, which is not an empty value") // as in a vaultnet.Write
	}
	c.bytes(&r.Value, 0, maxRecordValue, "record value")
}
