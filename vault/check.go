package vault

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/immutabledata"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
	"vaultnet/vault/store"
)

// Checked is what [Check] found of one object or chunk.
type Checked struct {
	Address vaultnet.Address
	Height  vaultnet.Height // of an object; 0: something is undecided there, and nothing decided
	Header  vaultnet.Digest // of the block at Height, which covers the whole state
	Members int             // of the set
	Member  bool            // this vault is one
	Open    bool            // the next height is half-open: this vault has voted there
	Bytes   int64           // of data
	Orphan  bool            // a chunk in the store that no record speaks of, as a crash may leave it: no damage
	Err     error           // what is damaged; nil: nothing
}

// Report sums up a check.
type Report struct {
	Objects int // with a certified state
	Chunks  int
	Bytes   int64
	Orphans int
	Damaged int
	Clean   bool // the vault was stopped in good order
	Sync    bool // all it sent was durable
}

// Check goes through a store that no vault runs on: every object's records, state and certificate with the signatures
// in it, every chunk's hash. It tells of each, objects by address and then chunks by name, and goes on where one is
// damaged. The store is only read. An error says that it could not be checked: it is none of this vault's, or cannot be
// read at all.
func Check(ctx context.Context, s Store, self vaultnet.PublicKey, p vaultnet.Parameters, tell func(Checked)) (Report, error) {
	c := checker{ctx: ctx, s: s, self: self, p: p, verifier: signature.NewVerifier(verified), tell: tell,
		chunks: make(map[vaultnet.Name]int64)}
	if err := c.marks(); err != nil {
		return c.report, err
	}
	if err := c.records(); err != nil {
		return c.report, err
	}
	return c.report, c.contents()
}

type checker struct {
	ctx      context.Context
	s        Store
	self     vaultnet.PublicKey
	p        vaultnet.Parameters
	verifier vaultnet.Verifier
	tell     func(Checked)
	report   Report
	chunks   map[vaultnet.Name]int64 // in the index: their lengths
}

// marks reads what the store says of itself.
func (c *checker) marks() error {
	switch err := store.CheckFormat(c.s); {
	case errors.Is(err, store.ErrReadOnly):
		return fmt.Errorf("vault: the store is empty: no vault has run on it yet: %w", fs.ErrNotExist)
	case err != nil:
		return err
	}
	network := c.p.ID()
	if err := checkOwner(c.s, c.self, network); err != nil {
		return err
	}
	last := life{Clean: true, Sync: true}
	if _, err := readMark(c.s, lifeKey, &last); err != nil {
		return err
	}
	c.report.Clean, c.report.Sync = last.Clean, last.Sync
	return nil
}

// found counts and tells.
func (c *checker) found(f Checked) {
	switch {
	case f.Err != nil:
		c.report.Damaged++
	case f.Orphan:
		c.report.Orphans++
	case f.Address.Kind == vaultnet.KindImmutableData:
		c.report.Chunks++
	case f.Height > 0:
		c.report.Objects++
	}
	if !f.Orphan {
		c.report.Bytes += f.Bytes
	}
	if c.tell != nil {
		c.tell(f)
	}
}

// records goes through all records, object by object.
func (c *checker) records() error {
	var at vaultnet.Address
	var group []vaultnet.Write
	finish := func() {
		if len(group) > 0 {
			c.object(at, group)
		}
		group = nil
	}
	for r, err := range c.s.Scan(nil) {
		if err != nil {
			return fmt.Errorf("vault: reading the store: %w", err)
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if r.Key[0] == store.Reserved {
			continue
		}
		a, name, what := core.ParseKey(r.Key)
		switch what {
		case core.ObjectRecord:
			if a != at {
				finish()
				at = a
			}
			group = append(group, r)
		case core.ChunkRecord:
			n := uint64(math.MaxUint64)
			if len(r.Value) == 8 {
				n = binary.BigEndian.Uint64(r.Value)
			}
			if n > vaultnet.MaxSize {
				c.found(Checked{Address: chunkAddress(name), Err: errors.New("its record in the index is no length")})
				continue
			}
			c.chunks[name] = int64(n)
		default:
			c.found(Checked{Err: fmt.Errorf("a record under the key %s, which means nothing", hex.EncodeToString(r.Key[:min(len(r.Key), 64)]))})
		}
	}
	finish()
	return nil
}

func chunkAddress(n vaultnet.Name) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: n}
}

// object checks one object: a vault that holds nothing else is made of its records.
func (c *checker) object(a vaultnet.Address, records []vaultnet.Write) {
	f := Checked{Address: a}
	v, err := core.New(core.Config{Self: c.self, Parameters: c.p, Verifier: c.verifier, Memory: math.MaxInt64},
		func(yield func([]byte, []byte) bool) {
			for _, r := range records {
				if !yield(r.Key, r.Value) {
					return
				}
			}
		})
	if err != nil {
		f.Err = err
		c.found(f)
		return
	}
	o := v.Object(a)
	f.Height, f.Header, f.Open, f.Member = o.Height(), o.HeaderDigest(), o.HalfOpen(), o.Member()
	for h := range v.Holdings() {
		f.Bytes = h.Bytes
	}
	if set := o.Set(); set != nil {
		f.Members = len(set.Members)
	}
	if d := o.Decided(); d != nil { // so far only that it names enough members: now their signatures
		bundle := &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Height: f.Height, Decided: d}}
		if err := wire.Verify(bundle, c.p.ID(), c.verifier); err != nil {
			f.Err = err
		}
	}
	c.found(f)
}

// contents checks every chunk's content, and that all are there.
func (c *checker) contents() error {
	for name, err := range c.s.ChunkNames() {
		if err != nil {
			return fmt.Errorf("vault: reading the store's chunks: %w", err)
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
		f := Checked{Address: chunkAddress(name)}
		n, listed := c.chunks[name]
		delete(c.chunks, name)
		content, err := c.s.Chunk(name)
		f.Bytes, f.Orphan = int64(len(content)), !listed
		switch {
		case err != nil:
			f.Err = err
		case immutabledata.Check(name, content) != nil:
			f.Err = immutabledata.Check(name, content)
		case listed && n != f.Bytes:
			f.Err = fmt.Errorf("%d bytes, the index says %d", f.Bytes, n)
		}
		if f.Orphan { // nobody will miss it
			f.Err = nil
		}
		c.found(f)
	}
	missing := make([]vaultnet.Name, 0, len(c.chunks))
	for name := range c.chunks { // in any order, sorted below
		missing = append(missing, name)
	}
	slices.SortFunc(missing, func(a, b vaultnet.Name) int { return chunkAddress(a).Compare(chunkAddress(b)) })
	for _, name := range missing {
		c.found(Checked{Address: chunkAddress(name), Err: errors.New("the index lists it, and it is not there")})
	}
	return nil
}
