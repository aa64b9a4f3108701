package account

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/refusal"
)

// A storage record's key is its table, one byte, and the key within the table. Values are of fixed length, but for a
// grant's label at its end; numbers are big endian, durations in milliseconds.
const (
	tableCounters = 1 // key empty
	tableGrants   = 2 // key: the app's public key
	tablePermits  = 3 // key: when it is due (8 bytes) ‖ body digest
	tableEnded    = 4 // key: number of the ending (8 bytes)
)

// Lengths of values, and of records with their keys.
const (
	countersSize = 6 * 8
	grantSize    = 11*8 + 2 + 1 // without the label
	permitSize   = 32 + 8 + 8 + 2 + 8 + 1
	endSize      = 32 + 1

	countersRecord = 1 + countersSize
	grantRecord    = 1 + 32 + grantSize
	permitRecord   = 1 + dueKeySize + permitSize
	endRecord      = 1 + 8 + endSize
)

// leafOf is a record's digest in its table's map, which covers the key.
func leafOf(value []byte) vaultnet.Digest { return vaultnet.DomainAccount.Hash(value) }

func (c *counters) value() (b [countersSize]byte) {
	for i, v := range [...]uint64{uint64(c.done), uint64(c.reserved), uint64(c.available), c.version, uint64(c.verified), c.endings} {
		binary.BigEndian.PutUint64(b[8*i:], v)
	}
	return b
}

func parseCounters(b []byte) (c counters, ok bool) {
	if len(b) != countersSize {
		return c, false
	}
	r := fields{b}
	c = counters{done: int64(r.u64()), reserved: int64(r.u64()), available: int64(r.u64()), version: r.u64(),
		verified: vaultnet.Time(r.u64()), endings: r.u64()}
	return c, c.done >= 0 && c.reserved >= 0 && c.available >= 0 && c.verified >= 0 &&
		c.done <= math.MaxInt64-c.reserved && c.done+c.reserved <= math.MaxInt64-c.available
}

func (g *Grant) value() []byte {
	b := make([]byte, 0, grantSize+len(g.Terms.Label))
	for _, v := range [...]uint64{uint64(g.Created), uint64(g.Since), uint64(g.LastUsed), uint64(g.LastVerified), g.Term,
		g.UsesLeft, uint64(g.Terms.Expires), g.Terms.Uses, uint64(g.Terms.Idle.Milliseconds()),
		uint64(g.Terms.PermitLifetime.Milliseconds()), uint64(g.Terms.Unverified.Milliseconds())} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = binary.BigEndian.AppendUint16(b, g.Out)
	b = append(b, bit(g.Terms.Temporary))
	return append(b, g.Terms.Label...)
}

func parseGrant(key, b []byte) (g Grant, ok bool) {
	if len(key) != 32 || len(b) < grantSize {
		return g, false
	}
	r := fields{b}
	times := func() vaultnet.Time { return vaultnet.Time(r.u64()) }
	g = Grant{Key: vaultnet.PublicKey(key), Created: times(), Since: times(), LastUsed: times(), LastVerified: times(),
		Term: r.u64(), UsesLeft: r.u64()}
	g.Terms.Expires, g.Terms.Uses = times(), r.u64()
	for _, d := range []*time.Duration{&g.Terms.Idle, &g.Terms.PermitLifetime, &g.Terms.Unverified} {
		ms := r.u64()
		if ms > uint64(MaxTerm.Milliseconds()) {
			return g, false
		}
		*d = time.Duration(ms) * time.Millisecond
	}
	g.Out = r.u16()
	temporary := r.u8()
	g.Terms.Temporary = temporary == 1
	g.Terms.Label = string(r.b)
	return g, temporary <= 1 && g.Terms.Validate() == nil && utf8.Valid(r.b) && g.Created >= 0 && g.Since >= 0 &&
		g.LastUsed >= 0 && g.LastVerified >= 0 && !g.Key.IsNobody()
}

func (o *outstanding) value() (b [permitSize]byte) {
	w := append(b[:0], o.requester[:]...)
	w = binary.BigEndian.AppendUint64(w, o.term)
	w = binary.BigEndian.AppendUint64(w, uint64(o.expires))
	w = binary.BigEndian.AppendUint16(w, o.left)
	w = binary.BigEndian.AppendUint64(w, o.settled)
	_ = append(w, bit(o.chunks))
	return b
}

func parseOutstanding(key, b []byte) (o outstanding, ok bool) {
	if len(key) != dueKeySize || len(b) != permitSize {
		return o, false
	}
	r := fields{b[32:]}
	o = outstanding{requester: vaultnet.PublicKey(b[:32]), term: r.u64(), expires: vaultnet.Time(r.u64()), left: r.u16(),
		settled: r.u64()}
	chunks := r.u8()
	o.chunks = chunks == 1
	return o, chunks <= 1 && o.expires >= 0 && keyDue(string(key)) == o.due() && (o.left > 0 || o.chunks) &&
		o.left <= vaultnet.MaxPermitAddresses*vaultnet.MaxPermitCount
}

func (e *end) value() []byte { return append(e.key[:len(e.key):len(e.key)], byte(e.reason)) }

func parseEnd(key, b []byte) (e end, ok bool) {
	if len(key) != 8 || len(b) != endSize {
		return e, false
	}
	e = end{key: vaultnet.PublicKey(b[:32]), reason: refusal.Reason(b[32])}
	return e, refusal.Revoked <= e.reason && e.reason <= refusal.Pruned
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// fields takes numbers from the front of bytes whose length was checked.
type fields struct{ b []byte }

func (f *fields) u64() uint64 { v := binary.BigEndian.Uint64(f.b); f.b = f.b[8:]; return v }
func (f *fields) u16() uint16 { v := binary.BigEndian.Uint16(f.b); f.b = f.b[2:]; return v }
func (f *fields) u8() uint8   { v := f.b[0]; f.b = f.b[1:]; return v }
