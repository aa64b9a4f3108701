package permit_test

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/permit"
)

func named(s string) (k vaultnet.PublicKey) {
	copy(k[:], s)
	return k
}

// Three client managers sign a body; a data manager checks the permit and counts its use.
func Example() {
	network := vaultnet.DefaultParameters().ID()
	owner, app := named("owner"), named("app")
	notes := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(named("notes"))}
	issued := vaultnet.Time(1_700_000_000_000)

	// The client managers agreed on this.
	allowances := []permit.Allowance{{Address: notes, Count: 2}}
	body := permit.Body{Account: owner, Requester: app, Issued: issued, Expires: issued + 10_000, Verified: issued,
		Root: permit.Tree(allowances).Root(), Width: 1, Total: 2}
	var set []vaultnet.PublicKey
	var signatures []merkle.Attestation
	for i := range 3 {
		k := signature.NewKey([32]byte{byte(i)})
		set = append(set, k.Public())
		signatures = append(signatures, merkle.Attest(network, k, []vaultnet.Digest{body.Leaf(network)})...)
	}

	// The client makes the permit and sends it with a mutation.
	p, _ := permit.Assemble(body, allowances, 0, signatures)
	p, err := permit.Decode(p.Encode())
	fmt.Println(err, p.Verify(network, signature.NewVerifier(0)), permit.Managers(p, set) >= vaultnet.Weak(8))

	// The data managers count.
	var usage permit.Usage
	for range 3 {
		at := issued + 5_000
		if err := p.Check(at, app, notes); err != nil {
			fmt.Println(err)
		}
		if usage, err = usage.Use(p, at, true); err != nil {
			fmt.Println(err)
		}
	}
	statement, _ := usage.State(notes, body.Digest(), body.Expires, issued+12_000)
	fmt.Println("used", statement.Used)
	// Output:
	// <nil> true true
	// PermitInvalid (used-up)
	// used 2
}

func ExampleClose() {
	body := permit.Body{Account: named("owner"), Requester: named("app"), Expires: 10_000, Width: 1, Total: 5}
	allowances := []permit.Allowance{{Address: vaultnet.Address{Kind: vaultnet.KindMutableData}, Count: 5}}
	body.Root = permit.Tree(allowances).Root()
	p, _ := permit.Assemble(body, allowances, 0, []merkle.Attestation{{Signer: named("manager")}})

	c, err := permit.DecodeClose((&permit.Close{Permit: p}).Encode())
	fmt.Println(err, c.Check(1_000, named("somebody"), allowances[0].Address))
	usage, _ := permit.Usage{}.Close(c.Permit, 1_000, true)
	_, err = usage.Use(p, 1_000, true)
	fmt.Println(err)
	// Output:
	// <nil> AccessDenied
	// PermitInvalid (closed)
}
