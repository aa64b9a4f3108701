package op

import "vaultnet"

// holders are how vaults keep up with chunks that are stored one after another: of at most maxHolders of them.
type holders map[vaultnet.PublicKey]holder

type holder struct {
	stored vaultnet.Time // when it last said that it stored one
	tardy  vaultnet.Time // until when it is not waited for
}

const maxHolders = 1024

func (c *Client) noteHolder(v vaultnet.PublicKey, h holder) {
	if _, ok := c.holders[v]; !ok && (len(c.holders) >= maxHolders || c.holders == nil) {
		c.holders = make(holders)
	}
	c.holders[v] = h
}

// stored notes that a vault keeps up.
func (c *Client) stored(v vaultnet.PublicKey) {
	h := c.holders[v]
	h.stored = c.now
	c.noteHolder(v, h)
}

// waitFor is until when a vault is waited for that is to store a chunk which enough have stored since then; a time that is
// over: not, and if it was this chunk that it was too slow with, nor with the next for some time. One that stores others
// meanwhile has a longer queue than the rest: it gets more time, for what is sent on behind it is all kept in memory.
func (c *Client) waitFor(v vaultnet.PublicKey, since vaultnet.Time) vaultnet.Time {
	h := c.holders[v]
	if c.now < h.tardy {
		return 0
	}
	until := min(max(since, h.stored).Add(lingerFor), since.Add(lingerMost))
	if c.now >= until {
		h.tardy = c.now.Add(tardyFor)
		c.noteHolder(v, h)
	}
	return until
}
