package wire

import (
	"encoding/binary"

	"vaultnet"
)

// message is what the asker signs: nothing of it can be replayed to another network, address or query.
func (a *Ask) message(network vaultnet.NetworkID, at vaultnet.Address, query []byte) []byte {
	var buf [32 + vaultnet.AddressSize + 32 + 8 + 16]byte
	b := append(buf[:0], network[:]...)
	b = at.Append(b)
	b = append(b, a.Asker[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(a.Deadline))
	b = append(b, a.Nonce[:]...)
	d := vaultnet.DomainAsk.Hash(b, query)
	return d[:]
}

// Sign fills in the asker and the signature. Deadline and nonce are set before.
func (a *Ask) Sign(network vaultnet.NetworkID, at vaultnet.Address, query []byte, s vaultnet.Signer) {
	a.Asker = s.Public()
	a.Signature = s.Sign(a.message(network, at, query))
}

// Verify reports whether the signature is the asker's, for this query of this address. Whether the deadline is over is
// for whoever has a clock.
func (a *Ask) Verify(network vaultnet.NetworkID, at vaultnet.Address, query []byte, v vaultnet.Verifier) bool {
	return v.Verify(a.Asker, a.message(network, at, query), a.Signature)
}
