package permit

import (
	"encoding/binary"
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// A usage record in a store: key = prefix ‖ expiry (8 bytes, big endian) ‖ body digest; value = flags ‖ used (2 bytes,
// big endian). The prefix is the object's to choose.

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

// Diff lists the storage records, under keys that begin with prefix, that turn old into u, in key order.
func (u Usage) Diff(old Usage, prefix ...byte) []vaultnet.Write {
	var ws []vaultnet.Write
	merkle.Diff(old.records, u.records, func(key string, _, after *record) {
		w := vaultnet.Write{Key: append(prefix[:len(prefix):len(prefix)], key...)}
		if after != nil {
			v := after.value()
			w.Value = v[:]
		}
		ws = append(ws, w)
	})
	return ws
}

// Records lists all storage records, in key order.
func (u Usage) Records(prefix ...byte) []vaultnet.Write { return u.Diff(Usage{}, prefix...) }

// Load rebuilds a usage from its records, which are in strictly ascending key order and all begin with prefix. Anything
// else than what [Usage.Records] gives is an error; whether the content is the agreed one, the digest tells.
func Load(records []vaultnet.Write, prefix ...byte) (Usage, error) {
	var u Usage
	if len(records) > vaultnet.MaxUsage {
		return u, fmt.Errorf("permit: %d usage records, at most %d", len(records), vaultnet.MaxUsage)
	}
	entries := make([]merkle.Entry[record], len(records))
	for i, w := range records {
		r, ok := parseRecord(w.Value)
		if !ok || len(w.Key) != len(prefix)+usageKeySize || string(w.Key[:len(prefix)]) != string(prefix) ||
			w.Key[len(prefix)]&0x80 != 0 {
			return Usage{}, fmt.Errorf("permit: usage record %x is damaged", w.Key)
		}
		if !r.owner {
			u.strangers++
		}
		entries[i] = merkle.Entry[record]{Key: string(w.Key[len(prefix):]), Value: r, Leaf: r.leaf()}
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
