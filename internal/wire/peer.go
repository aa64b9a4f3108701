package wire

import (
	"math"
	"time"
)

// Bounds of what vaults tell each other about their neighbourhood.
const (
	maxPointers   = 1024
	maxChunkNames = 4096
	maxParameter  = 1 << 42 // milliseconds: as much as a time.Duration holds
	maxNetName    = 64      // bytes
)

func hello(c *coder, m *Hello) {
	p := &m.Parameters
	c.key(&p.Name, maxNetName, "network name")
	signed(c, &p.GroupSize, 0, math.MaxInt32, "group size")
	signed(c, &p.AccountOperations, 0, math.MaxInt64, "account operations")
	milliseconds(c, &p.Skew, "skew")
	milliseconds(c, &p.PermitLifetime, "permit lifetime")
	milliseconds(c, &p.UnverifiedGrant, "unverified grant")
	milliseconds(c, &p.LeaveAfter, "leave after")
	milliseconds(c, &p.JoinAfter, "join after")
	c.bool(&p.Local, "local")
}

func milliseconds(c *coder, d *time.Duration, what string) {
	ms := d.Milliseconds()
	signed(c, &ms, 0, maxParameter, what)
	if c.mode == decoding {
		*d = time.Duration(ms) * time.Millisecond
	}
}

func goodbye(c *coder, m *Goodbye) { required(c, &m.Err, refused, "reason") }

func pointers(c *coder, m *Pointers) {
	list(c, &m.List, 0, maxPointers, pointer, "pointers")
	c.bool(&m.Done, "done")
	c.bool(&m.Ask, "ask")
}

func pointer(c *coder, p *Pointer) {
	c.array(2, "pointer")
	object(c, &p.Address)
	required(c, &p.Set, set, "set")
}

func invite(c *coder, m *Invite) {
	object(c, &m.Address)
	required(c, &m.Set, set, "set")
}

func leaving(c *coder, m *Leaving) {
	timestamp(c, &m.Time, "time")
	c.bool(&m.Going, "going")
	signedBy(c, &m.By)
}

func chunks(c *coder, m *Chunks) {
	list(c, &m.Names, 0, maxChunkNames, name, "chunk names")
	c.bool(&m.Held, "held")
}
