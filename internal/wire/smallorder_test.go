package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/xor"
)

// Every encoding, canonical or not, of the eight points of small order (Chalkias, Garillot and Nikolaenko, "Taming the
// many EdDSAs", 2020, table 1b and 1c).
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

// forger "signs" with R the neutral element and s = 0, which satisfies the cofactored equation for every message under
// any key of small order.
type forger struct{ key vaultnet.PublicKey }

func (f forger) Public() vaultnet.PublicKey         { return f.key }
func (f forger) Sign([]byte) (s vaultnet.Signature) { s[0] = 1; return s }

// naming makes requests that name a key, in every place where a request can.
func (w *world) naming(key vaultnet.PublicKey) map[string]Message {
	user := mutabledata.UserOf(key)
	submit := func(r *agreement.Request) Message { return &Submit{Request: r} }
	proof := w.proof(data)
	put := &mutabledata.Put{Owner: w.owner.Public()}
	return map[string]Message{
		"owner": submit(w.mutation(&mutabledata.Put{Owner: key}, Attached{Proof: proof})),
		"user of a new object": submit(w.mutation(&mutabledata.Put{Owner: w.owner.Public(),
			Permissions: []mutabledata.Permission{{User: user, Set: 1}}}, Attached{Proof: proof})),
		"user":                         submit(w.mutation(&mutabledata.SetUserPermissions{User: user, Set: 1, Version: 1}, Attached{})),
		"former user":                  submit(w.mutation(&mutabledata.DelUserPermissions{User: user, Version: 1}, Attached{})),
		"next owner":                   submit(w.mutation(&mutabledata.ChangeOwner{Owner: key, Version: 1}, Attached{})),
		"grant":                        submit(w.operation(&account.InsertGrant{Key: key, Version: 1}, Attached{})),
		"member":                       submit(w.mutation(put, Attached{Proof: w.proofWith(key)})),
		"member of a proposal's proof": w.proposing(agreement.Header{Height: 1}, w.proofWith(key)),
		"joiner of a proposal":         w.proposing(agreement.Header{Height: 1, Add: key}, nil),
		"joiner":                       w.wishing(key),
		"account owner":                submit(NewRequest(w.network, w.sign(w.app, vaultnet.AccountAddress(key), account.Encode(&account.Verify{})), Attached{})),
	}
}

// proofWith is a proof of a set of the eight and one more, who signs nothing.
func (w *world) proofWith(key vaultnet.PublicKey) *agreement.SetProof {
	members := append(w.members(data), key)
	xor.Sort(data.Location(), members)
	s := &agreement.SetProof{Members: members}
	for _, signer := range w.at(data) {
		s.Views = append(s.Views, agreement.View{Time: now, By: w.attest(signer, agreement.ViewLeaf(w.network, data, members, now))})
	}
	return s
}

func (w *world) proposing(h agreement.Header, proof *agreement.SetProof) Message {
	p := &agreement.Proposal{Header: h, PolkaRound: -1, Proof: proof}
	p.By = w.attest(w.vaults[0], p.Leaf(w.network, data))
	return &Bundle{&agreement.Bundle{Address: data, Proposal: p}}
}

func (w *world) wishing(key vaultnet.PublicKey) Message {
	x := &agreement.Wish{Height: 1, Add: key}
	x.By = w.attest(w.vaults[0], x.Leaf(w.network, data))
	return &Bundle{&agreement.Bundle{Address: data, Wishes: []*agreement.Wish{x}}}
}

// signing makes messages that a key signs, in every place where one can.
func (w *world) signing(s vaultnet.Signer) map[string]Message {
	by := func(leaf vaultnet.Digest) *merkle.Attestation { return w.attest(s, leaf) }
	of := func(b agreement.Bundle) Message { b.Address = data; return &Bundle{&b} }
	request := w.sign(s, data, w.insert().Body)
	withdraw := request.Withdrawal()
	withdraw.Sign(w.network, s)
	a := vaultnet.AccountAddress(w.owner.Public())
	ask := &Ask{Deadline: now}
	ask.Sign(w.network, a, []byte{1}, s)
	vote := &agreement.Vote{Ballot: w.ballot(agreement.Prevote)}
	vote.By = by(vote.Ballot.Leaf(w.network, data))
	certificate := &agreement.Certificate{Ballot: vote.Ballot, By: []*merkle.Attestation{vote.By}}
	proposal := &agreement.Proposal{Header: w.header(), PolkaRound: -1}
	proposal.By = by(proposal.Leaf(w.network, data))
	wish := &agreement.Wish{Height: 1, Drop: w.vaults[0].Public()}
	wish.By = by(wish.Leaf(w.network, data))
	alone := []vaultnet.PublicKey{s.Public()}
	view := &agreement.View{Time: now, By: by(agreement.ViewLeaf(w.network, data, alone, now))}
	proof := &agreement.SetProof{Members: alone, Views: []agreement.View{*view}}
	shown := w.permit(data)
	shown.Signatures = []merkle.Attestation{*by(shown.Body.Leaf(w.network))}
	statement := permit.Statement{Address: data, Expires: now}
	settle := &account.Settle{Body: shown.Body, Allowance: shown.Allowance, Path: shown.Path}
	used := settle.Statement()
	settle.Statements = []merkle.Attestation{*by(used.Leaf(w.network))}
	leaving := &Leaving{By: &merkle.Attestation{Signer: s.Public()}}
	leaving.By = by(leaving.Leaf(w.network))
	put := mutabledata.Encode(&mutabledata.Put{Owner: w.owner.Public()})
	return map[string]Message{
		"request":     &Submit{Request: NewRequest(w.network, request, Attached{})},
		"withdrawal":  &Withdraw{withdraw},
		"read":        &Read{Address: a, Query: []byte{1}, Ask: ask},
		"vote":        of(agreement.Bundle{Votes: []*agreement.Vote{vote}}),
		"certificate": of(agreement.Bundle{Polka: certificate}),
		"proposal":    of(agreement.Bundle{Proposal: proposal}),
		"wish":        of(agreement.Bundle{Wishes: []*agreement.Wish{wish}}),
		"view":        &ViewAnswer{Address: data, Members: alone, View: view},
		"proof":       &Submit{Request: NewRequest(w.network, w.sign(w.app, data, put), Attached{Proof: proof})},
		"permit":      &Submit{Request: NewRequest(w.network, w.sign(w.app, data, w.insert().Body), Attached{Permit: shown})},
		"chunk":       &PutChunk{Permit: shown},
		"leaving":     leaving,
		"closing":     &Submit{Request: NewRequest(w.network, w.sign(w.app, data, (&permit.Close{Permit: shown}).Encode()), Attached{})},
		"statement":   &StatementAnswer{Statement: statement, By: by(statement.Leaf(w.network))},
		"settlement":  &Submit{Request: w.operation(settle, Attached{})},
	}
}

// Keys of small order, the all-zero key among them, name nobody and sign nothing (ATTACKS 24).
func TestSmallOrderKeysAreRefused(t *testing.T) {
	w := realWorld()
	for what, m := range w.naming(w.app.Public()) {
		if err := Verify(m, w.network, w.v); err != nil {
			t.Errorf("a good %s: %v", what, err)
		}
	}
	for what, m := range w.signing(w.app) {
		if err := Verify(m, w.network, w.v); err != nil {
			t.Errorf("a good signer of a %s: %v", what, err)
		}
	}
	for _, point := range smallOrder {
		b, _ := hex.DecodeString(point)
		key := vaultnet.PublicKey(b)
		for what, m := range w.naming(key) {
			if key.IsNobody() && (what == "next owner" || strings.HasPrefix(what, "joiner")) {
				if err := Verify(m, w.network, w.v); err != nil {
					t.Errorf("nobody as %s: %v", what, err) // given away for ever; nobody joins
				}
				continue
			}
			refuses(t, w, point+" as "+what, m)
		}
		for what, m := range w.signing(forger{key}) {
			refuses(t, w, point+" signs a "+what, m)
		}
	}
}
