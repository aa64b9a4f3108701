package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"vaultnet/sim/adversary"
	"vaultnet/vault/core"
)

// Lies says what liars do: "any", drawn for each; "twins"; or names of acts joined by commas, which all of them do.
type Lies string

// ParseLies reads the text form.
func ParseLies(v string) (Lies, error) {
	if v == "any" || v == "twins" {
		return Lies(v), nil
	}
	for _, a := range Lies(v).acts() {
		if !slices.Contains(adversary.Acts, a) {
			return "", fmt.Errorf("no such act: %q; there are any, twins, %v", a, adversary.Acts)
		}
	}
	return Lies(v), nil
}

func (l Lies) acts() []adversary.Act {
	var acts []adversary.Act
	for _, name := range strings.Split(string(l), ",") {
		acts = append(acts, adversary.Act(name))
	}
	return acts
}

// corrupt wraps a liar's core. What a liar does is drawn once for its identity: a few acts, or twins.
func (w *world) corrupt(v *vault, inner *core.Vault) core.Stepper {
	if w.cabal == nil {
		w.cabal = adversary.NewCabal(w.network, w.params, stream(w.options.Seed, "cabal"))
	}
	r := stream(w.options.Seed, "acts of "+v.name)
	if twins := r.IntN(6) == 0; w.options.Lies == "twins" || w.options.Lies == "any" && twins {
		other, err := core.New(core.Config{Self: v.key, Parameters: w.params, Verifier: w.verifier, Idle: w.options.Idle}, v.scan())
		if err == nil {
			w.trace.line(v.name, "LIES: twins")
			return adversary.NewTwins(w.network, v.signer, inner, other, byte(r.Uint32()))
		}
	}
	acts := drawActs(r)
	if w.options.Lies != "any" {
		acts = w.options.Lies.acts()
	}
	w.trace.line(v.name, "LIES: %v", acts)
	return w.cabal.Wrap(v.signer, inner, acts...)
}

// drawActs draws one to four acts.
func drawActs(r *rand.Rand) []adversary.Act {
	all := append([]adversary.Act{}, adversary.Acts...)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+r.IntN(4)]
}
