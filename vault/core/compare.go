package core

import (
	"bytes"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
)

// Holders of chunks compare what they hold with their neighbours when the neighbourhood changes and hourly: each tells
// the others what they should hold; who misses one asks for it. A vault that need not hold a chunk any more keeps it
// until all that should have confirmed it (semantics §2).

// want is a chunk that a neighbour holds and this vault should; where that neighbour does not give it, others may.
type want struct {
	name   vaultnet.Name
	from   vaultnet.PublicKey
	others []vaultnet.PublicKey
}

// fetching is a chunk that was asked for.
type fetching struct {
	from   vaultnet.PublicKey
	call   wire.Call
	others []vaultnet.PublicKey // to be asked where it does not give it
}

const (
	fetchFor     = 5 * time.Second
	maxFetchEach = 8      // chunks being fetched from one vault
	maxWanted    = 65_536 // chunks to be fetched
)

// compareLater plans a comparison of what a change of the neighbourhood concerns.
func (v *Vault) compareLater(after time.Duration) {
	if v.chunks.planned || v.started == 0 || v.chunks.count() == 0 {
		return
	}
	v.chunks.planned = true
	v.schedule.at(v.now.Add(after), func() {
		v.chunks.planned = false
		v.compare(v.chunks.epoch)
	})
	v.compareHourly()
}

// compareHourly plans the next full comparison.
func (v *Vault) compareHourly() {
	if v.chunks.hourly || v.chunks.count() == 0 {
		return
	}
	v.chunks.hourly = true
	v.schedule.at(v.now.Add(compareEvery), func() {
		v.chunks.hourly = false
		v.compare(0)
		v.compareHourly()
	})
}

// compare lists, to each vault that should hold them, the chunks whose eight nearest changed after an epoch; all with
// epoch 0.
func (v *Vault) compare(since uint64) {
	v.chunks.epoch = v.epoch
	spots := make([]spot[vaultnet.Name], 0, len(v.chunks.at))
	for n := range v.chunks.at { // in any order: sorted below
		spots = append(spots, spot[vaultnet.Name]{chunkAddress(n).Location(), n})
	}
	slices.SortFunc(spots, func(a, b spot[vaultnet.Name]) int { return bytes.Compare(a.location[:], b.location[:]) })
	lists := make(map[*peer][]vaultnet.Name)
	var order []*peer
	size := v.cfg.Parameters.GroupSize
	for _, s := range spots {
		group := v.peers.nearest(s.location, size, isStaying)
		if since > 0 && v.lastChange(s.location, group, size) <= since {
			continue
		}
		for _, q := range group {
			if q == v.peers.self || !q.up {
				continue
			}
			if lists[q] == nil {
				order = append(order, q)
			}
			lists[q] = append(lists[q], s.thing)
		}
	}
	for _, q := range order {
		for names := range slices.Chunk(lists[q], maxNames) {
			v.send(q.key, &wire.Chunks{Names: names})
		}
	}
}

// compareWith lists, to a vault that has come, the chunks that it should hold.
func (v *Vault) compareWith(q *peer) {
	if !q.up || v.chunks.count() == 0 || !v.relevant(q) {
		return
	}
	var names []vaultnet.Name
	for n := range v.chunks.at { // in any order: sorted below
		if v.peers.ranks(chunkAddress(n).Location(), q, v.cfg.Parameters.GroupSize) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b vaultnet.Name) int { return bytes.Compare(a[:], b[:]) })
	for names := range slices.Chunk(names, maxNames) {
		v.send(q.key, &wire.Chunks{Names: names})
	}
}

// chunkNames takes a neighbour's list. Of what is held it is told so; what is missing, and should be held here, is
// fetched. A confirmation counts for chunks that this vault need not hold any more.
func (v *Vault) chunkNames(from vaultnet.PublicKey, m *wire.Chunks) {
	if q := v.peers.get(from); q == nil || !q.up {
		v.ignore(from, "chunks of a stranger")
		return
	}
	if m.Held {
		for _, n := range m.Names {
			v.confirm(n, from)
		}
		return
	}
	var held []vaultnet.Name
	for _, n := range m.Names {
		if _, ok := v.chunks.at[n]; ok {
			held = append(held, n)
		} else if v.responsible(chunkAddress(n).Location()) {
			v.wantChunk(n, from)
		}
	}
	if len(held) > 0 {
		v.send(from, &wire.Chunks{Names: held, Held: true})
	}
}

// confirm notes that a vault holds a chunk durably. A vault that leaves needs the word of as many as there are.
func (v *Vault) confirm(n vaultnet.Name, from vaultnet.PublicKey) {
	l := chunkAddress(n).Location()
	if _, ok := v.chunks.at[n]; !ok || v.responsible(l) && !v.peers.self.leaving {
		delete(v.chunks.confirms, n)
		return
	}
	var by []vaultnet.PublicKey // those of the eight that have confirmed
	group := v.peers.nearest(l, v.cfg.Parameters.GroupSize, isStaying)
	for _, q := range group {
		if q.key == from || slices.Contains(v.chunks.confirms[n], q.key) {
			by = append(by, q.key)
		}
	}
	v.chunks.confirms[n] = by
	if len(by) == v.cfg.Parameters.GroupSize || v.peers.self.leaving && len(by) == len(group) {
		v.dropChunk(n)
	}
}

// wantChunk puts a chunk on the list of those to fetch, from the first of those named that gives it.
func (v *Vault) wantChunk(n vaultnet.Name, from ...vaultnet.PublicKey) {
	c := &v.chunks
	if _, held := c.at[n]; held || len(from) == 0 || c.fetching[n] != nil || c.listed[n] || len(c.wanted) >= maxWanted {
		return
	}
	c.listed[n] = true
	c.wanted = append(c.wanted, want{n, from[0], from[1:]})
	v.fetchChunks()
}

// fetchChunks asks for as many chunks as may be under way at once.
func (v *Vault) fetchChunks() {
	c := &v.chunks
	each := make(map[vaultnet.PublicKey]int)
	for _, f := range c.fetching { // any order: counted
		each[f.from]++
	}
	rest := c.wanted[:0]
	for i, w := range c.wanted {
		if len(c.fetching) >= maxFetching {
			rest = append(rest, c.wanted[i:]...)
			break
		}
		if each[w.from] >= maxFetchEach {
			rest = append(rest, w)
			continue
		}
		delete(c.listed, w.name)
		if _, held := c.at[w.name]; held {
			continue
		}
		each[w.from]++
		v.calls++
		f := &fetching{w.from, v.calls, w.others}
		c.fetching[w.name] = f
		v.send(w.from, &wire.GetChunk{Call: f.call, Name: w.name, Full: true})
		v.schedule.at(v.now.Add(fetchFor), func() {
			if c.fetching[w.name] == f {
				delete(c.fetching, w.name)
				v.wantChunk(w.name, f.others...)
				v.fetchChunks()
			}
		})
	}
	clear(c.wanted[len(rest):])
	c.wanted = rest
}

// chunkAnswer takes a chunk that this vault asked for.
func (v *Vault) chunkAnswer(from vaultnet.PublicKey, m *wire.ChunkAnswer) {
	f := v.chunks.fetching[m.Name]
	if f == nil || f.from != from || f.call != m.Call {
		v.ignore(from, "answer to no question")
		return
	}
	delete(v.chunks.fetching, m.Name)
	if m.Err == nil && m.Proven() && v.storeChunk(m.Name, m.Content) == nil {
		v.send(from, &wire.Chunks{Names: []vaultnet.Name{m.Name}, Held: true})
	} else {
		v.wantChunk(m.Name, f.others...)
	}
	v.fetchChunks()
}
