package permit

import (
	"encoding/binary"
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/writes"
)

// A usage record in a store: key = section ‖ expiry (8 bytes, big endian) ‖ body digest; value = flags ‖ used (2 bytes,
// big endian). The section, a byte, is the object's to choose.

const recordSize = 3

const (
	flagClosed = 1 << iota
	flagOwner
)

func (r record) value() (b [recordSize]byte) {
	if r.closed {
		b[0] |= flagClosed
	}
	if r.owner {
		b[0] |= flagOwner
	}
	binary.BigEndian.PutUint16(b[1:], r.used)
	return b
}

func parseRecord(b []byte) (record, bool) {
	if len(b) != recordSize || b[0] > flagClosed|flagOwner {
		return record{}, false
	}
	r := record{used: binary.BigEndian.Uint16(b[1:]), closed: b[0]&flagClosed != 0, owner: b[0]&flagOwner != 0}
	return r, r.used <= vaultnet.MaxPermitCount && (r.used > 0 || r.closed)
}

// Diff lists the storage records, under keys that begin with section, that turn old into u, in key order.
func (u Usage) Diff(old Usage, section byte) []vaultnet.Write {
	var list writes.List
	u.PutDiff(old, section, &list)
	return list.Writes
}

// PutDiff puts what [Usage.Diff] lists.
func (u Usage) PutDiff(old Usage, section byte, to *writes.List) {
	merkle.Diff(old.records, u.records, func(key string, _, after *record) {
		if after == nil {
			to.Put(section, []byte(key), nil)
			return
		}
		v := after.value()
		to.Put(section, []byte(key), v[:])
	})
}

// Records lists all storage records, in key order.
func (u Usage) Records(section byte) []vaultnet.Write { return u.Diff(Usage{}, section) }

// Load rebuilds a usage from its records, which are in strictly ascending key order and all begin with section. Anything
// else than what [Usage.Records] gives is an error; whether the content is the agreed one, the digest tells.
func Load(records []vaultnet.Write, section byte) (Usage, error) {
	var u Usage
	if len(records) > vaultnet.MaxUsage {
		return u, fmt.Errorf("permit: %d usage records, at most %d", len(records), vaultnet.MaxUsage)
	}
	entries := make([]merkle.Entry[record], len(records))
	for i, w := range records {
		r, ok := parseRecord(w.Value)
		if !ok || len(w.Key) != 1+usageKeySize || w.Key[0] != section || w.Key[1]&0x80 != 0 {
			return Usage{}, fmt.Errorf("permit: usage record %x is damaged", w.Key)
		}
		if !r.owner {
			u.strangers++
		}
		entries[i] = merkle.Entry[record]{Key: string(w.Key[1:]), Value: r, Leaf: r.leaf()}
	}
	var ok bool
	if u.records, ok = merkle.Build(entries); !ok {
		return Usage{}, fmt.Errorf("permit: usage records are not in order")
	}
	if u.strangers > vaultnet.MaxUsage-vaultnet.OwnerReserve {
		return Usage{}, fmt.Errorf("permit: %d usage records of strangers, at most %d", u.strangers,
			vaultnet.MaxUsage-vaultnet.OwnerReserve)
	}
	return u, nil
}
