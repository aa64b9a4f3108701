package permit

import (
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// What RFC 48 ("Authorise apps on behalf of the owner to mutate data", maidsafe/rfcs) asks of Data-Managers towards
// Maid-Managers, as far as a permit stands for it.

// §The rules at Data-Managers: "All mutations need to be come via Maid-Managers." Departure: they come with a permit
// that the managers signed; without it, or with too few of them, a mutation is refused.
func TestRFC48MutationsComeViaManagers(t *testing.T) {
	_, err := Decode(nil)
	if reason(t, err) != refusal.Missing {
		t.Error(err)
	}
	p := good(1, allowances(3, 1), 0)
	if Managers(p, []vaultnet.PublicKey{app, eve, owner}) >= vaultnet.Weak(8) {
		t.Error("anybody is a manager")
	}
}

// §The rules at Data-Managers: "Data-Managers will use the group authority to trust the requester of the mutation": the
// requester is who the permit names, and nobody can put another in its place.
func TestRFC48RequesterIsAsserted(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	if got := reason(t, p.Check(start, eve, object(1))); got != refusal.Requester {
		t.Error(got)
	}
	p.Body.Requester = eve
	if p.Check(start, eve, object(1)) != nil || p.Verify(network, verifier) {
		t.Error("the requester can be exchanged")
	}
}

// §The rules at Maid-Managers: "The owner's account will be charged if required": the permit says whose.
func TestRFC48TheAccountIsNamed(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	p.Body.Account = eve
	if p.Verify(network, verifier) {
		t.Error("the paying account can be exchanged")
	}
}
