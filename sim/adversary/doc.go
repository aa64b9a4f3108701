// Package adversary is vaults that lie. A liar wraps the same core that honest vaults run ([core.Stepper]) and spoils
// what goes in and what comes out; it owns its key, so what it signs is really signed. Liars of one network conspire in
// a [Cabal]: they share what they hear and sign for each other's plots. The same liars run in the simulator and in a
// network of real nodes.
//
//	cabal := adversary.NewCabal(network, parameters, rng)
//	stepper = cabal.Wrap(signer, stepper, adversary.Equivocate, adversary.HideLock)
//
// Nothing here is safe for concurrent use: in a network of real nodes each liar needs a cabal of its own.
//
// Every act is one of the attacks that the protocol must survive; [Acts] lists them with what they do. [Twins] is two
// honest copies under one key (Bano et al., arXiv 2004.10617).
package adversary
