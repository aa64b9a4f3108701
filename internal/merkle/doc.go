// Package merkle holds the two kinds of tree that the protocol signs and agrees on.
//
// A turn tree ([Tree], [Path], [Attestation]) gathers everything a vault states in one turn of its loop under one root,
// so that one signature covers it all and each statement travels with a short path (Basil, SOSP 2021; design §4.5). A
// permit's list of allowances is the same tree:
//
//	stated := merkle.Attest(network, signer, leaves) // one signature
//	ok := stated[i].Verify(network, leaves[i], verifier)
//
// A [Map] is an immutable ordered map whose every version has a digest: the entries of an object, its usage records, its
// applied mutations. Versions share what they have in common, so changing one of 65,536 entries costs microseconds, old
// versions stay good, and [Diff] of two versions costs as much as what changed.
//
// Hashes of leaves and of inner nodes are separated: neither can pose as the other. All values are immutable once made
// and safe for concurrent use.
package merkle
