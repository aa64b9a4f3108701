package agreement

import (
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
)

// What a member signs is good for one network, kind, address, incarnation, height, round, type and block, and for nothing
// else. Real signatures.

// signedWorld is statements of eight vaults with real keys.
type signedWorld struct {
	network vaultnet.NetworkID
	address vaultnet.Address
	keys    []vaultnet.Signer
	v       vaultnet.Verifier
	set     *Set
}

func newSignedWorld() *signedWorld {
	w := &signedWorld{network: vaultnet.LocalParameters().ID(), v: signature.NewVerifier(0),
		address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}, Tag: 3}}
	var keys []vaultnet.PublicKey
	for i := range 8 {
		var seed [32]byte
		seed[0] = byte(i)
		k := signature.NewKey(seed)
		w.keys, keys = append(w.keys, k), append(keys, k.Public())
	}
	w.set = NewSet(1, w.address, keys)
	slices.SortFunc(w.keys, func(a, b vaultnet.Signer) int { return w.set.Index(a.Public()) - w.set.Index(b.Public()) })
	return w
}

// sign attests a leaf among others of the turn.
func (w *signedWorld) sign(i int, leaf vaultnet.Digest) *merkle.Attestation {
	a := merkle.Attest(w.network, w.keys[i], []vaultnet.Digest{{1}, leaf, {2}})
	return &a[1]
}

func (w *signedWorld) certificate(b Ballot, n int) *Certificate {
	c := &Certificate{Ballot: b}
	for i := range n {
		c.By = append(c.By, w.sign(i, b.Leaf(w.network, w.address)))
	}
	return c
}

func (w *signedWorld) header() Header {
	return Header{Height: 2, Previous: vaultnet.Digest{1}, Time: 5, Mutations: []Ref{{Request: vaultnet.Digest{2}}}, Set: w.set.Digest(), State: vaultnet.Digest{4}}
}

func (w *signedWorld) ballot() Ballot {
	h := w.header()
	return Ballot{Incarnation: 1, Height: 2, Round: 3, Type: Prevote, Block: h.Digest(w.network, w.address), Set: w.set.Digest(), Previous: vaultnet.Digest{1}}
}

// elsewhere is other networks and addresses than the one signed for.
func (w *signedWorld) elsewhere(t *testing.T, verify func(n vaultnet.NetworkID, a vaultnet.Address) bool) {
	t.Helper()
	if !verify(w.network, w.address) {
		t.Fatal("a good signature does not verify")
	}
	other := w.network
	other[0] ^= 1
	if verify(other, w.address) {
		t.Error("good in another network")
	}
	for _, change := range []func(a *vaultnet.Address){
		func(a *vaultnet.Address) { a.Kind = vaultnet.KindAccount },
		func(a *vaultnet.Address) { a.Name[31] ^= 1 },
		func(a *vaultnet.Address) { a.Tag++ },
	} {
		a := w.address
		change(&a)
		if verify(w.network, a) {
			t.Errorf("good at %v", a)
		}
	}
}

func TestAttack07VotesReplayedElsewhere(t *testing.T) {
	w := newSignedWorld()
	b := w.ballot()
	v := &Vote{Ballot: b, By: w.sign(2, b.Leaf(w.network, w.address))}
	w.elsewhere(t, func(n vaultnet.NetworkID, a vaultnet.Address) bool { return v.Verify(n, a, w.v) })
	for name, change := range map[string]func(b *Ballot){
		"incarnation": func(b *Ballot) { b.Incarnation++ },
		"height":      func(b *Ballot) { b.Height++ },
		"round":       func(b *Ballot) { b.Round++ },
		"type":        func(b *Ballot) { b.Type = Precommit },
		"block":       func(b *Ballot) { b.Block[5] ^= 1 },
		"nil":         func(b *Ballot) { b.Block = vaultnet.Digest{} },
		"set":         func(b *Ballot) { b.Set[5] ^= 1 },
		"previous":    func(b *Ballot) { b.Previous[5] ^= 1 },
	} {
		k := *v
		change(&k.Ballot)
		if k.Verify(w.network, w.address, w.v) {
			t.Errorf("another %s: good", name)
		}
	}
	k := &Vote{Ballot: b, By: &merkle.Attestation{Signer: w.keys[3].Public(), Signature: v.By.Signature, Path: v.By.Path}}
	if k.Verify(w.network, w.address, w.v) || (&Vote{Ballot: b}).Verify(w.network, w.address, w.v) {
		t.Error("under another's name, or nobody's: good")
	}
}

func TestAttack01ACertificateWithABadSignature(t *testing.T) {
	w := newSignedWorld()
	c := w.certificate(w.ballot(), 6)
	w.elsewhere(t, func(n vaultnet.NetworkID, a vaultnet.Address) bool { return c.Verify(n, a, w.v) })
	for i := range c.By {
		bad := &Certificate{Ballot: c.Ballot, By: slices.Clone(c.By)}
		by := *c.By[i]
		by.Signature[3] ^= 1
		bad.By[i] = &by
		if bad.Verify(w.network, w.address, w.v) {
			t.Errorf("signature %d is bad: good", i)
		}
		bad.By[i] = nil
		if bad.Verify(w.network, w.address, w.v) {
			t.Errorf("signature %d is missing: good", i)
		}
	}
}

func TestAttack07ProposalsReplayedElsewhere(t *testing.T) {
	w := newSignedWorld()
	p := &Proposal{Header: w.header(), Round: 4, PolkaRound: 3, Polka: w.certificate(w.ballot(), 6)}
	p.By = w.sign(0, p.Leaf(w.network, w.address))
	w.elsewhere(t, func(n vaultnet.NetworkID, a vaultnet.Address) bool { return p.Verify(n, a, w.v) })
	for name, change := range map[string]func(p *Proposal){
		"round":       func(p *Proposal) { p.Round++ },
		"polka round": func(p *Proposal) { p.PolkaRound = -1 },
		"no proposer": func(p *Proposal) { p.By = nil },
		"incarnation": func(p *Proposal) { p.Header.Incarnation++ },
		"height":      func(p *Proposal) { p.Header.Height++ },
		"previous":    func(p *Proposal) { p.Header.Previous[0] ^= 1 },
		"time":        func(p *Proposal) { p.Header.Time++ },
		"mutation": func(p *Proposal) {
			p.Header.Mutations = []Ref{{Request: vaultnet.Digest{2}, Attached: vaultnet.Digest{1}}}
		},
		"mutations": func(p *Proposal) { p.Header.Mutations = nil },
		"add":       func(p *Proposal) { p.Header.Add[0] ^= 1 },
		"drop":      func(p *Proposal) { p.Header.Drop[0] ^= 1 },
		"set":       func(p *Proposal) { p.Header.Set[0] ^= 1 },
		"state":     func(p *Proposal) { p.Header.State[0] ^= 1 },
		"bad polka": func(p *Proposal) {
			c := *p.Polka
			c.Ballot.Round++
			p.Polka = &c
		},
	} {
		k := *p
		change(&k)
		if k.Verify(w.network, w.address, w.v) {
			t.Errorf("another %s: good", name)
		}
	}
}

func TestAttack07ViewsAndWishesReplayedElsewhere(t *testing.T) {
	w := newSignedWorld()
	p := &SetProof{Members: w.set.Members}
	for i := range 6 {
		p.Views = append(p.Views, View{Time: 77, By: w.sign(i, ViewLeaf(w.network, w.address, p.Members, 77))})
	}
	w.elsewhere(t, func(n vaultnet.NetworkID, a vaultnet.Address) bool { return p.Verify(n, a, w.v) })
	for name, change := range map[string]func(p *SetProof){
		"time":      func(p *SetProof) { p.Views[2].Time++ },
		"members":   func(p *SetProof) { p.Members = p.Members[:7] },
		"no signer": func(p *SetProof) { p.Views[0].By = nil },
	} {
		k := &SetProof{Members: p.Members, Views: slices.Clone(p.Views)}
		change(k)
		if k.Verify(w.network, w.address, w.v) {
			t.Errorf("views of another %s: good", name)
		}
	}
	x := &Wish{Incarnation: 1, Height: 9, Add: vault(1), Drop: vault(2)}
	x.By = w.sign(3, x.Leaf(w.network, w.address))
	w.elsewhere(t, func(n vaultnet.NetworkID, a vaultnet.Address) bool { return x.Verify(n, a, w.v) })
	for name, change := range map[string]func(x *Wish){
		"incarnation": func(x *Wish) { x.Incarnation++ },
		"height":      func(x *Wish) { x.Height++ },
		"add":         func(x *Wish) { x.Add, x.Drop = x.Drop, x.Add },
		"drop":        func(x *Wish) { x.Drop = vaultnet.PublicKey{} },
		"no signer":   func(x *Wish) { x.By = nil },
	} {
		k := *x
		change(&k)
		if k.Verify(w.network, w.address, w.v) {
			t.Errorf("a wish of another %s: good", name)
		}
	}
}

// A bundle is good if everything in it is.
func TestRule05ABundleIsVerifiedWhole(t *testing.T) {
	w := newSignedWorld()
	ballot := w.ballot()
	good := w.certificate(ballot, 6)
	bad := &Certificate{Ballot: ballot, By: []*merkle.Attestation{{Signer: w.keys[0].Public()}}}
	vote := &Vote{Ballot: ballot, By: good.By[0]}
	whole := func() *Bundle {
		p := &Proposal{Header: w.header(), Round: 4, PolkaRound: 3, Polka: good}
		p.By = w.sign(0, p.Leaf(w.network, w.address))
		wish := &Wish{Height: 2, Drop: w.keys[1].Public()}
		wish.By = w.sign(1, wish.Leaf(w.network, w.address))
		d := &Decided{Header: w.header(), Certificate: good, Set: w.set, Voters: w.set, Links: []Link{{Certificate: good, Set: w.set}}}
		r := &vaultnet.Request{Address: w.address, Deadline: 9, Set: 1}
		x := r.Withdrawal()
		x.Sign(w.network, w.keys[5])
		return &Bundle{Address: w.address, Proposal: p, Votes: []*Vote{vote}, Polka: good, Commit: good, Decided: d,
			State: &StatePart{Decided: d}, Withdraw: []*vaultnet.Withdraw{&x}, Wishes: []*Wish{wish}}
	}
	if !whole().Verify(w.network, w.v) {
		t.Fatal("a good bundle does not verify")
	}
	for name, spoil := range map[string]func(b *Bundle){
		"proposal":               func(b *Bundle) { b.Proposal.Round++ },
		"vote":                   func(b *Bundle) { b.Votes = append(b.Votes, &Vote{Ballot: ballot, By: bad.By[0]}) },
		"polka":                  func(b *Bundle) { b.Polka = bad },
		"commit":                 func(b *Bundle) { b.Commit = bad },
		"decided":                func(b *Bundle) { b.Decided = &Decided{Certificate: bad} },
		"no certificate":         func(b *Bundle) { b.Decided = &Decided{} },
		"link":                   func(b *Bundle) { b.Decided.Links[0].Certificate = bad },
		"link of nothing":        func(b *Bundle) { b.Decided.Links[0].Certificate = nil },
		"state of nothing":       func(b *Bundle) { b.State = &StatePart{} },
		"state":                  func(b *Bundle) { b.State = &StatePart{Decided: &Decided{Certificate: bad}} },
		"withdrawal elsewhere":   func(b *Bundle) { b.Withdraw[0].Address.Tag++ },
		"withdrawal":             func(b *Bundle) { b.Withdraw[0].Deadline++ },
		"wish":                   func(b *Bundle) { b.Wishes[0].Height++ },
		"address":                func(b *Bundle) { b.Address.Tag++ },
		"proof of set of nobody": func(b *Bundle) { b.Proposal.Proof = &SetProof{Members: w.set.Members, Views: []View{{}}} },
	} {
		b := whole()
		spoil(b)
		if b.Verify(w.network, w.v) {
			t.Errorf("%s: good", name)
		}
	}
}
