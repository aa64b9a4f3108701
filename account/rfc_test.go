package account

import (
	"bytes"
	"testing"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Tests of what RFC 48 ("Authorise apps on behalf of the owner to mutate data", maidsafe/rfcs) says about client
// managers, which it calls Maid-Managers. Each names the section and the sentence it holds to, or how it departs.

// §Conventions: "an owner's Maid-Managers ... the address sha256::hash(owner's-MAID-sign-PublicKey)".
func TestRFC48Location(t *testing.T) {
	a := vaultnet.AccountAddress(owner)
	if a.Kind != vaultnet.KindAccount || a.Name != vaultnet.Name(owner) || a.Tag != 0 {
		t.Fatalf("address %+v", a)
	}
	if a.Location() != (vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(owner)}).Location() {
		t.Fatal("the location is not that of the owner's key")
	}
}

// §Detailed design: "Maid-Managers will keep a list of sign::PublicKey which is the representation of the apps the owner
// has allowed to mutate the network on their behalf."
func TestRFC48ListOfKeys(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.grant(other, Terms{})
	b, err := m.account.Read(Query{Grants: true}) // ListAuthKeysAndVersion
	if err != nil {
		t.Fatal(err)
	}
	v, err := DecodeView(b)
	if err != nil || len(v.Grants) != 2 || v.Grants[0].Key != app || v.Grants[1].Key != other || v.Version != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
}

// §The rules at Maid-Managers: "For all mutation requests, the sender app, recognised by its sign::PublicKey, must be
// listed with the Maid-Managers." Departure: asked once per permit and not per mutation.
func TestRFC48SenderMustBeListed(t *testing.T) {
	m := withAccount(t, 1000)
	m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.NeverGranted)
	m.grant(app, Terms{})
	m.issue(app, asked(1, 1))
	m.issue(owner, asked(1, 1)) // the owner itself is not in the list and needs not be
}

// §The rules at Maid-Managers: "The owner's account will be charged if required". Departure: operations are reserved
// when the permit is issued and charged as used.
func TestRFC48OwnerIsCharged(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	n := m.issue(app, asked(3, 1))
	m.must(app, m.settlement(n, 0, 2, true))
	m.balance(2, 0, 998)
}

// §The rules at Maid-Managers: "the Maid-Managers will assert that the requester is the sign key of the app that made
// the request". Here the permit names it, and Data-Managers refuse it from any other.
func TestRFC48PermitNamesTheRequester(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	if b := m.bodies[m.issue(app, asked(3, 1))]; b.Requester != app || b.Account != owner {
		t.Fatalf("%+v", b)
	}
}

// §The rules at Maid-Managers, struct Account { data_stored, space_available, auth_keys, version }.
// Departure: what is counted are operations, and some of them are held by permits.
func TestRFC48AccountInfo(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.must(app, m.settlement(m.issue(app, asked(3, 1)), 0, 3, true))
	b, _ := m.account.Read(Query{Grants: true})
	v, err := DecodeView(b)
	if err != nil || v.Done != 3 || v.Available != 997 || len(v.Grants) != 1 || v.Version != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
}

// §The rules at Maid-Managers: "The Maid-Managers shall enforce that auth-key management is only allowed by the owner of
// the account".
func TestRFC48OnlyTheOwnerManagesKeys(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.refused(app, &InsertGrant{Key: other, Version: 2}, refusal.AccessDenied)
	m.refused(app, &DeleteGrant{Key: app, Version: 2}, refusal.AccessDenied)
	m.refused(app, &RevokeAll{}, refusal.AccessDenied)
}

// §The rules at Maid-Managers: ins_auth_key(key, version) and del_auth_key(key, version); "To know the current version
// ... the get_auth_keys_and_version rpc shall be used."
func TestRFC48KeysCarryVersions(t *testing.T) {
	m := withAccount(t, 1000)
	m.refused(owner, &InsertGrant{Key: app, Version: 0}, refusal.InvalidSuccessor)
	m.must(owner, &InsertGrant{Key: app, Version: 1})
	m.refused(owner, &DeleteGrant{Key: app, Version: 1}, refusal.InvalidSuccessor)
	m.must(owner, &DeleteGrant{Key: app, Version: 2})
}

// §The rules at Data-Managers: "All mutations need to be come via Maid-Managers." Departure: they carry the managers'
// permit instead of travelling through them; it says all that the managers would have vouched for.
func TestRFC48PermitStandsForTheManagers(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	n := m.issue(app, asked(3, 1))
	s := m.settlement(n, 0, 0, true)
	p := permit.Permit{Body: m.bodies[n], Allowance: s.Allowance, Path: s.Path, Signatures: s.Statements}
	if err := p.Check(m.at, app, object(1)); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(m.at, app, object(2)); err == nil {
		t.Fatal("a permit for anything")
	}
}

// §Revocation: the owner deletes sign_pk; "Hence the app can no longer perform any mutating operations on behalf of the
// owner now as the owner's Maid-Managers will reject it not finding it in the list." Departure: permits that are out
// last until T, which the answer says.
func TestRFC48Revocation(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	n := m.issue(app, asked(3, 1))
	r := m.must(owner, &DeleteGrant{Key: app, Version: 2}).(*Revoked)
	m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
	if r.Until != m.bodies[n].Expires {
		t.Fatalf("until %v, want %v", r.Until, m.bodies[n].Expires)
	}
}

// §The rules for Authenticator: a key pair per app is mapped against the owner's account; several live side by side, and
// each is its own.
func TestRFC48KeyPerApp(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.grant(other, Terms{})
	m.must(owner, &DeleteGrant{Key: app, Version: 3})
	m.issue(other, asked(1, 1))
	if bytes.Equal(app[:], other[:]) {
		t.Fatal("one key")
	}
}
