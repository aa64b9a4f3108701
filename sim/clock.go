package sim

import "vaultnet"

// clock is a vault's or user's own: off by a constant and by a drift, both within what the network's parameters allow.
type clock struct {
	offset int64 // µs
	drift  int64 // parts per million
}

// read is what the clock shows at a moment of virtual time.
func (c *clock) read(now int64) vaultnet.Time {
	return epoch + vaultnet.Time((now+c.offset+now*c.drift/1_000_000)/1000)
}

// when is the moment at which the clock shows t, at the earliest now.
func (c *clock) when(t vaultnet.Time, now int64) int64 {
	if t == vaultnet.Never {
		return -1
	}
	if c.read(now) >= t {
		return now
	}
	ms := t - epoch
	if ms > 1<<40 { // 35 years
		return -1
	}
	at := max(now, (int64(ms)*1000-c.offset)*1_000_000/(1_000_000+c.drift))
	for c.read(at) < t {
		at += 100
	}
	return at
}
