package permit

import (
	"encoding/binary"

	"vaultnet"
)

// Statement is how often a permit was used at an address. [vaultnet.Answers] data managers attest it: after a Close
// there, or once each of them is clear of the permit's expiry (design §5). Shown to the account it returns what is
// unused, once.
type Statement struct {
	Address vaultnet.Address
	Permit  vaultnet.Digest // [Body.Digest]
	Expires vaultnet.Time   // the permit's; one who asks with another gets a statement of no use
	Used    uint16          // mutations applied
	Closed  bool            // no further use: it counts before Expires
}

// Leaf is what a data manager attests.
func (s *Statement) Leaf(network vaultnet.NetworkID) vaultnet.Digest {
	var buf [32 + vaultnet.AddressSize + 32 + 8 + 2 + 1]byte
	b := append(buf[:0], network[:]...)
	b = s.Address.Append(b)
	b = append(b, s.Permit[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Expires))
	b = binary.BigEndian.AppendUint16(b, s.Used)
	if s.Closed {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return vaultnet.DomainStatement.Hash(b)
}

// State makes the statement for a permit at address a, whose usage is u after a block of time at (0 for an address that
// holds nothing: nothing was used there). It reports false where nothing can be stated any more, because records of that
// expiry may have been pruned. A statement that is not Closed is to be attested only by a vault that is clear of expires
// and whose own clock is not past expires + [vaultnet.UsageGrace]; the caller knows.
func (u Usage) State(a vaultnet.Address, body vaultnet.Digest, expires, at vaultnet.Time) (Statement, bool) {
	used, closed, _ := u.Used(body, expires)
	s := Statement{Address: a, Permit: body, Expires: expires, Used: used, Closed: closed}
	return s, at <= expires.Add(vaultnet.UsageGrace)
}
