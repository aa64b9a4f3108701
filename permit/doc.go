// Package permit is the short-lived certificate that pays for mutations (semantics §3, design §8). It says: requester K
// may make up to n mutations at each of these addresses on behalf of account A until T, last verified at L.
//
// An account's client managers agree to issue a [Body]; each attests its [Body.Leaf]. The body names its allowances by
// the root of a Merkle tree, so a [Permit] as it travels with one mutation shows one [Allowance] and the path to it.
// Data managers judge it without asking anyone:
//
//	p, err := permit.Decode(attached)                // strict
//	err = p.Check(block.Time, requester, address)    // objective: all replicas judge alike
//	ok := p.Verify(network, verifier)                // objective: signed by the keys it names
//	ok = permit.Managers(p, set) >= vaultnet.Weak(n) // subjective: those keys are the account's managers to me
//	usage, err = usage.Use(p, block.Time, ownerPays) // agreed state: counts
//
// [Usage] is what one object remembers of the permits spent at it, part of its agreed state. After the permit's expiry,
// or after a [Close], the object's members attest a [Statement] of it, on which the account gives back what is unused.
//
// Values are immutable once made and safe for concurrent use. Nothing here knows of clocks: times come from blocks. Who
// an account's managers are, and whether a vault has anything half-open, is the caller's to know.
package permit
