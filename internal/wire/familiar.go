package wire

import (
	"sync"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/permit"
)

// Opener opens frames of one network as [Open] does, with the same verdict on each, and remembers the permits that it has
// found good: one that comes with mutation after mutation is hashed each time, but decoded and verified once. It is safe
// for concurrent use.
type Opener struct {
	network vaultnet.NetworkID
	v       vaultnet.Verifier
	known   familiar
}

// NewOpener makes an opener that remembers nothing yet. It will remember at most some 8 MiB.
func NewOpener(network vaultnet.NetworkID, v vaultnet.Verifier) *Opener {
	return &Opener{network: network, v: v}
}

// Open decodes a frame and verifies every signature in it; see [Open].
func (o *Opener) Open(frame []byte) ([]Message, error) {
	return open(frame, o.network, o.v, &o.known)
}

// familiar is the permits that were found good, each with all its signatures, by the digest of the bytes that were attached
// to a request and that hold the permit and nothing else. Equal digests are equal bytes, and a permit is good or not for
// good: nothing in it depends on time, on the request, or on who judges. So what is found here is what decoding those bytes
// would give again, and passes what it passed. Two generations, of which the older is dropped when the younger is full. Nil
// knows nothing and learns nothing.
type familiar struct {
	mu           sync.Mutex
	young, older map[vaultnet.Digest]*permit.Permit
	size         int // of what is in young, about, in bytes
}

// Bounds of a generation: bytes, and what an entry takes beside those that were attached.
const (
	maxFamiliar  = 4 << 20
	familiarBase = 512
)

// permit returns the permit of attached bytes with this digest; nil where none is known.
func (f *familiar) permit(attached vaultnet.Digest) *permit.Permit {
	if f == nil || attached.IsZero() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.young[attached]; p != nil {
		return p
	}
	return f.older[attached]
}

// isGood reports whether p is the very value that was found good before.
func (f *familiar) isGood(r *agreement.Request, p *permit.Permit) bool {
	return f.permit(r.Ref.Attached) == p
}

// add remembers the permit of a request that was opened, where nothing else is attached to it. Its signatures are good.
func (f *familiar) add(r *agreement.Request, p *permit.Permit) {
	if f == nil || r.Proof != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.size >= maxFamiliar {
		f.young, f.older, f.size = nil, f.young, 0
	}
	if f.young == nil {
		f.young = make(map[vaultnet.Digest]*permit.Permit)
	}
	if f.young[r.Ref.Attached] == nil {
		f.size += len(r.Attached) + familiarBase
	}
	f.young[r.Ref.Attached] = p
}
