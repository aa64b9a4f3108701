package agreement

import (
	"bytes"
	"math"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
)

// What is read whenever an object is loaded is decoded by hand: [canonical.Unmarshal] takes and gives the same, at several
// times the cost.

// Of the shortest encodings, in bytes: they bound what a head can promise.
const (
	leastDigest      = 2 + 32
	leastAttestation = 1 + 2 + 32 + 2 + 64 + 4
	leastLink        = 1 + leastHeader + leastCertificate + leastSet
	leastHeader      = 1 + 2 + leastDigest + 1 + 1 + 4*leastDigest
	leastCertificate = 1 + 1 + 4 + 3*leastDigest + 1
	leastSet         = 1 + 1 + 1
)

// readHead decodes a headRecord into h. Its two sets are one where they are alike.
func readHead(b []byte, h *headRecord) error {
	in := canonical.NewReader(b, maxRecordSize)
	in.Fields(6)
	readHeader(&in, &h.Header)
	h.Certificate = readCertificate(&in)
	h.Set = readSet(&in)
	if ahead := in; repeats(&ahead, h.Set) {
		h.Voters, in = h.Set, ahead
	} else {
		h.Voters = readSet(&in)
	}
	h.Proof = make([]*SetProof, in.Elements(1+1+1))
	for i := range h.Proof {
		h.Proof[i] = readSetProof(&in)
	}
	h.Links = make([]Link, in.Elements(leastLink))
	for i := range h.Links {
		l := &h.Links[i]
		in.Fields(3)
		readHeader(&in, &l.Header)
		l.Certificate, l.Set = readCertificate(&in), readSet(&in)
	}
	return in.End()
}

func readHeader(in *canonical.Reader, h *Header) {
	in.Fields(9)
	h.Incarnation = uint32(in.Uint(math.MaxUint32))
	h.Height = vaultnet.Height(in.Uint(math.MaxUint64))
	in.Fixed(h.Previous[:])
	h.Time = vaultnet.Time(in.Int())
	h.Mutations = make([]Ref, in.Elements(1+2*leastDigest))
	for i := range h.Mutations {
		in.Fields(2)
		in.Fixed(h.Mutations[i].Request[:])
		in.Fixed(h.Mutations[i].Attached[:])
	}
	in.Fixed(h.Add[:])
	in.Fixed(h.Drop[:])
	in.Fixed(h.Set[:])
	in.Fixed(h.State[:])
}

func readCertificate(in *canonical.Reader) *Certificate {
	c := new(Certificate)
	in.Fields(2)
	b := &c.Ballot
	in.Fields(7)
	b.Incarnation = uint32(in.Uint(math.MaxUint32))
	b.Height = vaultnet.Height(in.Uint(math.MaxUint64))
	b.Round = uint32(in.Uint(math.MaxUint32))
	b.Type = VoteType(in.Uint(math.MaxUint8))
	in.Fixed(b.Block[:])
	in.Fixed(b.Set[:])
	in.Fixed(b.Previous[:])
	c.By = readAttestations(in)
	return c
}

// readAttestations makes all of a list, and their siblings, in one piece of memory each.
func readAttestations(in *canonical.Reader) []*merkle.Attestation {
	n := in.Elements(leastAttestation)
	ahead, siblings := *in, 0
	for range n {
		siblings += skipAttestation(&ahead)
	}
	all, by := make([]merkle.Attestation, n), make([]*merkle.Attestation, n)
	room := make([]vaultnet.Digest, siblings)
	for i := range all {
		by[i] = &all[i]
		room = room[readAttestation(in, by[i], room):]
	}
	return by
}

// skipAttestation returns how many siblings there are in the attestation that it passes over.
func skipAttestation(in *canonical.Reader) int {
	in.Fields(3)
	in.Bytes()
	in.Bytes()
	in.Fields(3)
	in.Uint(math.MaxUint32)
	in.Uint(math.MaxUint32)
	n := in.Elements(leastDigest)
	for range n {
		in.Bytes()
	}
	return n
}

// readAttestation takes room for its siblings, where that is enough, and returns how much it took.
func readAttestation(in *canonical.Reader, a *merkle.Attestation, room []vaultnet.Digest) int {
	in.Fields(3)
	in.Fixed(a.Signer[:])
	in.Fixed(a.Signature[:])
	in.Fields(3)
	a.Path.Index = uint32(in.Uint(math.MaxUint32))
	a.Path.Width = uint32(in.Uint(math.MaxUint32))
	n := min(in.Elements(leastDigest), len(room))
	a.Path.Siblings = room[:n:n]
	for i := range a.Path.Siblings {
		in.Fixed(a.Path.Siblings[i][:])
	}
	return n
}

func readSet(in *canonical.Reader) *Set {
	s := new(Set)
	in.Fields(2)
	s.Number = in.Uint(math.MaxUint64)
	s.Members = readKeys(in)
	return s
}

// repeats reports whether it is s that follows.
func repeats(in *canonical.Reader, s *Set) bool {
	in.Fields(2)
	same := in.Uint(math.MaxUint64) == s.Number && in.Elements(leastDigest) == len(s.Members)
	for i := 0; same && i < len(s.Members); i++ {
		same = bytes.Equal(in.Bytes(), s.Members[i][:])
	}
	return same
}

func readKeys(in *canonical.Reader) []vaultnet.PublicKey {
	keys := make([]vaultnet.PublicKey, in.Elements(leastDigest))
	for i := range keys {
		in.Fixed(keys[i][:])
	}
	return keys
}

func readSetProof(in *canonical.Reader) *SetProof {
	p := new(SetProof)
	in.Fields(2)
	p.Members = readKeys(in)
	p.Views = make([]View, in.Elements(1+1+leastAttestation))
	for i := range p.Views {
		v := &p.Views[i]
		in.Fields(2)
		v.Time = vaultnet.Time(in.Int())
		ahead := *in
		v.By = new(merkle.Attestation)
		readAttestation(in, v.By, make([]vaultnet.Digest, skipAttestation(&ahead)))
	}
	return p
}
