package account

import (
	"slices"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Statement is what the data managers attest in this settlement.
func (o *Settle) Statement() permit.Statement {
	return permit.Statement{Address: o.Allowance.Address, Permit: o.Body.Digest(), Expires: o.Body.Expires, Used: o.Used,
		Closed: o.Closed}
}

// Verify reports whether every attestation is one of the statement, in this network, by the key it names. Objective: it
// is part of the request's validity.
func (o *Settle) Verify(network vaultnet.NetworkID, v vaultnet.Verifier) bool {
	s := o.Statement()
	leaf := s.Leaf(network)
	for i := range o.Statements {
		if !o.Statements[i].Verify(network, leaf, v) {
			return false
		}
	}
	return true
}

// Shown reports whether the signers include [vaultnet.Answers] of set, the data managers of the address as a vault takes
// them to be. It is a judgement of each vault's own: PermitInvalid{signers} where it is false, and never part of an
// objective check, which the number and distinctness of the signers are not either: a set may have one member.
func (o *Settle) Shown(set []vaultnet.PublicKey) bool {
	n := 0
	for i := range o.Statements {
		if slices.Contains(set, o.Statements[i].Signer) {
			n++
		}
	}
	return len(set) > 0 && n >= vaultnet.Answers(len(set))
}

// Signers are the keys whose statements o carries, ascending.
func (o *Settle) Signers() []vaultnet.PublicKey {
	keys := make([]vaultnet.PublicKey, len(o.Statements))
	for i := range o.Statements {
		keys[i] = o.Statements[i].Signer
	}
	return keys
}

// settle charges what was used at one address and returns the rest, once per permit and address.
func (a *Account) settle(o *Settle, by Context) (Result, error) {
	body := o.Body.Digest()
	key := o.key(body)
	out, err := a.settleable(o, key, by)
	if err != nil {
		return nil, err
	}
	back := o.Allowance.Count - o.Used
	a.reserved -= int64(o.Allowance.Count)
	a.done += int64(o.Used)
	a.available += int64(back)
	out.left -= o.Allowance.Count
	out.settled |= o.bit()
	if out.left == 0 { // else it stays under its key
		a.permits = a.permits.Delete(key)
	}
	// What has something left stays until it is due; so does, until it expires, what can still put a chunk.
	gone := out.left == 0 && (!out.chunks || by.At > out.expires)
	if !gone {
		a.putPermit(body, out)
	}
	a.release(&out, back, gone, by.At, by.Parameters)
	return &Settled{Returned: back}, nil
}

// settleable makes the checks of settle and gives the permit, which is kept under key.
func (a *Account) settleable(o *Settle, key string, by Context) (out outstanding, err error) {
	if by.Requester != o.Body.Requester && by.Requester != by.Owner {
		return out, refusal.New(refusal.AccessDenied)
	}
	if by.At > o.Body.Expires.Add(vaultnet.UsageGrace) {
		return out, refusal.Permit(refusal.Expired)
	}
	out, ok := a.permits.Get(key)
	if !ok || out.refunded(o.bit()) {
		return out, refusal.Permit(refusal.Closed)
	}
	if !o.Closed && by.At <= o.Body.Expires {
		return out, refusal.Permit(refusal.NotYet)
	}
	return out, nil
}

// key is what the permit is kept under, by its body's digest, while it has something to settle.
func (o *Settle) key(body vaultnet.Digest) string {
	return dueKey(o.Body.Expires.Add(vaultnet.UsageGrace), body)
}

// bit stands for the allowance among those of its permit.
func (o *Settle) bit() uint64 { return 1 << (o.Path.Index % 64) }

// refunded reports whether what was unused of an allowance has been returned.
func (o *outstanding) refunded(bit uint64) bool { return o.settled&bit != 0 }
