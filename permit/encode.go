package permit

import (
	"math"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// MaxSize is the longest encoding of a permit, in bytes: [MaxSigners] signatures with paths of 16 siblings, and some.
const MaxSize = 12 << 10

// Append appends the canonical encoding of b: an array of its fields.
func (b *Body) Append(to []byte) []byte {
	to = canonical.AppendArray(to, bodyFields)
	to = canonical.AppendBytes(to, b.Account[:])
	to = canonical.AppendBytes(to, b.Requester[:])
	to = canonical.AppendBytes(to, b.ID[:])
	to = canonical.AppendInt(to, int64(b.Issued))
	to = canonical.AppendInt(to, int64(b.Expires))
	to = canonical.AppendInt(to, int64(b.Verified))
	to = canonical.AppendBytes(to, b.Root[:])
	to = canonical.AppendUint(to, uint64(b.Width))
	return canonical.AppendUint(to, uint64(b.Total))
}

// Read reads what [Body.Append] gives for a body that is valid; whether it is, [Body.Valid] says. A failure is kept in r.
func (b *Body) Read(r *canonical.Reader) {
	r.Fields(bodyFields)
	r.Fixed(b.Account[:])
	r.Fixed(b.Requester[:])
	r.Fixed(b.ID[:])
	b.Issued = vaultnet.Time(r.Natural())
	b.Expires = vaultnet.Time(r.Natural())
	b.Verified = vaultnet.Time(r.Natural())
	r.Fixed(b.Root[:])
	b.Width = uint32(r.Uint(math.MaxUint32))
	b.Total = uint32(r.Uint(math.MaxUint32))
}

// bodyFields is how many fields a body has.
const bodyFields = 9

// wirePermit is a permit as it is encoded: [body, address (41 bytes), count, path, signatures].
type wirePermit struct {
	_          struct{} `cbor:",toarray"`
	Body       Body
	Address    [vaultnet.AddressSize]byte
	Count      uint16
	Path       merkle.Path
	Signatures []merkle.Attestation
}

func (p *Permit) wire() *wirePermit {
	w := &wirePermit{Body: p.Body, Count: p.Allowance.Count, Path: p.Path, Signatures: p.Signatures}
	p.Allowance.Address.Append(w.Address[:0])
	return w
}

func (w *wirePermit) permit() (*Permit, bool) {
	a, ok := vaultnet.ParseAddress(w.Address[:])
	p := &Permit{Body: w.Body, Allowance: Allowance{Address: a, Count: w.Count}, Path: w.Path, Signatures: w.Signatures}
	return p, ok && p.wellFormed()
}

// Encode gives the canonical encoding, at most [MaxSize] bytes for a permit that is well formed.
func (p *Permit) Encode() []byte { return canonical.Marshal(p.wire()) }

// Decode reads what [Permit.Encode] gives for a well-formed permit, and refuses everything else: PermitInvalid{missing}
// for no bytes, else PermitInvalid{malformed} with the cause. It keeps no reference to b. Signatures are not verified.
func Decode(b []byte) (*Permit, error) {
	if len(b) == 0 {
		return nil, refusal.Permit(refusal.Missing)
	}
	var w wirePermit
	if err := canonical.Unmarshal(b, &w, MaxSize); err != nil {
		e := refusal.Permit(refusal.Malformed)
		e.Cause = err
		return nil, e
	}
	p, ok := w.permit()
	if !ok {
		return nil, refusal.Permit(refusal.Malformed)
	}
	return p, nil
}

// Full is the digest of all bytes, signatures included: what names the permit in a header and in a cache of verified
// things. It is [Full] of the encoding.
func (p *Permit) Full() vaultnet.Digest { return Full(p.Encode()) }

// Full is the full digest of a permit whose encoding is at hand; [Decode] takes only one encoding of each permit.
func Full(encoded []byte) vaultnet.Digest { return vaultnet.DomainBody.Hash(encoded) }
