// Package signature is the one place where signatures are made and checked. Replicas that judged one signature
// differently would part for ever, so the whole protocol verifies through it, singly or in batches, with equal verdicts:
// cofactored, canonical encodings of keys and signatures only, small-order keys refused (the default options of
// curve25519-voi). The standard library's crypto/ed25519 judges otherwise and must not verify.
//
//	v := signature.NewVerifier(100_000)
//	ok := v.Verify(key, message, sig)
//	k := signature.NewKey(seed)
//	sig := k.Sign(message)
//
// [Registry] is the simulator's stand-in: keyed hashes that count as unforgeable and cost a hundredth.
//
// Nothing here draws random numbers; the same calls give the same results.
package signature

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"vaultnet"
)

// maxKeys bounds the expanded public keys a verifier keeps: 1.5 KiB each, up to 12 MiB in all.
const maxKeys = 8192

// Verifier implements [vaultnet.Verifier] and [vaultnet.Foreseer] with Ed25519. It remembers what it found good, and the keys it met in a form
// that verifies quicker. It is safe for concurrent use.
type Verifier struct {
	mu   sync.Mutex
	good recent[vaultnet.Digest, struct{}]
	keys recent[vaultnet.PublicKey, *ed25519.ExpandedPublicKey]
}

// NewVerifier returns a verifier that remembers at least the last cacheSize/2 and at most cacheSize signatures it found
// good, at some 60 bytes each. 0 remembers none.
func NewVerifier(cacheSize int) *Verifier {
	return &Verifier{
		good: newRecent[vaultnet.Digest, struct{}](cacheSize),
		keys: newRecent[vaultnet.PublicKey, *ed25519.ExpandedPublicKey](maxKeys),
	}
}

// Item is one signature to be checked.
type Item = vaultnet.Signed

// digestOf names all of an item: key and signature have fixed lengths.
func digestOf(i *Item) vaultnet.Digest {
	var small [512]byte
	b := append(small[:0], i.Key[:]...)
	b = append(b, i.Signature[:]...)
	b = append(b, i.Message...)
	return sha256.Sum256(b)
}

// Verify reports whether sig is key's signature of message.
func (v *Verifier) Verify(key vaultnet.PublicKey, message []byte, sig vaultnet.Signature) bool {
	item := Item{Key: key, Message: message, Signature: sig}
	digest := digestOf(&item)
	if v.isGood(digest) {
		return true
	}
	expanded := v.expanded(key)
	if expanded == nil || !ed25519.VerifyExpanded(expanded, message, sig[:]) {
		return false
	}
	v.setGood(digest)
	return true
}

// VerifyBatch checks all items and returns a verdict for each: the verdict that [Verifier.Verify] gives. Many good
// signatures are checked together for about half the price; where one is bad, each is checked singly.
func (v *Verifier) VerifyBatch(items []Item) []bool {
	verdicts := make([]bool, len(items))
	digests := make([]vaultnet.Digest, 0, len(items))
	open := make([]int, 0, len(items)) // indices not yet judged
	batch := ed25519.NewBatchVerifierWithCapacity(len(items))
	for i := range items {
		digest := digestOf(&items[i])
		if v.isGood(digest) {
			verdicts[i] = true
			continue
		}
		expanded := v.expanded(items[i].Key)
		if expanded == nil {
			continue
		}
		batch.AddExpanded(expanded, items[i].Message, items[i].Signature[:])
		open, digests = append(open, i), append(digests, digest)
	}
	switch len(open) {
	case 0:
		return verdicts
	case 1:
		i := open[0]
		verdicts[i] = v.Verify(items[i].Key, items[i].Message, items[i].Signature)
		return verdicts
	}
	_, found := batch.Verify(coefficients(digests))
	for j, i := range open {
		if verdicts[i] = found[j]; found[j] {
			v.setGood(digests[j])
		}
	}
	return verdicts
}

// Of signatures that are checked ahead.
const (
	foreseenLeast = 4  // fewer cost as much together as one by one
	foreseenMost  = 64 // of one batch: more get no cheaper
)

// Foresee implements [vaultnet.Foreseer]: it checks signatures together and remembers the good ones, as far as it has
// memory for them.
func (v *Verifier) Foresee(all []Item) {
	for len(all) >= foreseenLeast {
		n := min(len(all), foreseenMost, v.good.half)
		if n < foreseenLeast {
			return
		}
		v.VerifyBatch(all[:n])
		all = all[n:]
	}
}

// coefficients is the source of a batch's random factors: a hash of all that is in the batch. Whoever wants bad
// signatures to cancel each other out has to choose them before the factors are known, and changing one changes them all
// (Fiat and Shamir), so nothing is lost against true randomness and no source of it is needed.
func coefficients(digests []vaultnet.Digest) *bytes.Reader {
	b := make([]byte, 0, 32*len(digests))
	for i := range digests {
		b = append(b, digests[i][:]...)
	}
	seed := sha256.Sum256(b)
	return bytes.NewReader(seed[:])
}

func (v *Verifier) isGood(digest vaultnet.Digest) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.good.get(digest)
	return ok
}

func (v *Verifier) setGood(digest vaultnet.Digest) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.good.put(digest, struct{}{})
}

// expanded returns nil for a key that is not valid.
func (v *Verifier) expanded(key vaultnet.PublicKey) *ed25519.ExpandedPublicKey {
	v.mu.Lock()
	e, ok := v.keys.get(key)
	v.mu.Unlock()
	if ok {
		return e
	}
	if !validPoint(key) {
		return nil
	}
	e, err := ed25519.NewExpandedPublicKey(key[:])
	if err != nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys.put(key, e)
	return e
}
