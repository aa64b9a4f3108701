package vaultnet_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/signature"
)

func someRequest() vaultnet.Request {
	return vaultnet.Request{
		Address:   vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(bytes.Repeat([]byte{2}, 32)), Tag: 5},
		Requester: vaultnet.PublicKey(bytes.Repeat([]byte{3}, 32)),
		Deadline:  6,
		Set:       7,
		Nonce:     vaultnet.Nonce(bytes.Repeat([]byte{4}, 16)),
		Body:      []byte("body"),
	}
}

var someNetwork = vaultnet.NetworkID(bytes.Repeat([]byte{1}, 32))

func TestIdentity(t *testing.T) {
	r := someRequest()
	got := r.Identity(someNetwork)
	if hex.EncodeToString(got[:]) != "3130782ada45f292b32aef1d9fbffb82a4ae291078f652bb903dbbbeda7a4314" {
		t.Errorf("identity %x", got[:])
	}
}

// Every field but the signature: what is not covered could be changed by whoever passes the request on.
func TestIdentityCoversEveryField(t *testing.T) {
	seen := map[vaultnet.Digest]string{}
	add := func(name string, network vaultnet.NetworkID, change func(*vaultnet.Request)) {
		r := someRequest()
		change(&r)
		id := r.Identity(network)
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s have one identity", name, other)
		}
		seen[id] = name
	}
	add("the request", someNetwork, func(*vaultnet.Request) {})
	add("another network", vaultnet.NetworkID{9}, func(*vaultnet.Request) {})
	add("another kind", someNetwork, func(r *vaultnet.Request) { r.Address.Kind = vaultnet.KindAccount })
	add("another name", someNetwork, func(r *vaultnet.Request) { r.Address.Name[31] ^= 1 })
	add("another tag", someNetwork, func(r *vaultnet.Request) { r.Address.Tag++ })
	add("another requester", someNetwork, func(r *vaultnet.Request) { r.Requester[0] ^= 1 })
	add("another deadline", someNetwork, func(r *vaultnet.Request) { r.Deadline++ })
	add("another set", someNetwork, func(r *vaultnet.Request) { r.Set++ })
	add("another nonce", someNetwork, func(r *vaultnet.Request) { r.Nonce[15] ^= 1 })
	add("another body", someNetwork, func(r *vaultnet.Request) { r.Body = []byte("bodY") })
	add("no body", someNetwork, func(r *vaultnet.Request) { r.Body = nil })

	r, s := someRequest(), someRequest()
	s.Signature[0] = 1
	if r.Identity(someNetwork) != s.Identity(someNetwork) {
		t.Error("the signature is covered: a request would be applied once per signature")
	}
}

func TestAWithdrawalNamesItsRequest(t *testing.T) {
	k := signature.NewKey([32]byte{1})
	v := signature.NewVerifier(0)
	r := someRequest()
	r.Sign(someNetwork, k)
	if !r.Verify(someNetwork, v) || r.Requester != k.Public() {
		t.Fatal("signed request refused")
	}
	w := r.Withdrawal()
	if w.Identity(someNetwork) != r.Identity(someNetwork) {
		t.Fatal("the withdrawal is of another request")
	}
	if w.Verify(someNetwork, v) {
		t.Error("an unsigned withdrawal is good")
	}
	w.Signature = r.Signature
	if w.Verify(someNetwork, v) {
		t.Error("whoever saw the request can withdraw it")
	}
	w.Sign(someNetwork, k)
	if !w.Verify(someNetwork, v) {
		t.Error("signed withdrawal refused")
	}
	r.Signature = w.Signature
	if r.Verify(someNetwork, v) {
		t.Error("the withdrawal's signature signs the request")
	}
	w.Deadline++
	if w.Verify(someNetwork, v) || w.Identity(someNetwork) == r.Identity(someNetwork) {
		t.Error("a withdrawal changed on its way is good")
	}
}

func TestARequestIsGoodInOneNetworkOnly(t *testing.T) {
	v := signature.NewVerifier(0)
	r := someRequest()
	r.Sign(someNetwork, signature.NewKey([32]byte{1}))
	if r.Verify(vaultnet.NetworkID{9}, v) {
		t.Error("replayed in another network")
	}
	r.Body = append(r.Body, '!')
	if r.Verify(someNetwork, v) {
		t.Error("good with another body")
	}
}

func ExampleRequest() {
	network := vaultnet.DefaultParameters().ID()
	key := signature.NewKey([32]byte{1}) // any vaultnet.Signer
	r := vaultnet.Request{
		Address:  vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{0xaa}, Tag: 15000},
		Deadline: 1_700_000_000_000,
		Set:      1,
		Nonce:    vaultnet.Nonce{7}, // from a random source
		Body:     []byte("what to do, encoded"),
	}
	r.Sign(network, key)
	fmt.Println(r.Address, r.Verify(network, signature.NewVerifier(100)))

	w := r.Withdrawal() // never apply it again
	w.Sign(network, key)
	fmt.Println(w.Identity(network) == r.Identity(network))
	// Output:
	// MutableData aa000000/15000 true
	// true
}
