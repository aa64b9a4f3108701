package localnet

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"vaultnet"
	"vaultnet/sim/adversary"
	"vaultnet/vault/core"
)

// liar is a vault's core that lies. Each has a cabal of its own and a lock around it: cabals are for one goroutine.
type liar struct {
	mu    sync.Mutex
	cabal *adversary.Cabal
	core  core.Stepper
}

func newLiar(p vaultnet.Parameters, seed [32]byte, signer vaultnet.Signer, inner core.Stepper, acts []adversary.Act) *liar {
	random := rand.New(rand.NewPCG(binary.BigEndian.Uint64(seed[:]), binary.BigEndian.Uint64(seed[8:])))
	l := &liar{cabal: adversary.NewCabal(p.ID(), p, random)}
	l.core = l.cabal.Wrap(signer, inner, acts...)
	return l
}

func (l *liar) Step(now vaultnet.Time, in []core.Input) core.Output {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.Step(now, in)
}

func (l *liar) Seal(s vaultnet.Signature) core.Sealed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.core.Seal(s)
}

// lies is how often it spoiled something.
func (l *liar) lies() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range adversary.Acts {
		n += l.cabal.Count(a)
	}
	return n
}
