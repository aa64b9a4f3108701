package core

import (
	"encoding/binary"
	"fmt"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// chunks is the ImmutableData that the vault holds: which, and how long; the content is in the store alone. Chunks need no
// agreement, for the name proves the content (semantics §2).
type chunks struct {
	at      map[vaultnet.Name]int64    // bytes of each
	getting map[vaultnet.Name][]getter // who waits for one to be read
	waiting int64                      // bytes of chunks whose permits' signers are being asked for

	fetching map[vaultnet.Name]*fetching
	wanted   []want
	listed   map[vaultnet.Name]bool                 // in wanted
	confirms map[vaultnet.Name][]vaultnet.PublicKey // who holds what this vault need not hold any more

	planned bool   // a comparison is
	hourly  bool   // the hourly one is planned
	epoch   uint64 // of the neighbourhood at the last comparison

	all      bool          // a comparison of all is planned
	compared vaultnet.Time // when that was last done
}

// getter is a peer that asked for a chunk.
type getter struct {
	who  vaultnet.PublicKey
	call wire.Call
}

// chunkGrace is how long after a neighbour has gone a vault does not say that it knows of no such chunk: it may have come
// to be one of those that should hold it, and have to be told. (A vault that starts is told before it is settled.)
const chunkGrace = 10 * compareAfter

// maxChunksWaiting bounds the bytes of chunks that wait for who signed their permits.
const maxChunksWaiting = 64 << 20

func (c *chunks) init() {
	c.at = make(map[vaultnet.Name]int64)
	c.getting = make(map[vaultnet.Name][]getter)
	c.fetching = make(map[vaultnet.Name]*fetching)
	c.listed = make(map[vaultnet.Name]bool)
	c.confirms = make(map[vaultnet.Name][]vaultnet.PublicKey)
}

func (c *chunks) count() int { return len(c.at) }

// restore reads a record of the chunk index.
func (c *chunks) restore(v *Vault, key, value []byte) error {
	if len(key) != len(vaultnet.Name{}) || len(value) != 8 || binary.BigEndian.Uint64(value) > vaultnet.MaxSize {
		return fmt.Errorf("core: store: damaged record of chunk %x", key)
	}
	n := int64(binary.BigEndian.Uint64(value))
	c.at[vaultnet.Name(key)] = n
	v.bytes += n
	return nil
}

func chunkAddress(n vaultnet.Name) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: n}
}

func chunkKey(n vaultnet.Name) []byte { return append([]byte{sectionChunk}, n[:]...) }

// putChunk stores a chunk that is paid for. Putting what is held succeeds again: the permit names the chunk, so it is
// good for it once, however often it is shown. Who shows it does not matter: what it pays for is fixed.
func (v *Vault) putChunk(from vaultnet.PublicKey, m *wire.PutChunk) {
	name := m.Name()
	a := chunkAddress(name)
	answer := func(err *refusal.Error) {
		ca := &wire.ChunkAnswer{Call: m.Call, Name: name, Stored: err == nil}
		if err != nil {
			ca.Err, ca.Nearer = v.refused(a, err), v.nearer(a.Location())
		}
		v.send(from, ca)
	}
	if _, held := v.chunks.at[name]; held {
		answer(nil)
		return
	}
	if !v.responsible(a.Location()) {
		answer(refusal.New(refusal.NotSettled)) // nearer ones are named: those are to hold it
		return
	}
	b := &m.Permit.Body
	at := min(max(v.now, b.Issued), b.Expires) // the issuers' clocks and this one are apart by the skew at most
	if at.Add(v.cfg.Parameters.Skew) < v.now || at > v.now.Add(v.cfg.Parameters.Skew) {
		at = v.now
	}
	if err := m.Permit.Check(at, b.Requester, a); err != nil {
		answer(asRefusal(err))
		return
	}
	n := needOf(m.Permit)
	size := int64(len(m.Content))
	switch v.vouches(&n) {
	case agreement.Yes:
		answer(v.storeChunk(name, m.Content))
	case agreement.No:
		answer(refusal.Permit(refusal.Signers))
	default:
		if v.chunks.waiting+size > maxChunksWaiting || !v.park(parked{n, func(good bool) {
			v.chunks.waiting -= size
			if !good {
				answer(refusal.Permit(refusal.Signers))
				return
			}
			answer(v.storeChunk(name, m.Content))
		}}) {
			answer(refusal.New(refusal.NetworkFull))
			return
		}
		v.chunks.waiting += size
	}
}

// storeChunk has a chunk stored with this turn; what is answered then leaves after that.
func (v *Vault) storeChunk(name vaultnet.Name, content []byte) *refusal.Error {
	if _, held := v.chunks.at[name]; held {
		return nil
	}
	size := int64(len(content))
	if v.cfg.Capacity > 0 && v.bytes+size > v.cfg.Capacity {
		return refusal.New(refusal.NetworkFull)
	}
	v.chunks.at[name] = size
	v.bytes += size
	v.out.chunks = append(v.out.chunks, Chunk{Name: name, Content: nonNil(content)})
	v.out.writes = append(v.out.writes, vaultnet.Write{Key: chunkKey(name), Value: binary.BigEndian.AppendUint64(nil, uint64(size))})
	v.compareHourly()
	return nil
}

// nonNil keeps an empty chunk from looking like none.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// dropChunk deletes a chunk.
func (v *Vault) dropChunk(name vaultnet.Name) {
	size, held := v.chunks.at[name]
	if !held {
		return
	}
	delete(v.chunks.at, name)
	delete(v.chunks.confirms, name)
	v.bytes -= size
	v.out.chunks = append(v.out.chunks, Chunk{Name: name})
	v.out.writes = append(v.out.writes, vaultnet.Write{Key: chunkKey(name)})
}

// getChunk answers with a chunk, or whether it is held.
func (v *Vault) getChunk(from vaultnet.PublicKey, m *wire.GetChunk) {
	_, held := v.chunks.at[m.Name]
	switch {
	case !held:
		v.lacksChunk(from, m.Call, m.Name)
	case !m.Full:
		v.send(from, &wire.ChunkAnswer{Call: m.Call, Name: m.Name, Stored: true})
	default:
		g := v.chunks.getting[m.Name]
		if len(g) >= maxGetting {
			v.send(from, &wire.ChunkAnswer{Call: m.Call, Name: m.Name, Err: v.refused(chunkAddress(m.Name), refusal.New(refusal.NotSettled))})
			return
		}
		if len(g) == 0 {
			v.out.loads = append(v.out.loads, chunkAddress(m.Name))
		}
		v.chunks.getting[m.Name] = append(g, getter{from, m.Call})
	}
}

// lacksChunk says that a chunk is not held: for certain where the neighbourhood has been quiet.
func (v *Vault) lacksChunk(to vaultnet.PublicKey, call wire.Call, name vaultnet.Name) {
	a := chunkAddress(name)
	kind := refusal.NoSuchData
	if !v.settled(a) || v.peers.self.leaving || v.lost > 0 && v.now < v.lost.Add(chunkGrace) || v.chunks.listed[name] || v.chunks.fetching[name] != nil {
		kind = refusal.NotSettled
	}
	v.send(to, &wire.ChunkAnswer{Call: call, Name: name, Err: v.refused(a, refusal.New(kind)), Nearer: v.nearer(a.Location())})
}

// chunkLoaded takes a chunk that was read; no content: it is damaged, so it is lost, and fetched again.
func (v *Vault) chunkLoaded(name vaultnet.Name, content []byte) {
	waiting := v.chunks.getting[name]
	delete(v.chunks.getting, name)
	if content == nil {
		if _, held := v.chunks.at[name]; held {
			if f := v.cfg.Observer.Damaged; f != nil {
				f(chunkAddress(name), refusal.New(refusal.CorruptData))
			}
			v.dropChunk(name)
			var holders []vaultnet.PublicKey
			for _, q := range v.peers.nearest(chunkAddress(name).Location(), v.cfg.Parameters.GroupSize, isUp) {
				if q != v.peers.self {
					holders = append(holders, q.key)
				}
			}
			v.wantChunk(name, holders...)
		}
		for _, g := range waiting {
			v.lacksChunk(g.who, g.call, name)
		}
		return
	}
	for _, g := range waiting {
		v.send(g.who, &wire.ChunkAnswer{Call: g.call, Name: name, Stored: true, Content: content})
	}
}
