package agreement

import (
	"encoding/binary"
	"math"
	"slices"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// State is what all members of an object hold alike at one height. Immutable.
type State struct {
	Machine Machine
	Ledger  Ledger
	Set     *Set // of the next height
	Time    vaultnet.Time
}

// Digest is Merkle(ledger, machine, set, time): what a header commits to.
func (s *State) Digest() vaultnet.Digest { return s.digest(s.Set.Digest()) }

// digest is Digest where that of the set is known.
func (s *State) digest(set vaultnet.Digest) vaultnet.Digest {
	ledger, machine := s.Ledger.Digest(), s.Machine.Digest()
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], uint64(s.Time))
	return vaultnet.DomainState.Hash(ledger[:], machine[:], set[:], t[:])
}

// AppliedRequest is what the ledger keeps of an applied request until its deadline has passed.
type AppliedRequest struct {
	_         struct{} `cbor:",toarray"`
	Requester vaultnet.PublicKey
	Height    vaultnet.Height
	Result    []byte
}

// Ledger is the applied requests of an object whose deadlines have not passed. Immutable; the zero value is empty.
type Ledger struct{ applied merkle.Map[*AppliedRequest] }

func ledgerKey(deadline vaultnet.Time, id vaultnet.Digest) (b [40]byte) {
	binary.BigEndian.PutUint64(b[:8], uint64(deadline))
	copy(b[8:], id[:])
	return b
}

// Get finds an applied request.
func (l Ledger) Get(deadline vaultnet.Time, id vaultnet.Digest) (*AppliedRequest, bool) {
	key := ledgerKey(deadline, id)
	return l.applied.Find(key[:])
}

// Len is how many it holds.
func (l Ledger) Len() int { return l.applied.Len() }

// Digest covers every record.
func (l Ledger) Digest() vaultnet.Digest { return l.applied.Digest() }

// Put adds an applied request.
func (l Ledger) Put(deadline vaultnet.Time, id vaultnet.Digest, a *AppliedRequest) Ledger {
	key := ledgerKey(deadline, id)
	return Ledger{l.applied.Put(string(key[:]), a, a.digest())}
}

// Prune drops what has a deadline before at: no block from then on can contain it. It tells dropped of each.
func (l Ledger) Prune(at vaultnet.Time, dropped func(deadline vaultnet.Time, id vaultnet.Digest, a *AppliedRequest)) Ledger {
	m := l.applied
	for {
		k, a, ok := m.Min()
		if !ok {
			return Ledger{m}
		}
		deadline := vaultnet.Time(binary.BigEndian.Uint64([]byte(k[:8])))
		if deadline >= at {
			return Ledger{m}
		}
		if dropped != nil {
			dropped(deadline, vaultnet.Digest([]byte(k[8:])), a)
		}
		m = m.Delete(k)
	}
}

var applied = []byte("applied")

func (a *AppliedRequest) digest() vaultnet.Digest {
	var buf [256]byte
	return vaultnet.DomainState.Hash(applied, a.appendTo(buf[:0]))
}

// ledgerEntry is a storage record; key is without its prefix.
func ledgerEntry(key, value []byte) (e merkle.Entry[*AppliedRequest], err error) {
	if len(key) != 40 {
		return e, refusal.Invalid("ledger record: key of %d bytes", len(key))
	}
	a := new(AppliedRequest)
	in := canonical.NewReader(value, 16<<10)
	in.Fields(3)
	in.Fixed(a.Requester[:])
	a.Height = vaultnet.Height(in.Uint(math.MaxUint64))
	a.Result = slices.Clone(in.Bytes())
	if err := in.End(); err != nil {
		return e, err
	}
	return merkle.Entry[*AppliedRequest]{Key: string(key), Value: a, Leaf: a.digest()}, nil
}

// loadLedger makes a ledger of its records, which are most often in order.
func loadLedger(entries []merkle.Entry[*AppliedRequest]) Ledger {
	m, ok := merkle.Build(entries)
	if !ok {
		for _, e := range entries {
			m = m.Put(e.Key, e.Value, e.Leaf)
		}
	}
	return Ledger{m}
}
