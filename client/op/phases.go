package op

import (
	"time"

	"vaultnet"
)

// Phases says where the time of a change went, to the millisecond of the clock that the client is told. Lookup and Permit
// begin together, when the change has its turn; Agreement begins when both are over and what there is to prove was proved.
type Phases struct {
	Turn      time.Duration // until it had its turn: others of this client were under way
	Lookup    time.Duration // until it was known who holds the address
	Permit    time.Duration // until there was a permit; 0: none is needed, or one was at hand
	Agreement time.Duration // from the request that was applied until so many members said so
}

// phases is when the phases of a change ended; 0: not yet.
type phases struct{ launched, began, located, paid, sent vaultnet.Time }

func (p *phases) locate(now vaultnet.Time) {
	if p.located == 0 {
		p.located = now
	}
}

func (p *phases) pay(now vaultnet.Time) {
	if p.paid == 0 {
		p.paid = now
	}
}

// ended is what became of them.
func (p *phases) ended(now vaultnet.Time) Phases {
	since := func(t vaultnet.Time) time.Duration {
		if t == 0 {
			return 0
		}
		return max(t.Sub(p.began), 0)
	}
	return Phases{Turn: max(p.began.Sub(p.launched), 0), Lookup: since(p.located), Permit: since(p.paid), Agreement: max(now.Sub(p.sent), 0)}
}
