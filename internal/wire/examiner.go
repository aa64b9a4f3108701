package wire

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
)

// Examiner verifies messages that come as values, as [Verify] does, and knows again what it has found good: a vote that
// comes in a second bundle, the same value, is not verified a second time. What it has seen must therefore not change
// any more. It keeps at most 12,288 values, and is not safe for concurrent use.
type Examiner struct {
	network vaultnet.NetworkID
	v       vaultnet.Verifier
	good    acquainted
}

// NewExaminer makes an examiner for the messages of one network.
func NewExaminer(network vaultnet.NetworkID, v vaultnet.Verifier) *Examiner {
	e := &Examiner{network, v, acquainted{values: map[any]vaultnet.Address{}, sets: map[vaultnet.Address]*agreement.Set{},
		attestations: map[*merkle.Attestation]vaultnet.Digest{}}}
	e.good.stated.Begin(network, v)
	return e
}

// Verify judges a message: nil, or a *refusal.Error.
func (e *Examiner) Verify(m Message) error {
	if err := verify(m, e.network, e.v, &e.good); err != nil {
		return err
	}
	return nil
}

// acquainted is what was found good, by identity: values with the object that they were found good for, and
// attestations with what they attest. Nil knows nothing and learns nothing.
type acquainted struct {
	values       map[any]vaultnet.Address
	attestations map[*merkle.Attestation]vaultnet.Digest
	sets         map[vaultnet.Address]*agreement.Set // found good last
	coder        coder                               // room for one
	stated       merkle.Reviewer                     // of what comes one after the other
}

const maxAcquainted = 1 << 12 // what is said again is said soon

// has reports whether a value was found good for an object.
func (k *acquainted) has(value any, a vaultnet.Address) bool {
	if k == nil {
		return false
	}
	if s, ok := value.(*agreement.Set); ok && k.ordered(s, a) {
		return true
	}
	b, ok := k.values[value]
	return ok && a == b
}

func (k *acquainted) add(value any, a vaultnet.Address) {
	if k == nil {
		return
	}
	if s, ok := value.(*agreement.Set); ok {
		if len(k.sets) >= maxAcquainted {
			clear(k.sets)
		}
		k.sets[a] = s
	}
	if len(k.values) >= maxAcquainted {
		clear(k.values)
	}
	k.values[value] = a
}

// ordered reports whether the members of a set are those of one that was found good for an object: vaults that tell who
// holds it make a set each.
func (k *acquainted) ordered(s *agreement.Set, a vaultnet.Address) bool {
	x := k.sets[a]
	return x != nil && (x == s || s.Number > 0 && slices.Equal(x.Members, s.Members))
}

// signed reports whether an attestation was found good for a leaf.
func (k *acquainted) signed(by *merkle.Attestation, leaf vaultnet.Digest) bool {
	if k == nil {
		return false
	}
	of, ok := k.attestations[by]
	return ok && of == leaf
}

func (k *acquainted) sign(by *merkle.Attestation, leaf vaultnet.Digest) {
	if k == nil {
		return
	}
	if len(k.attestations) >= maxAcquainted {
		clear(k.attestations)
	}
	k.attestations[by] = leaf
}
