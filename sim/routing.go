package sim

import (
	"slices"
	"time"

	"vaultnet"
	"vaultnet/vault/core"
	"vaultnet/xor"
)

// Up to nearAll vaults a vault or user knows all others; beyond, whom a Kademlia table holds: the nearest, and some of
// each of the ever larger and ever farther parts of the network (Maymounkov and Mazières, 2002, §2.4).
const (
	nearAll  = 64
	nearSome = 40
	farSome  = 16 // of each part
)

// routes is whom a node has been told that it can reach.
type routes struct {
	list []standing // by node
}

// standing is what a vault has been told of another.
type standing uint8

const (
	unheard standing = iota
	away
	reachable
)

// of is what was told of a node.
func (r *routes) of(i int32) standing {
	if int(i) >= len(r.list) {
		return unheard
	}
	return r.list[i]
}

func (r *routes) set(i int32, s standing) {
	for int(i) >= len(r.list) {
		r.list = append(r.list, unheard)
	}
	r.list[i] = s
}

// heard: whoever sends something is connected.
func (r *routes) heard(v *vault, from int32) {
	if r.of(from) != reachable {
		if _, isVault := v.w.nodes[from].(*vault); isVault {
			r.set(from, reachable)
			v.tell(core.PeerUp(v.w.nodes[from].identity()))
		}
	}
}

// neighbours lists the vaults that a vault keeps connections to: in small networks all that are up.
func (w *world) neighbours(v *vault) []*vault {
	var all []*vault
	for _, x := range w.vaults {
		if x != v && x.running {
			all = append(all, x)
		}
	}
	if len(all) <= nearAll {
		return all
	}
	slices.SortFunc(all, func(a, b *vault) int { return xor.Compare(v.location, a.location, b.location) })
	list, far := all[:nearSome:nearSome], all[nearSome:]
	for len(far) > 0 {
		n := 1 // that share as many bits with the vault's location
		for n < len(far) && xor.Shared(&v.location, &far[n].location) == xor.Shared(&v.location, &far[0].location) {
			n++
		}
		for i := range min(n, farSome) {
			list = append(list, far[i*n/min(n, farSome)])
		}
		far = far[n:]
	}
	return list
}

// connect tells a vault that starts whom it can reach, and them that it is there.
func (w *world) connect(v *vault) {
	clear(v.routes.list)
	var table []vaultnet.PublicKey
	for _, x := range w.neighbours(v) {
		table = append(table, x.key)
		if w.net.open(v.index, x.index) && w.net.open(x.index, v.index) {
			v.routes.set(x.index, reachable)
			v.tell(core.PeerUp(x.key))
			w.soon(x, w.net.delay(v.index, x.index), func() { w.reach(x, v) })
		}
	}
	v.tell(core.Known(table))
	for _, u := range w.users {
		u.met(v)
	}
}

// disconnect tells those who know a vault that it is gone, once they notice.
func (w *world) disconnect(v *vault) {
	for _, x := range w.vaults {
		if x != v && x.running && x.routes.of(v.index) == reachable {
			w.soon(x, between(w.net.random, 20*time.Millisecond, 2*time.Second), func() {
				if !v.running {
					w.miss(x, v)
				}
			})
		}
	}
	for _, u := range w.users {
		u.lost(v)
	}
}

// soon has something done to a vault after a delay in µs, if it is then in the same life.
func (w *world) soon(v *vault, after int64, do func()) {
	life := v.lives
	w.at(w.now+after, func() {
		if v.running && v.lives == life {
			do()
		}
	})
}

// reach tells v that it can reach x, if it can and does not know.
func (w *world) reach(v, x *vault) {
	if !x.running || v.routes.of(x.index) == reachable || !w.net.open(v.index, x.index) || !w.net.open(x.index, v.index) {
		return
	}
	v.routes.set(x.index, reachable)
	v.tell(core.PeerUp(x.key))
}

// miss tells v that it cannot reach x, if it thinks that it can.
func (w *world) miss(v, x *vault) {
	if v.routes.of(x.index) != reachable {
		return
	}
	v.routes.set(x.index, away)
	v.tell(core.PeerDown(x.key))
}

// noticed has all vaults find out, after a while, which of their connections are cut and which can be made again.
func (w *world) noticed() {
	for _, v := range w.vaults {
		if !v.running {
			continue
		}
		for n, told := range v.routes.list {
			i := int32(n)
			x, ok := w.nodes[i].(*vault)
			if !ok || told == unheard {
				continue
			}
			open := x.running && w.net.open(v.index, i) && w.net.open(i, v.index)
			switch known := told == reachable; {
			case known && !open:
				w.soon(v, between(w.net.random, 500*time.Millisecond, 3*time.Second), func() {
					if !x.running || !w.net.open(v.index, i) || !w.net.open(i, v.index) {
						w.miss(v, x)
					}
				})
			case !known && open:
				w.soon(v, between(w.net.random, 20*time.Millisecond, time.Second), func() { w.reach(v, x) })
			}
		}
	}
	for _, u := range w.users {
		u.noticed()
	}
}

// group is the vaults nearest to a name among those that are up, and, where the network forgets slowly, some that are
// down: what a walk of the DHT finds.
func (w *world) group(name vaultnet.Name, n int) []vaultnet.PublicKey {
	at := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: name}.Location()
	stale := chance(w.net.random, 0.1)
	best := make([]*vault, 0, n+1) // nearest first
	for _, v := range w.vaults {
		if !v.running && (!stale || v.gone) || len(best) == n && xor.Compare(at, v.location, best[n-1].location) > 0 {
			continue
		}
		i := len(best)
		best = append(best, v)
		for ; i > 0 && xor.Compare(at, v.location, best[i-1].location) < 0; i-- {
			best[i] = best[i-1]
		}
		best[i] = v
		best = best[:min(len(best), n)]
	}
	all := make([]vaultnet.PublicKey, len(best))
	for i, v := range best {
		all[i] = v.key
	}
	return all
}

// lookup answers a vault's lookup after as long as a walk takes.
func (w *world) lookup(v *vault, name vaultnet.Name) {
	found := w.group(name, 2*w.params.GroupSize)
	w.soon(v, between(w.net.random, 5*time.Millisecond, 200*time.Millisecond), func() {
		v.tell(core.GroupFound(name, found))
	})
}
