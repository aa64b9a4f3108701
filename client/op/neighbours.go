package op

import (
	"vaultnet"
	"vaultnet/xor"
)

// maxVaults is how many vaults a client remembers (design §3).
const maxVaults = 10_000

// neighbours is the vaults that the client has met: those that have spoken to it or that its driver is connected with.
// Close groups are computed from them.
type neighbours struct {
	list    []neighbour
	at      map[vaultnet.PublicKey]int // index in list
	version uint64                     // changes with every change
	oldest  int                        // whose place the next one takes when all are taken
}

type neighbour struct {
	vault    vaultnet.PublicKey
	location vaultnet.Location
	down     bool
}

// meet notes that a vault is there. It reports whether that is news.
func (n *neighbours) meet(vault vaultnet.PublicKey) bool {
	if i, ok := n.at[vault]; ok {
		if !n.list[i].down {
			return false
		}
		n.list[i].down = false
		n.version++
		return true
	}
	if vault.IsNobody() {
		return false
	}
	if n.at == nil {
		n.at = make(map[vaultnet.PublicKey]int)
	}
	v := neighbour{vault: vault, location: vault.Location()}
	n.version++
	if len(n.list) < maxVaults {
		n.at[vault] = len(n.list)
		n.list = append(n.list, v)
		return true
	}
	delete(n.at, n.list[n.oldest].vault)
	n.list[n.oldest] = v
	n.at[vault] = n.oldest
	n.oldest = (n.oldest + 1) % maxVaults
	return true
}

// knows reports whether the vault has been met, up or down.
func (n *neighbours) knows(vault vaultnet.PublicKey) bool {
	_, ok := n.at[vault]
	return ok
}

// unreachable reports whether the vault is known to be down.
func (n *neighbours) unreachable(vault vaultnet.PublicKey) bool {
	i, ok := n.at[vault]
	return ok && n.list[i].down
}

// lose notes that a vault cannot be reached.
func (n *neighbours) lose(vault vaultnet.PublicKey) {
	if i, ok := n.at[vault]; ok && !n.list[i].down {
		n.list[i].down = true
		n.version++
	}
}

// nearest returns the k vaults nearest to a location, nearest first, that are not down.
func (n *neighbours) nearest(to vaultnet.Location, k int) []vaultnet.PublicKey {
	best := make([]*neighbour, 0, k+1)
	for i := range n.list {
		v := &n.list[i]
		if v.down || len(best) == k && xor.Compare(to, v.location, best[k-1].location) > 0 {
			continue
		}
		j := len(best)
		best = append(best, v)
		for ; j > 0 && xor.Compare(to, v.location, best[j-1].location) < 0; j-- {
			best[j] = best[j-1]
		}
		best[j] = v
		best = best[:min(len(best), k)]
	}
	keys := make([]vaultnet.PublicKey, len(best))
	for i, v := range best {
		keys[i] = v.vault
	}
	return keys
}
