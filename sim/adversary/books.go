package adversary

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
	"vaultnet/vault/core"
)

// falsify spoils what the liar serves: states to joiners, answers to clients.
func (l *Liar) falsify(s *core.Sealed) {
	rng := l.cabal.rng
	each(s, func(to vaultnet.PublicKey, m wire.Message) wire.Message {
		if rng.IntN(3) == 0 {
			return m // now and then the truth
		}
		switch m := m.(type) {
		case *wire.Bundle:
			if m.State == nil || len(m.State.Records) < 2 {
				return m
			}
			part := *m.State
			part.Records = slices.Clone(part.Records)
			i := rng.IntN(len(part.Records))
			if rng.IntN(2) == 0 { // an applied request, or usage, is missing
				part.Records = slices.Delete(part.Records, i, i+1)
				part.Total--
			} else {
				v := slices.Clone(part.Records[i].Value)
				if len(v) > 0 {
					v[rng.IntN(len(v))] ^= 1
				}
				part.Records[i].Value = v
			}
			b := *m.Bundle
			b.State = &part
			l.did(FalseBooks)
			return &wire.Bundle{Bundle: &b}
		case *wire.ReadAnswer:
			a := *m
			switch rng.IntN(4) {
			case 0: // a great height without proof
				a.Height += vaultnet.Height(1 + rng.IntN(1000))
			case 1: // another value
				a.Digest[0] ^= 1
				if len(a.Value) > 0 {
					a.Value = slices.Clone(a.Value)
					a.Value[rng.IntN(len(a.Value))] ^= 1
				}
			case 2: // "there is no such thing"
				a.Err, a.Value = refusal.New(refusal.NoSuchEntry), nil
				a.Digest = vaultnet.DomainAnswer.Hash([]byte("lie"))
			case 3: // an older height
				a.Height -= min(a.Height, 1)
			}
			l.did(FalseBooks)
			return &a
		case *wire.Reply:
			a := *m
			switch {
			case a.Outcome == agreement.Applied:
				a.Height += vaultnet.Height(rng.IntN(3))
				a.Result = slices.Clone(a.Result)
				if len(a.Result) > 0 {
					a.Result[rng.IntN(len(a.Result))] ^= 1
				}
				a.Permit = nil
			case a.Outcome == agreement.Refused:
				a.Outcome, a.Err = agreement.Withdrawn, nil
			}
			l.did(FalseBooks)
			return &a
		case *wire.OutcomeAnswer:
			a := *m
			a.Clear, a.Final = !a.Clear, !a.Final
			if a.Outcome == agreement.Applied {
				a.Outcome, a.Result = agreement.Refused, nil
			}
			l.did(FalseBooks)
			return &a
		case *wire.StatementAnswer:
			a := *m
			a.Statement.Used /= 2
			a.By = l.attest(a.Statement.Leaf(l.cabal.network))
			l.did(FalseBooks)
			return &a
		case *wire.SetAnswer:
			a := *m
			puppets := make([]vaultnet.PublicKey, 0, len(l.cabal.liars))
			for _, k := range l.cabal.liars {
				puppets = append(puppets, k.self())
			}
			a.Set = agreement.NewSet(1+uint64(rng.IntN(5)), a.Address, puppets)
			l.did(FalseBooks)
			return &a
		case *wire.ChunkAnswer:
			if len(m.Content) == 0 {
				return m
			}
			a := *m
			a.Content = slices.Clone(a.Content)
			a.Content[rng.IntN(len(a.Content))] ^= 1
			l.did(FalseBooks)
			return &a
		}
		return m
	})
}
