package account

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/writes"
)

// Diff lists the storage records that turn old into a, in key order; either may be nil.
func (a *Account) Diff(old *Account) []vaultnet.Write {
	var list writes.List
	a.PutDiff(old, &list)
	return list.Writes
}

// PutDiff puts what [Account.Diff] lists.
func (a *Account) PutDiff(old *Account, to *writes.List) {
	var before, after Account
	if old != nil {
		before = *old
	}
	if a != nil {
		after = *a
	}
	switch {
	case a == nil && old != nil:
		to.Put(tableCounters, nil, nil)
	case a != nil && (old == nil || old.counters != a.counters):
		v := a.counters.value()
		to.Put(tableCounters, nil, v[:])
	}
	merkle.Diff(before.grants, after.grants, func(key string, _, g *Grant) {
		if g == nil {
			to.Put(tableGrants, []byte(key), nil)
			return
		}
		to.Put(tableGrants, []byte(key), g.value())
	})
	merkle.Diff(before.permits, after.permits, func(key string, _, o *outstanding) {
		if o == nil {
			to.Put(tablePermits, []byte(key), nil)
			return
		}
		v := o.value()
		to.Put(tablePermits, []byte(key), v[:])
	})
	merkle.Diff(before.ended, after.ended, func(key string, _, e *end) {
		if e == nil {
			to.Put(tableEnded, []byte(key), nil)
			return
		}
		to.Put(tableEnded, []byte(key), e.value())
	})
}

// Records lists all storage records, in key order; none for no account.
func (a *Account) Records() []vaultnet.Write { return a.Diff(nil) }

// Load rebuilds an account from its records, which are in strictly ascending key order; no records give no account.
// What [Account.Records] cannot have given is an error; whether the content is the agreed one, the digest tells.
func Load(records []vaultnet.Write) (*Account, error) {
	if len(records) == 0 {
		return nil, nil
	}
	if len(records) > 1+2*vaultnet.MaxGrants+vaultnet.MaxPermits {
		return nil, fmt.Errorf("account: %d records", len(records))
	}
	var a Account
	var ok bool
	if first := records[0]; len(first.Key) != 1 || first.Key[0] != tableCounters {
		return nil, fmt.Errorf("account: no counters")
	}
	if a.counters, ok = parseCounters(records[0].Value); !ok {
		return nil, fmt.Errorf("account: counters are damaged")
	}
	var (
		grants  []merkle.Entry[Grant]
		permits []merkle.Entry[outstanding]
		ended   []merkle.Entry[end]
		table   byte
		held    int64
	)
	for _, w := range records[1:] {
		if len(w.Key) == 0 || w.Key[0] < table {
			return nil, fmt.Errorf("account: records are not in order")
		}
		table = w.Key[0]
		key, leaf := w.Key[1:], leafOf(w.Value)
		switch table {
		case tableGrants:
			var g Grant
			g, ok = parseGrant(key, w.Value)
			grants = append(grants, merkle.Entry[Grant]{Key: string(key), Value: g, Leaf: leaf})
			a.labels += len(g.Terms.Label)
			ok = ok && g.Term <= a.version
		case tablePermits:
			var o outstanding
			o, ok = parseOutstanding(key, w.Value)
			permits = append(permits, merkle.Entry[outstanding]{Key: string(key), Value: o, Leaf: leaf})
			held += int64(o.left)
		case tableEnded:
			var e end
			e, ok = parseEnd(key, w.Value)
			ended = append(ended, merkle.Entry[end]{Key: string(key), Value: e, Leaf: leaf})
			ok = ok && string(key) < endKey(a.endings)
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("account: record %x is damaged", w.Key)
		}
	}
	if a.grants, ok = merkle.Build(grants); !ok {
		return nil, fmt.Errorf("account: grants are not in order")
	}
	if a.permits, ok = merkle.Build(permits); !ok {
		return nil, fmt.Errorf("account: permits are not in order")
	}
	if a.ended, ok = merkle.Build(ended); !ok {
		return nil, fmt.Errorf("account: ended grants are not in order")
	}
	if len(grants) > vaultnet.MaxGrants || len(permits) > vaultnet.MaxPermits || len(ended) > vaultnet.MaxGrants {
		return nil, fmt.Errorf("account: %d grants, %d permits, %d ended grants", len(grants), len(permits), len(ended))
	}
	if held != a.reserved {
		return nil, fmt.Errorf("account: permits hold %d, %d are reserved", held, a.reserved)
	}
	return &a, nil // lapse is 0: the first Advance looks at all grants
}
