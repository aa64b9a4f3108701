package agreement

import (
	"bytes"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
)

// judged decodes a record into an empty value of its type, and demands that encoding that gives the same bytes.
func judged(t *testing.T, record []byte, into any) {
	t.Helper()
	if err := canonical.Unmarshal(record, into, maxRecordSize); err != nil {
		t.Fatalf("%T: %v", into, err)
	}
	if again := canonical.Marshal(into); !bytes.Equal(again, record) {
		t.Errorf("%T\nwritten %x\nit is   %x", into, record, again)
	}
}

// TestRecordsAreCanonical: what is encoded by hand is what package canonical writes, with every optional part and without.
func TestRecordsAreCanonical(t *testing.T) {
	digest := func(b byte) vaultnet.Digest { return vaultnet.Digest{b, 31: b} }
	by := func(i int) *merkle.Attestation {
		a := &merkle.Attestation{Signer: vault(i), Signature: vaultnet.Signature{byte(i), 63: 1}}
		a.Path = merkle.Path{Index: uint32(30 * i), Width: 300, Siblings: make([]vaultnet.Digest, i%3)}
		return a
	}
	ballot := Ballot{Incarnation: 1, Height: 1 << 33, Round: 70_000, Type: Precommit, Block: digest(1), Set: digest(2), Previous: digest(3)}
	cert := &Certificate{Ballot: ballot, By: []*merkle.Attestation{by(1), by(2), by(3)}}
	set := &Set{Number: 25, Members: []vaultnet.PublicKey{vault(1), vault(2)}}
	proof := &SetProof{Members: set.Members, Views: []View{{Time: 1_750_000_000_000, By: by(4)}}}
	header := Header{Incarnation: 3, Height: 9, Previous: digest(4), Time: 1_750_000_000_001, Mutations: []Ref{{Request: digest(5)}, {Request: digest(6), Attached: digest(7)}},
		Add: vault(5), Set: digest(8), State: digest(9)}
	vote := &Vote{Ballot: ballot, By: by(5)}
	block := &held{header: &header, digest: digest(10),
		offers: []*Proposal{{Header: header, PolkaRound: -1, Proof: proof, By: by(6)}, {Header: header, Round: 4, PolkaRound: 3, Polka: cert, By: by(7)}},
		bodies: []*Request{{Bytes: []byte("bytes"), Attached: make([]byte, 300)}, {Bytes: []byte{}}}}
	full := &Object{last: &Decided{Header: header, Certificate: cert, Set: set, Voters: set, Proof: proof},
		links: []Link{{Header: header, Certificate: cert, Set: set}}, height: 8, proof: proof,
		attempt: &attempt{round: 300, prevote: vote, precommit: vote, proof: []*Vote{vote, vote}, voted: block, promised: []vaultnet.Digest{digest(11)},
			lock: &polka{cert: cert}, valid: &polka{cert: cert}, commit: cert,
			called: []*Wish{{Incarnation: 1, Height: 9, Add: vault(6), Drop: vault(7), By: by(8)}}},
		parted: []parted{{from: proof, set: digest(12), round: 2, prevote: vote, bound: true, voted: block, lock: &polka{cert: cert}}}}
	bare := &Object{last: &Decided{Certificate: &Certificate{}, Set: set, Voters: set}}
	for _, o := range []*Object{full, bare} {
		judged(t, o.appendHead(nil), new(headRecord))
		judged(t, o.appendVoteRecord(nil), new(voteRecord))
	}
	judged(t, appendProposalRecord(nil, block), new(proposalRecord))
	judged(t, appendProposalRecord(nil, &held{header: &Header{}}), new(proposalRecord))
	judged(t, (&AppliedRequest{Requester: vault(1), Height: 1000, Result: []byte("result")}).appendTo(nil), new(AppliedRequest))
}
