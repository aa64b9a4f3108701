package permit

import (
	"encoding/binary"

	"vaultnet"
)

// Body is what client managers sign. It is the result of an agreed operation on the account, so all of them sign the
// same one.
type Body struct {
	_         struct{}           `cbor:",toarray"`
	Account   vaultnet.PublicKey // owner of the account that pays
	Requester vaultnet.PublicKey // who may use it
	ID        vaultnet.Digest    // identity of the request that issued it: no two bodies are alike
	Issued    vaultnet.Time      // time of the account's block that issued it
	Expires   vaultnet.Time      // last moment at which a block may use it; at most [vaultnet.MaxPermitLifetime] later
	Verified  vaultnet.Time      // when the requester's grant was last verified; not after Issued
	Root      vaultnet.Digest    // of the tree over the allowances, see [Tree]
	Width     uint32             // number of allowances, 1…[vaultnet.MaxPermitAddresses]
	Total     uint32             // sum of their counts: what was reserved or charged
}

// bodySize is the length of a body's fixed encoding, which its digests cover.
const bodySize = 4*32 + 3*8 + 2*4

func (b *Body) bytes() (buf [bodySize]byte) {
	w := append(buf[:0], b.Account[:]...)
	w = append(w, b.Requester[:]...)
	w = append(w, b.ID[:]...)
	w = binary.BigEndian.AppendUint64(w, uint64(b.Issued))
	w = binary.BigEndian.AppendUint64(w, uint64(b.Expires))
	w = binary.BigEndian.AppendUint64(w, uint64(b.Verified))
	w = append(w, b.Root[:]...)
	w = binary.BigEndian.AppendUint32(w, b.Width)
	binary.BigEndian.AppendUint32(w, b.Total)
	return buf
}

// Leaf is what a client manager attests: that its network's account of b.Account issued b.
func (b *Body) Leaf(network vaultnet.NetworkID) vaultnet.Digest {
	buf := b.bytes()
	return vaultnet.DomainPermit.Hash(network[:], buf[:])
}

// Digest is the body's identity: by it usage is counted, statements name the permit and the account keeps it.
// Signatures are not in it, so a permit with other signatures is the same permit.
func (b *Body) Digest() vaultnet.Digest {
	buf := b.bytes()
	return vaultnet.DomainPermit.Hash(buf[:])
}

// Valid reports whether every field is within its bounds.
func (b *Body) Valid() bool {
	return !b.Account.IsNobody() && !b.Requester.IsNobody() &&
		0 <= b.Verified && b.Verified <= b.Issued && b.Issued <= b.Expires &&
		int64(b.Expires-b.Issued) <= vaultnet.MaxPermitLifetime.Milliseconds() &&
		1 <= b.Width && b.Width <= vaultnet.MaxPermitAddresses &&
		b.Width <= b.Total && b.Total <= b.Width*vaultnet.MaxPermitCount
}

// over reports whether a permit pays for nothing any more in a block of time at.
func (b *Body) over(at vaultnet.Time) bool { return at > b.Expires }
