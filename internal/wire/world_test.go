package wire

import (
	"bytes"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
	"vaultnet/xor"
)

// world is a network of eight vaults and one person, all of whose keys are at hand.
type world struct {
	network vaultnet.NetworkID
	v       vaultnet.Verifier
	vaults  []vaultnet.Signer
	owner   vaultnet.Signer
	app     vaultnet.Signer
}

func seed(i int) (s [32]byte) {
	s[0], s[1] = byte(i), byte(i>>8)
	return s
}

// newWorld signs with the registry's keyed hashes.
func newWorld() *world {
	r := signature.NewRegistry(1)
	return makeWorld(r, r.Signer)
}

// realWorld signs with Ed25519.
func realWorld() *world {
	return makeWorld(signature.NewVerifier(1000), func(s [32]byte) vaultnet.Signer { return signature.NewKey(s) })
}

func makeWorld(v vaultnet.Verifier, key func([32]byte) vaultnet.Signer) *world {
	w := &world{network: vaultnet.LocalParameters().ID(), v: v, owner: key(seed(1000)), app: key(seed(1001))}
	for i := range 8 {
		w.vaults = append(w.vaults, key(seed(i)))
	}
	return w
}

// at gives the vaults in the XOR rank order of an address.
func (w *world) at(a vaultnet.Address) []vaultnet.Signer {
	sorted := slices.Clone(w.vaults)
	slices.SortFunc(sorted, func(x, y vaultnet.Signer) int {
		return xor.Compare(a.Location(), x.Public().Location(), y.Public().Location())
	})
	return sorted
}

func (w *world) members(a vaultnet.Address) []vaultnet.PublicKey {
	var keys []vaultnet.PublicKey
	for _, s := range w.at(a) {
		keys = append(keys, s.Public())
	}
	return keys
}

func (w *world) set(number uint64, a vaultnet.Address) *agreement.Set {
	return agreement.NewSet(number, a, w.members(a))
}

// attest signs a leaf beside some others of the same turn.
func (w *world) attest(s vaultnet.Signer, leaf vaultnet.Digest) *merkle.Attestation {
	return &merkle.Attest(w.network, s, []vaultnet.Digest{{1}, leaf, {2}})[1]
}

var data = vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}, Tag: 15000}

const now = vaultnet.Time(1_700_000_000_000)

func (w *world) header(mutations ...*agreement.Request) agreement.Header {
	h := agreement.Header{Incarnation: 1, Height: 9, Previous: vaultnet.Digest{1}, Time: now, Set: vaultnet.Digest{2}, State: vaultnet.Digest{3}}
	for _, r := range mutations {
		h.Mutations = append(h.Mutations, r.Ref)
	}
	return h
}

func (w *world) ballot(t agreement.VoteType) agreement.Ballot {
	return agreement.Ballot{Incarnation: 1, Height: 9, Round: 3, Type: t, Block: vaultnet.Digest{4}, Set: vaultnet.Digest{5}, Previous: vaultnet.Digest{6}}
}

func (w *world) vote(a vaultnet.Address, i int, t agreement.VoteType) *agreement.Vote {
	b := w.ballot(t)
	return &agreement.Vote{Ballot: b, By: w.attest(w.vaults[i], b.Leaf(w.network, a))}
}

// votes are n votes of one vault under one root.
func (w *world) votes(a vaultnet.Address, n int) []*agreement.Vote {
	var votes []*agreement.Vote
	var leaves []vaultnet.Digest
	for i := range n {
		b := w.ballot(agreement.Prevote)
		b.Round = uint32(i)
		votes = append(votes, &agreement.Vote{Ballot: b})
		leaves = append(leaves, b.Leaf(w.network, a))
	}
	by := merkle.Attest(w.network, w.vaults[0], leaves)
	for i := range votes {
		votes[i].By = &by[i]
	}
	return votes
}

func (w *world) certificate(a vaultnet.Address, t agreement.VoteType) *agreement.Certificate {
	c := &agreement.Certificate{Ballot: w.ballot(t)}
	for _, s := range w.at(a)[:6] {
		c.By = append(c.By, w.attest(s, c.Ballot.Leaf(w.network, a)))
	}
	return c
}

func (w *world) proof(a vaultnet.Address) *agreement.SetProof {
	s := &agreement.SetProof{Members: w.members(a)}
	for i, signer := range w.at(a)[:6] {
		t := now + vaultnet.Time(i)
		s.Views = append(s.Views, agreement.View{Time: t, By: w.attest(signer, agreement.ViewLeaf(w.network, a, s.Members, t))})
	}
	return s
}

func (w *world) proposal(a vaultnet.Address) *agreement.Proposal {
	p := &agreement.Proposal{Header: w.header(), Round: 4, PolkaRound: 3, Polka: w.certificate(a, agreement.Prevote), Proof: w.proof(a)}
	p.By = w.attest(w.vaults[0], p.Leaf(w.network, a))
	return p
}

func (w *world) wish(a vaultnet.Address) *agreement.Wish {
	x := &agreement.Wish{Incarnation: 1, Height: 9, Add: w.app.Public(), Drop: w.vaults[1].Public()}
	x.By = w.attest(w.vaults[2], x.Leaf(w.network, a))
	return x
}

// attestations are by the first n vaults, ascending by signer.
func (w *world) attestations(n int, leaf vaultnet.Digest) []merkle.Attestation {
	var all []merkle.Attestation
	for _, s := range w.vaults[:n] {
		all = append(all, *w.attest(s, leaf))
	}
	slices.SortFunc(all, func(a, b merkle.Attestation) int { return bytes.Compare(a.Signer[:], b.Signer[:]) })
	return all
}

func (w *world) body(allowances []permit.Allowance) permit.Body {
	t := permit.Tree(allowances)
	total := 0
	for _, a := range allowances {
		total += int(a.Count)
	}
	return permit.Body{Account: w.owner.Public(), Requester: w.app.Public(), ID: vaultnet.Digest{8}, Issued: now,
		Expires: now + 10_000, Verified: now - 1, Root: t.Root(), Width: uint32(len(allowances)), Total: uint32(total)}
}

func allowances(a vaultnet.Address) []permit.Allowance {
	other := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{200}}
	all := []permit.Allowance{{Address: a, Count: 8}, {Address: other, Count: 1}}
	slices.SortFunc(all, func(x, y permit.Allowance) int { return x.Address.Compare(y.Address) })
	return all
}

func (w *world) permit(a vaultnet.Address) *permit.Permit {
	all := allowances(a)
	i := slices.IndexFunc(all, func(x permit.Allowance) bool { return x.Address == a })
	b := w.body(all)
	p, ok := permit.Assemble(b, all, i, w.attestations(4, b.Leaf(w.network)))
	if !ok {
		panic("no permit")
	}
	return p
}

// sign signs a request of set 1.
func (w *world) sign(s vaultnet.Signer, a vaultnet.Address, body []byte) vaultnet.Request {
	r := vaultnet.Request{Address: a, Deadline: now + 10_000, Set: 1, Nonce: vaultnet.Nonce{9}, Body: body}
	r.Sign(w.network, s)
	return r
}

func (w *world) mutation(m mutabledata.Mutation, with Attached) *agreement.Request {
	return NewRequest(w.network, w.sign(w.app, data, mutabledata.Encode(m)), with)
}

func (w *world) put() *agreement.Request {
	return w.mutation(&mutabledata.Put{Owner: w.owner.Public(),
		Permissions: []mutabledata.Permission{{User: mutabledata.UserOf(w.app.Public()), Set: 1}},
		Entries:     []mutabledata.Entry{{Key: "k", Value: mutabledata.Value{Content: []byte("v")}}}},
		Attached{Permit: w.permit(data), Proof: w.proof(data)})
}

func (w *world) insert() *agreement.Request {
	return w.mutation(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "k", Do: mutabledata.InsertEntry, Content: []byte("v")}}},
		Attached{Permit: w.permit(data)})
}

func (w *world) close() *agreement.Request {
	return NewRequest(w.network, w.sign(w.app, data, (&permit.Close{Permit: w.permit(data)}).Encode()), Attached{})
}

func (w *world) operation(op account.Operation, with Attached) *agreement.Request {
	a := vaultnet.AccountAddress(w.owner.Public())
	return NewRequest(w.network, w.sign(w.owner, a, account.Encode(op)), with)
}

func (w *world) create() *agreement.Request {
	return w.operation(&account.CreateAccount{}, Attached{Proof: w.proof(vaultnet.AccountAddress(w.owner.Public()))})
}

func (w *world) grant() *agreement.Request {
	return w.operation(&account.InsertGrant{Key: w.app.Public(), Version: 1, Terms: account.Terms{Label: "app"}}, Attached{})
}

func (w *world) settle() *agreement.Request {
	p := w.permit(data)
	s := &account.Settle{Body: p.Body, Allowance: p.Allowance, Path: p.Path, Used: 3}
	st := s.Statement()
	s.Statements = w.attestations(5, st.Leaf(w.network))
	return w.operation(s, Attached{})
}

func (w *world) withdraw() *vaultnet.Withdraw {
	x := w.insert().Withdrawal()
	x.Sign(w.network, w.app)
	return &x
}

func (w *world) decided(bodies ...*agreement.Request) *agreement.Decided {
	return &agreement.Decided{Header: w.header(bodies...), Certificate: w.certificate(data, agreement.Precommit), Proof: w.proof(data),
		Set: w.set(3, data), Voters: w.set(2, data), Bodies: bodies,
		Links: []agreement.Link{{Header: w.header(), Certificate: w.certificate(data, agreement.Precommit), Set: w.set(2, data)}}}
}

// leaving is a vault's word that it wants to go.
func (w *world) leaving(vault vaultnet.Signer) *Leaving {
	m := &Leaving{Time: now, Going: true, By: &merkle.Attestation{Signer: vault.Public()}}
	m.By = w.attest(vault, m.Leaf(w.network))
	return m
}

// samples has each type of message at least once, with everything in it that it can hold, signed as it should be.
func (w *world) samples() []Message {
	a := vaultnet.AccountAddress(w.owner.Public())
	ask := &Ask{Deadline: now, Nonce: vaultnet.Nonce{1}}
	ask.Sign(w.network, a, []byte{1}, w.owner)
	chunk := []byte("content")
	issued := w.body(allowances(data))
	statement := permit.Statement{Address: data, Permit: issued.Digest(), Expires: issued.Expires, Used: 3}
	view := &agreement.View{Time: now}
	view.By = w.attest(w.vaults[3], agreement.ViewLeaf(w.network, data, w.members(data), now))
	entries := &refusal.Error{Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{
		{Key: "a", Kind: refusal.EntryExists, Version: 4}, {Key: "b", Kind: refusal.NoSuchEntry}}}}
	keys := &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{"", "a"}, Shell: true}}
	nearer := w.members(data)
	return []Message{
		&Hello{vaultnet.LocalParameters()},
		&Goodbye{refusal.Invalid("too much")},
		&Submit{w.put(), 0}, &Submit{w.insert(), 7}, &Submit{w.close(), 7},
		&Submit{w.create(), 0}, &Submit{w.grant(), 1}, &Submit{w.settle(), 1},
		&Withdraw{*w.withdraw()},
		&Read{Call: 1 << 63, Address: data, Query: []byte{0x81, 1}},
		&Read{Call: 1, Address: a, Query: []byte{1}, Full: true, Ask: ask},
		&GetOutcome{2, data, now, vaultnet.Digest{1}},
		&GetView{3, data},
		&GetSet{4, a},
		&GetStatement{5, data, issued.Digest(), issued.Expires},
		&PutChunk{Call: 6, Content: chunk, Permit: w.permit(vaultnet.ChunkAddress(chunk))},
		&GetChunk{7, vaultnet.Name{1}, true},
		&Reply{Address: a, ID: vaultnet.Digest{1}, Outcome: agreement.Applied, Height: 8, Set: SetRef{Number: 2, Digest: vaultnet.Digest{2}},
			Result: account.EncodeResult(&account.Issued{Body: issued, Counts: []byte{1, 8}}), Permit: w.attest(w.vaults[0], issued.Leaf(w.network))},
		&Reply{Address: data, Outcome: agreement.Refused, Err: keys, Members: w.set(2, data), Nearer: nearer},
		&ReadAnswer{Call: 8, Height: 4, Set: SetRef{Number: 2}, Header: vaultnet.Digest{1}, Time: now, Digest: vaultnet.Digest{2}, Value: []byte{1}, Member: true},
		&ReadAnswer{Call: 9, Err: entries, Members: w.set(2, data), Nearer: nearer},
		&OutcomeAnswer{Call: 10, Outcome: agreement.Applied, Height: 5, Set: SetRef{Number: 1}, Result: []byte{1}, Clear: true, Final: true, Members: w.set(1, data)},
		&ViewAnswer{Call: 11, Address: data, Members: w.members(data), View: view},
		&ViewAnswer{Call: 12, Address: data, Err: refusal.New(refusal.DataExists), Set: w.set(1, data)},
		&SetAnswer{Call: 13, Address: data, Height: 4, Set: w.set(1, data), Settled: true, Nearer: nearer},
		&StatementAnswer{Call: 14, Set: SetRef{Number: 1}, Statement: statement, By: w.attest(w.vaults[0], statement.Leaf(w.network))},
		&StatementAnswer{Call: 15, Members: w.set(1, data), Err: refusal.New(refusal.NotSettled)},
		&ChunkAnswer{Call: 16, Name: vaultnet.Name{1}, Stored: true, Content: chunk, Err: refusal.New(refusal.NetworkFull), Nearer: nearer},
		&Bundle{&agreement.Bundle{Address: data, Height: 8, Proposal: w.proposal(data),
			Votes: []*agreement.Vote{w.vote(data, 0, agreement.Prevote), w.vote(data, 1, agreement.Precommit)},
			Polka: w.certificate(data, agreement.Prevote), Commit: w.certificate(data, agreement.Precommit),
			Decided: w.decided(w.put(), w.insert()), State: &agreement.StatePart{Decided: w.decided(), From: 1, Total: 3,
				Records: []agreement.Record{{Key: []byte{1}, Value: []byte{}}, {Key: []byte{2}, Value: []byte{3}}}},
			Requests: []*agreement.Request{w.insert(), w.close()}, Withdraw: []*vaultnet.Withdraw{w.withdraw()},
			Wishes: []*agreement.Wish{w.wish(data)}, Need: []agreement.Ref{w.insert().Ref},
			Want: &agreement.Want{Have: 1, At: 2, From: 3}, Following: 7}},
		&Bundle{&agreement.Bundle{Address: a, Height: 1}},
		&Pointers{List: []Pointer{{Address: data, Set: w.set(1, data)}, {Address: a, Set: w.set(4, a)}}, Done: true, Ask: true},
		&Invite{data, w.set(3, data)},
		&Chunks{[]vaultnet.Name{{1}, {2}}, true},
		w.leaving(w.vaults[0]),
	}
}

func TestSamplesAreGood(t *testing.T) {
	for name, w := range map[string]*world{"registry": newWorld(), "ed25519": realWorld()} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, m := range w.samples() {
				seen[RowOf(m).Name] = true
				if err := Verify(m, w.network, w.v); err != nil {
					t.Errorf("%s: %v", RowOf(m).Name, err)
				}
				if _, err := Open(frame(t, m), w.network, w.v); err != nil {
					t.Errorf("%s: %v", RowOf(m).Name, err)
				}
			}
			for i := range Table {
				if !seen[Table[i].Name] {
					t.Errorf("no %s", Table[i].Name)
				}
			}
		})
	}
}

// frame is one message in one frame.
func frame(t testing.TB, m Message) []byte {
	t.Helper()
	frames, err := Encode([]Message{m})
	if err != nil || len(frames) != 1 {
		t.Fatalf("%T: %d frames, %v", m, len(frames), err)
	}
	return frames[0]
}
