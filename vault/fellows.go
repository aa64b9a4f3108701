package vault

import (
	"bytes"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/vault/core"
)

// fellows is the vaults that hold something together with this one: their connections are protected. The loop's alone.
type fellows struct {
	self    vaultnet.PublicKey
	count   map[vaultnet.PublicKey]int // objects of whose set it and this vault are members
	changed bool                       // somebody came or went since the network was told
}

func (f *fellows) init(self vaultnet.PublicKey) {
	f.self = self
	f.count = make(map[vaultnet.PublicKey]int)
}

// meet counts what the vault holds when it starts.
func (f *fellows) meet(v *core.Vault) {
	for h := range v.Holdings() {
		f.add(h.Set, 1)
	}
}

// changes counts an object whose set changed.
func (f *fellows) changes(before, after *agreement.Set) {
	f.add(before, -1)
	f.add(after, 1)
}

func (f *fellows) add(s *agreement.Set, n int) {
	if s == nil || s.Index(f.self) < 0 {
		return
	}
	for _, k := range s.Members {
		if k == f.self {
			continue
		}
		was := f.count[k]
		f.count[k] = was + n
		if was+n <= 0 {
			delete(f.count, k)
		}
		if (was > 0) != (was+n > 0) {
			f.changed = true
		}
	}
}

// protect tells the network, where anything changed.
func (f *fellows) protect(v *Vault) {
	if !f.changed {
		return
	}
	f.changed = false
	members := make([]vaultnet.PublicKey, 0, len(f.count))
	for k := range f.count { // in any order, sorted below
		members = append(members, k)
	}
	slices.SortFunc(members, func(a, b vaultnet.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	v.net.Protect(members)
	if tell := v.cfg.Observer.Members; tell != nil {
		tell(members)
	}
}
