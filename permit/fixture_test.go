package permit

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
)

const (
	second = vaultnet.Time(1000)
	minute = 60 * second
	start  = vaultnet.Time(1_700_000_000_000)
)

var (
	network         = vaultnet.DefaultParameters().ID()
	owner, app, eve = key(1), key(2), key(3)
	verifier        = signature.NewVerifier(10_000)
	managers        = func() (all [8]*signature.Key) {
		for i := range all {
			all[i] = signature.NewKey([32]byte{byte(i + 1)})
		}
		return all
	}()
)

func key(n int) (k vaultnet.PublicKey) {
	binary.BigEndian.PutUint32(k[:], uint32(n))
	k[31] = 1
	return k
}

func object(n int) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(key(n)), Tag: 15000}
}

func allowances(count uint16, objects ...int) (all []Allowance) {
	for _, i := range objects {
		all = append(all, Allowance{Address: object(i), Count: count})
	}
	return all
}

// body is a good one: for app, issued at start, for ten seconds.
func body(id byte, list []Allowance) Body {
	b := Body{Account: owner, Requester: app, ID: vaultnet.Digest{id}, Issued: start, Expires: start + 10*second,
		Verified: start - second, Root: Tree(list).Root(), Width: uint32(len(list))}
	for _, a := range list {
		b.Total += uint32(a.Count)
	}
	return b
}

// signed are the attestations of the first n managers, each made in a turn with other statements.
func signed(b Body, n int) (all []merkle.Attestation) {
	for i, m := range managers[:n] {
		leaves := make([]vaultnet.Digest, i+3)
		leaves[i] = b.Leaf(network)
		all = append(all, merkle.Attest(network, m, leaves)[i])
	}
	return all
}

// bare is a permit for list[i] with one made-up signature, for what does not verify any.
func bare(b Body, list []Allowance, i int) *Permit {
	p, ok := Assemble(b, list, i, []merkle.Attestation{{Signer: key(99)}})
	if !ok {
		panic("not well formed")
	}
	return p
}

// good is a permit for list[i] signed by five managers.
func good(id byte, list []Allowance, i int) *Permit {
	b := body(id, list)
	p, ok := Assemble(b, list, i, signed(b, 5))
	if !ok {
		panic("not well formed")
	}
	return p
}
