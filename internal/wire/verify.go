package wire

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// Verify judges a message that arrived as a value as [Open] judges one that arrived in a frame: the same bounds, the
// same signatures. It returns nil or a *refusal.Error. A message that passed cannot make a core panic.
func Verify(m Message, network vaultnet.NetworkID, v vaultnet.Verifier) error {
	if err := verify(m, network, v, nil); err != nil {
		return err
	}
	return nil
}

func verify(m Message, network vaultnet.NetworkID, v vaultnet.Verifier, good *acquainted) *refusal.Error {
	row := RowOf(m)
	if row == nil {
		return refusal.Invalid("no message, or none of the table")
	}
	var c *coder
	var stated *merkle.Reviewer
	if good != nil {
		c, stated = &good.coder, &good.stated
		*c = coder{mode: checking, network: network}
	} else {
		c = &coder{mode: checking, network: network}
	}
	if row.walk(c, m); c.err == nil {
		judgement{network: network, v: v, c: c, good: good, stated: stated}.message(m)
	}
	return c.err
}

// judgement is of what a walk does not look at: signatures, and whether sets fit their addresses. It is objective: it
// knows neither the time nor who anybody is, so all honest nodes judge alike. The first failure is kept in the coder.
type judgement struct {
	network vaultnet.NetworkID
	v       vaultnet.Verifier
	c       *coder
	good    *acquainted      // nil: nothing is known from before
	stated  *merkle.Reviewer // of the frame's statements; nil: each is looked at by itself
	known   *familiar        // permits found good in frames before; nil: none
}

func (j judgement) message(m Message) {
	switch m := m.(type) {
	case *Submit:
		j.request(m.Request)
	case *Withdraw:
		j.require(m.Withdraw.Verify(j.network, j.v), "withdrawal: signature")
	case *Read:
		j.require(m.Ask == nil || m.Ask.Verify(j.network, m.Address, m.Query, j.v), "read: signature of its asker")
	case *PutChunk:
		j.require(m.Permit.Verify(j.network, j.v), "chunk: permit, or a signature of it")
	case *Reply:
		j.set(m.Address, m.Members)
		j.issued(m)
	case *ViewAnswer:
		j.set(m.Address, m.Set)
		j.view(m)
	case *SetAnswer:
		j.set(m.Address, m.Set)
	case *StatementAnswer:
		j.require(m.By == nil || j.signed(m.By, m.Statement.Leaf(j.network)), "statement: signature")
	case *Bundle:
		j.bundle(m.Bundle)
	case *Pointers:
		for i := range m.List {
			j.set(m.List[i].Address, m.List[i].Set)
		}
	case *Invite:
		j.set(m.Address, m.Set)
	case *Leaving:
		j.require(j.signed(m.By, m.Leaf(j.network)), "leaving: signature")
	}
}

// require keeps a failure where ok is false. After one the rest is still gone through, but nothing more is said.
func (j judgement) require(ok bool, what string) bool {
	if !ok {
		j.c.fail("%s", what)
	}
	return ok
}

// set requires the members of a set, where there is one, to be in the XOR rank order of their address.
func (j judgement) set(a vaultnet.Address, s *agreement.Set) {
	if s == nil || j.good.has(s, a) {
		return
	}
	if j.require(s.Valid(a, maxMembers), "set: members out of order") {
		j.good.add(s, a)
	}
}

// joiner requires a key that is to be a member, where there is one, to be a key.
func (j judgement) joiner(k vaultnet.PublicKey) {
	j.require(k.IsNobody() || j.v.ValidKey(k), "set: key of who is added")
}

func (j judgement) request(r *agreement.Request) {
	if j.good.has(r, r.Address) {
		return
	}
	if err := verifyRequest(j.network, r, j.v, j.known); err != nil {
		j.c.keep(err)
		return
	}
	j.good.add(r, r.Address)
}

func (j judgement) vote(a vaultnet.Address, v *agreement.Vote) bool {
	if j.good.has(v, a) {
		return true
	}
	if !j.require(v.By != nil && j.attested(v.By, v.Ballot.Leaf(j.network, a)), "vote: signature") {
		return false
	}
	j.good.add(v, a)
	return true
}

// attested reports whether an attestation is of a leaf.
func (j judgement) attested(by *merkle.Attestation, leaf vaultnet.Digest) bool {
	if j.good.signed(by, leaf) {
		return true
	}
	if !j.signed(by, leaf) {
		return false
	}
	j.good.sign(by, leaf)
	return true
}

// signed is attested of what comes once.
func (j judgement) signed(by *merkle.Attestation, leaf vaultnet.Digest) bool {
	if j.stated != nil {
		return j.stated.Verify(by, leaf)
	}
	return by.Verify(j.network, leaf, j.v)
}

func (j judgement) proposal(a vaultnet.Address, p *agreement.Proposal) {
	if j.good.has(p, a) {
		return
	}
	j.require(j.attested(p.By, p.Leaf(j.network, a)), "proposal: signature")
	j.certificate(a, p.Polka)
	j.proof(a, p.Proof)
	j.joiner(p.Header.Add)
	if j.c.err == nil {
		j.good.add(p, a)
	}
}

// issued judges the attestation of a permit that an account issued: its body is in the result.
func (j judgement) issued(m *Reply) {
	if m.Permit == nil {
		return
	}
	result, err := account.DecodeResult(m.Result)
	issued, ok := result.(*account.Issued)
	j.require(err == nil && ok && m.Address.Kind == vaultnet.KindAccount &&
		j.signed(m.Permit, issued.Body.Leaf(j.network)), "reply: signature of a permit")
}

func (j judgement) view(m *ViewAnswer) {
	if m.View == nil {
		return
	}
	leaf := agreement.ViewLeaf(j.network, m.Address, m.Members, m.View.Time)
	j.set(m.Address, &agreement.Set{Number: 1, Members: m.Members})
	j.require(j.signed(m.View.By, leaf), "view: signature")
}

func (j judgement) bundle(b *agreement.Bundle) {
	a := b.Address
	if b.Proposal != nil {
		j.proposal(a, b.Proposal)
	}
	for _, v := range b.Votes {
		if !j.vote(a, v) {
			return
		}
	}
	j.certificate(a, b.Polka)
	j.certificate(a, b.Commit)
	j.decided(a, b.Decided)
	if b.State != nil {
		j.decided(a, b.State.Decided)
	}
	for _, r := range b.Requests {
		if !j.require(r.Address == a, "request: of another address") {
			return
		}
		j.request(r)
	}
	for _, w := range b.Withdraw {
		if j.good.has(w, a) {
			continue
		}
		if !j.require(w.Address == a && w.Verify(j.network, j.v), "withdrawal: signature, or another address") {
			return
		}
		j.good.add(w, a)
	}
	for _, w := range b.Wishes {
		if j.good.has(w, a) {
			continue
		}
		j.joiner(w.Add)
		if !j.require(j.attested(w.By, w.Leaf(j.network, a)), "wish: signature") {
			return
		}
		if j.c.err == nil {
			j.good.add(w, a)
		}
	}
}

func (j judgement) certificate(a vaultnet.Address, x *agreement.Certificate) {
	if x == nil || j.good.has(x, a) {
		return
	}
	leaf := x.Ballot.Leaf(j.network, a)
	for _, by := range x.By {
		if !j.require(by != nil && j.attested(by, leaf), "certificate: signature") {
			return
		}
	}
	j.good.add(x, a)
}

func (j judgement) proof(a vaultnet.Address, s *agreement.SetProof) {
	if s == nil || j.good.has(s, a) {
		return
	}
	_, ok := s.Set(a, maxMembers)
	ok = j.require(ok && validKeys(j.v, s.Members), "proof of set: members or signers")
	if j.require(s.Verify(j.network, a, j.v), "proof of set: signature") && ok {
		j.good.add(s, a)
	}
}

func (j judgement) decided(a vaultnet.Address, d *agreement.Decided) {
	if d == nil {
		return
	}
	j.certificate(a, d.Certificate)
	j.proof(a, d.Proof)
	j.set(a, d.Set)
	j.set(a, d.Voters)
	for _, r := range d.Bodies {
		if !j.require(r.Address == a, "request: of another address") {
			return
		}
		j.request(r)
	}
	for i := range d.Links {
		j.certificate(a, d.Links[i].Certificate)
		j.set(a, d.Links[i].Set)
	}
}
