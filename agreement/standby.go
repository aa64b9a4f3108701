package agreement

import (
	"math/bits"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Standing by. A quorum decides; where nobody fails, the votes of the other n − q members change nothing. So in round 0 of a
// height those who come last, counted by XOR rank from the proposer, wait with their votes, and the others tell their
// prevotes one another only: of 8 members two wait, and 72 votes are sent instead of 112. Precommits go to all, so whoever
// stands by decides with the rest. One who has waited for longer than heights take votes, and is sent the prevotes that it
// lacks; where that comes to pass, it votes at once for a while. A vote may always come late, so no rule of safety depends
// on any of this, nor on whether members agree who stands by.

// StandbyLeast and StandbyMost are the shortest and the longest time for which a member stands by; between them it is three
// times what heights usually take. That is longer where members that are to vote are silent, and may not lead to its own growth.
const (
	StandbyLeast = RoundTimeout / 5
	StandbyMost  = 2 * RoundTimeout
)

const (
	zealLeast = time.Second // for which a member that stood by in vain votes at once; doubles where it soon did so again
	zealMost  = 5 * time.Minute
	zealKept  = 10 * time.Minute // for which it remembers that it did
)

// zeal is for how long a vault votes at once, in all its objects, because it stood by in vain.
type zeal struct {
	until vaultnet.Time
	last  time.Duration
}

// vain notes that it stood by in vain. Where that comes to pass again soon after, somebody fails for good.
func (z *zeal) vain(now vaultnet.Time) {
	switch {
	case now < z.until:
		return // of several objects that stood by when the first did so in vain
	case z.last > 0 && now < z.until.Add(zealKept):
		z.last = min(2*z.last, zealMost)
	default:
		z.last = zealLeast
	}
	z.until = now.Add(z.last)
}

// standbys are the members, by rank, that stand by in round 0 of the height being decided, as far as this one can tell:
// none where so many are suspected that there is nobody to spare.
func (t *turn) standbys() uint16 {
	a := t.attempt
	if a.standbysKnown {
		return a.standbys
	}
	a.standbysKnown = true
	if !t.cfg.Standby || t.height == 0 || t.now < t.cfg.zeal.until {
		return 0
	}
	n := len(t.set.Members)
	proposer := int((uint64(t.height) + 1) % uint64(n))
	for k := range n {
		i := (proposer + k) % n
		switch {
		case bits.OnesCount16(a.voters) == t.set.Quorum():
			a.standbys |= 1 << i
		case i == t.me || !t.host.Suspects(t.set.Members[i]):
			a.voters |= 1 << i
		}
	}
	return a.standbys
}

// standing reports whether the member stands by. A prevote for nothing ends that.
func (a *attempt) standing(now vaultnet.Time) bool {
	return a.standbyAt != vaultnet.Never && now < a.standbyAt && a.tally(0).count(Prevote, vaultnet.Digest{}) == 0
}

// standBy begins to stand by, once in a height, before the member votes for a block; it reports false where the member is
// to vote now.
func (t *turn) standBy(h *held) bool {
	a := t.attempt
	if a.standbyAt <= t.now {
		a.late = true
	}
	if a.stoodBy || a.round > 0 || h.header.SetBlock() || t.standbys()>>t.me&1 == 0 {
		return false
	}
	a.stoodBy = true
	a.standbyAt = t.now.Add(min(max(StandbyLeast, 3*t.cfg.usual), StandbyMost))
	a.proposeAt = max(a.proposeAt, a.standbyAt)
	return a.standing(t.now)
}

// relieved reports whether a certificate took the vote of one who stood by: how long that took says how long it waited.
func (t *turn) relieved(c *Certificate) bool {
	a := t.attempt
	return a.late || a.standbys != 0 && slices.ContainsFunc(c.By, func(by *merkle.Attestation) bool {
		i := t.set.Index(by.Signer)
		return i >= 0 && a.standbys>>i&1 == 1
	})
}

// missed judges, when a height is decided for which it voted late, whether one that was to vote did not. If all did, they
// were slow.
func (t *turn) missed() {
	a := t.attempt
	if a == nil || !a.late || a.round > 0 {
		return
	}
	y := a.tally(0)
	for i := range len(t.set.Members) {
		if a.voters>>i&1 == 1 && i != t.me && y.votes[Precommit-1][i] == nil {
			t.cfg.zeal.vain(t.now)
		}
	}
}

// spare says who need not get a bundle: those who stand by, where it tells of nothing but prevotes for a block. They are
// noted.
func (t *turn) spare(b *Bundle) uint16 {
	a := t.attempt
	if a == nil || t.me < 0 || a.round > 0 || t.standbys()>>t.me&1 == 1 || b.Proposal != nil || b.Polka != nil || b.Commit != nil ||
		len(b.Requests)+len(b.Withdraw)+len(b.Wishes)+len(b.Need) > 0 {
		return 0
	}
	for _, v := range b.Votes {
		if v.Ballot.Type != Prevote || v.Ballot.Block.IsZero() || v != a.prevote {
			return 0
		}
	}
	for i, y := 0, a.tally(0); i < len(t.set.Members); i++ {
		if t.standbys()>>i&1 == 1 && y.votes[Prevote-1][i] == nil {
			a.spared |= 1 << i
		}
	}
	return a.spared
}

// recall sends the member's votes to member i, which votes though it was thought to stand by.
func (t *turn) recall(i int) {
	a := t.attempt
	if a.spared>>i&1 == 0 || a.round > 0 || a.prevote == nil {
		return
	}
	a.spared &^= 1 << i
	t.send(t.set.Members[i], &Bundle{Votes: []*Vote{a.prevote}})
}
