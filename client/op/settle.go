package op

import "vaultnet"

// settlement is one address of a permit being settled.
type settlement struct{}

// settle forgets the permits that can be settled no more. It returns when to be called again.
func (b *book) settle() vaultnet.Time {
	next := vaultnet.Never
	for i := 0; i < len(b.held); {
		gone := b.held[i].body.Expires.Add(vaultnet.UsageGrace)
		if b.c.now > gone {
			b.forget(b.held[i])
			continue
		}
		next = min(next, gone+1)
		i++
	}
	return next
}
