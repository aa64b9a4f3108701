package permit

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/refusal"
)

// reason is why PermitInvalid, or fails for another refusal.
func reason(t *testing.T, err error) refusal.Reason {
	t.Helper()
	if err == nil {
		return refusal.NoReason
	}
	e, ok := err.(*refusal.Error)
	if !ok || e.Kind != refusal.PermitInvalid {
		t.Fatalf("%v is no PermitInvalid", err)
	}
	return e.Detail.Reason
}

func TestCheck(t *testing.T) {
	list := allowances(3, 1, 2, 5)
	for _, c := range []struct {
		name      string
		change    func(*Permit)
		at        vaultnet.Time
		requester vaultnet.PublicKey
		address   vaultnet.Address
		want      refusal.Reason
	}{
		{"good", nil, start, app, object(2), 0},
		{"good to the last moment", nil, start + 10*second, app, object(2), 0},
		{"expired", nil, start + 10*second + 1, app, object(2), refusal.Expired},
		{"not yet", nil, start - 1, app, object(2), refusal.NotYet},
		{"another requester", nil, start, eve, object(2), refusal.Requester},
		{"the account's owner is another requester", nil, start, owner, object(2), refusal.Requester},
		{"another address of the permit", nil, start, app, object(1), refusal.Address},
		{"another tag", nil, start, app, vaultnet.Address{Kind: vaultnet.KindMutableData, Name: object(2).Name}, refusal.Address},
		{"another kind", nil, start, app, vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: object(2).Name, Tag: 15000}, refusal.Address},
		// In this order: malformed, not-yet, expired, requester, address.
		{"malformed first", func(p *Permit) { p.Allowance.Count++ }, start - 1, eve, object(1), refusal.Malformed},
		{"then not yet", nil, start - 1, eve, object(1), refusal.NotYet},
		{"then expired", nil, start + minute, eve, object(1), refusal.Expired},
		{"then requester", nil, start, eve, object(1), refusal.Requester},

		{"more allowed", func(p *Permit) { p.Allowance.Count = 4 }, start, app, object(2), refusal.Malformed},
		{"none allowed", func(p *Permit) { p.Allowance.Count = 0 }, start, app, object(2), refusal.Malformed},
		{"address changed", func(p *Permit) { p.Allowance.Address = object(9) }, start, app, object(9), refusal.Malformed},
		{"of an account", func(p *Permit) { p.Allowance.Address.Kind = vaultnet.KindAccount }, start, app, object(2), refusal.Malformed},
		{"path index", func(p *Permit) { p.Path.Index = 0 }, start, app, object(2), refusal.Malformed},
		{"path width", func(p *Permit) { p.Path.Width = 4 }, start, app, object(2), refusal.Malformed},
		{"path short", func(p *Permit) { p.Path.Siblings = p.Path.Siblings[:1] }, start, app, object(2), refusal.Malformed},
		{"width", func(p *Permit) { p.Body.Width = 2 }, start, app, object(2), refusal.Malformed},
		{"root", func(p *Permit) { p.Body.Root[0]++ }, start, app, object(2), refusal.Malformed},
		{"no signature", func(p *Permit) { p.Signatures = nil }, start, app, object(2), refusal.Malformed},
		{"seventeen", func(p *Permit) { p.Signatures = make([]merkle.Attestation, 17) }, start, app, object(2), refusal.Malformed},
		{"one signer twice", func(p *Permit) { p.Signatures[1] = p.Signatures[0] }, start, app, object(2), refusal.Malformed},
		{"signers out of order", func(p *Permit) { slices.Reverse(p.Signatures) }, start, app, object(2), refusal.Malformed},
		{"a day and more", func(p *Permit) { p.Body.Expires = start + 24*60*minute + 1 }, start, app, object(2), refusal.Malformed},
	} {
		p := good(1, list, 1)
		if c.change != nil {
			c.change(p)
		}
		if got := reason(t, p.Check(c.at, c.requester, c.address)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if c.want == refusal.Malformed && p.Verify(network, verifier) {
			t.Errorf("%s: verifies", c.name)
		}
	}
	var none *Permit
	if got := reason(t, none.Check(start, app, object(1))); got != refusal.Missing {
		t.Errorf("no permit: %v", got)
	}
	if none.Verify(network, verifier) {
		t.Error("no permit verifies")
	}
}

func TestBodyValid(t *testing.T) {
	good := body(1, allowances(3, 1, 2))
	for name, c := range map[string]struct {
		change func(*Body)
		want   bool
	}{
		"good":               {func(*Body) {}, true},
		"a day":              {func(b *Body) { b.Expires = start.Add(24 * time.Hour) }, true},
		"a moment":           {func(b *Body) { b.Expires = start }, true},
		"verified at issue":  {func(b *Body) { b.Verified = b.Issued }, true},
		"most":               {func(b *Body) { b.Width, b.Total = 64, 4096 }, true},
		"no account":         {func(b *Body) { b.Account = vaultnet.PublicKey{} }, false},
		"no requester":       {func(b *Body) { b.Requester = vaultnet.PublicKey{} }, false},
		"more than a day":    {func(b *Body) { b.Expires = start.Add(24*time.Hour) + 1 }, false},
		"expires before":     {func(b *Body) { b.Expires = start - 1 }, false},
		"verified later":     {func(b *Body) { b.Verified = b.Issued + 1 }, false},
		"verified never":     {func(b *Body) { b.Verified = -1 }, false},
		"no addresses":       {func(b *Body) { b.Width, b.Total = 0, 0 }, false},
		"65 addresses":       {func(b *Body) { b.Width, b.Total = 65, 65 }, false},
		"fewer than one":     {func(b *Body) { b.Total = 1 }, false},
		"more than 64":       {func(b *Body) { b.Total = 129 }, false},
		"times that overrun": {func(b *Body) { b.Issued, b.Verified, b.Expires = -1<<63, -1<<63, vaultnet.Never }, false},
	} {
		b := good
		c.change(&b)
		if b.Valid() != c.want {
			t.Errorf("%s: %v", name, b.Valid())
		}
	}
}

// The digests and the leaf cover every field; the leaf covers the network too.
func TestBodyDigests(t *testing.T) {
	b := body(1, allowances(3, 1, 2))
	digests, leaves := map[vaultnet.Digest]bool{b.Digest(): true}, map[vaultnet.Digest]bool{b.Leaf(network): true}
	for i, change := range []func(*Body){
		func(b *Body) { b.Account[31]++ }, func(b *Body) { b.Requester[31]++ }, func(b *Body) { b.ID[31]++ },
		func(b *Body) { b.Issued++ }, func(b *Body) { b.Expires++ }, func(b *Body) { b.Verified++ },
		func(b *Body) { b.Root[31]++ }, func(b *Body) { b.Width++ }, func(b *Body) { b.Total++ },
	} {
		c := b
		change(&c)
		if digests[c.Digest()] || leaves[c.Leaf(network)] {
			t.Errorf("change %d does not show", i)
		}
		digests[c.Digest()], leaves[c.Leaf(network)] = true, true
	}
	if leaves[b.Leaf(vaultnet.NetworkID{1})] || digests[b.Leaf(network)] {
		t.Error("the leaf does not cover the network, or poses as the digest")
	}
}

func TestVerify(t *testing.T) {
	list := allowances(3, 1, 2, 5)
	p := good(1, list, 1)
	if !p.Verify(network, verifier) {
		t.Fatal("a good permit does not verify")
	}
	if p.Verify(vaultnet.NetworkID{1}, verifier) {
		t.Error("verifies in another network")
	}
	for name, change := range map[string]func(*Permit){
		"requester":           func(p *Permit) { p.Body.Requester = eve },
		"later expiry":        func(p *Permit) { p.Body.Expires++ },
		"one signature":       func(p *Permit) { p.Signatures[3].Signature[0]++ },
		"one signer":          func(p *Permit) { p.Signatures[4].Signer[31]++ },
		"one path":            func(p *Permit) { p.Signatures[2].Path.Index++ },
		"one path's siblings": func(p *Permit) { p.Signatures[2].Path.Siblings = nil },
		"another's signature": func(p *Permit) { p.Signatures[0].Signature = p.Signatures[1].Signature },
		"a tree of its own": func(p *Permit) {
			mine := []Allowance{{Address: object(7), Count: 64}}
			p.Body.Root, p.Body.Width, p.Body.Total = Tree(mine).Root(), 1, 64
			p.Allowance, p.Path = mine[0], Tree(mine).Path(0)
		},
	} {
		p := good(1, list, 1)
		change(p)
		if p.Verify(network, verifier) {
			t.Errorf("%s can be changed", name)
		}
	}
}

// A key of small order can sign anything; it is not a manager.
func TestSmallOrderSigner(t *testing.T) {
	list := allowances(3, 1)
	b := body(1, list)
	for _, small := range []vaultnet.PublicKey{{}, {1}} { // the zero bytes, a point of order 4; and the identity
		sigs := append(signed(b, 1), merkle.Attestation{Signer: small, Signature: vaultnet.Signature{1}, Path: merkle.Path{Width: 1}})
		p, ok := Assemble(b, list, 0, sigs)
		if !ok || len(p.Signatures) != 2 {
			t.Fatal("not assembled")
		}
		if p.Verify(network, verifier) {
			t.Errorf("%v signs", small.Short())
		}
	}
}

func TestManagers(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	var set []vaultnet.PublicKey
	for _, m := range managers {
		set = append(set, m.Public())
	}
	if n := Managers(p, set); n != 5 {
		t.Errorf("%d managers of 5", n)
	}
	if n := Managers(p, set[3:]); n != 2 {
		t.Errorf("%d managers of 2", n)
	}
	if n := Managers(p, []vaultnet.PublicKey{owner, app}); n != 0 {
		t.Errorf("%d managers among strangers", n)
	}
	if n := Managers(p, nil); n != 0 {
		t.Errorf("%d managers in no set", n)
	}
	keys := p.Signers()
	if len(keys) != 5 || !slices.IsSortedFunc(keys, func(a, b vaultnet.PublicKey) int { return bytes.Compare(a[:], b[:]) }) {
		t.Errorf("signers %v", keys)
	}
}

func TestAssemble(t *testing.T) {
	list := allowances(3, 1, 2)
	b := body(1, list)
	sigs := signed(b, 8)
	slices.Reverse(sigs)
	sigs = append(sigs, sigs[3], sigs[4]) // two managers answered twice
	p, ok := Assemble(b, list, 1, sigs)
	if !ok || len(p.Signatures) != 8 || !p.Verify(network, verifier) || p.Allowance.Address != object(2) {
		t.Fatalf("%v, %d signatures", ok, len(p.Signatures))
	}
	for _, i := range []int{-1, 2} {
		if _, ok := Assemble(b, list, i, sigs); ok {
			t.Errorf("a permit for allowance %d", i)
		}
	}
	if _, ok := Assemble(b, allowances(3, 1, 4), 0, sigs); ok {
		t.Error("a permit for other allowances")
	}
	if _, ok := Assemble(b, list, 0, nil); ok {
		t.Error("a permit nobody signed")
	}
	if _, ok := Assemble(b, make([]Allowance, 65), 0, sigs); ok {
		t.Error("a permit for 65 addresses")
	}
	var many []merkle.Attestation
	for i := range 20 {
		many = append(many, merkle.Attest(network, signature.NewKey([32]byte{9, byte(i)}), []vaultnet.Digest{b.Leaf(network)})...)
	}
	if p, ok := Assemble(b, list, 0, many); !ok || len(p.Signatures) != MaxSigners {
		t.Error("no permit of 20 signatures")
	}
}
