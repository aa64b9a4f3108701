package sim

import (
	"math/rand/v2"

	"vaultnet/sim/adversary"
	"vaultnet/vault/core"
)

// corrupt wraps a liar's core. What a liar does is drawn once for its identity: a few acts, or twins.
func (w *world) corrupt(v *vault, inner *core.Vault) core.Stepper {
	if w.cabal == nil {
		w.cabal = adversary.NewCabal(w.network, w.params, stream(w.options.Seed, "cabal"))
	}
	r := stream(w.options.Seed, "acts of "+v.name)
	if r.IntN(6) == 0 {
		other, err := core.New(core.Config{Self: v.key, Parameters: w.params, Verifier: w.verifier}, v.scan())
		if err == nil {
			w.trace.line(v.name, "LIES: twins")
			return adversary.NewTwins(w.network, v.signer, inner, other, byte(r.Uint32()))
		}
	}
	acts := drawActs(r)
	w.trace.line(v.name, "LIES: %v", acts)
	return w.cabal.Wrap(v.signer, inner, acts...)
}

// drawActs draws one to four acts.
func drawActs(r *rand.Rand) []adversary.Act {
	all := append([]adversary.Act{}, adversary.Acts...)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+r.IntN(4)]
}
