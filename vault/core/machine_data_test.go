package core

import (
	"errors"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// A right that is only being taken away is not yet gone: who needs it is told to wait, not that access is denied.
func TestWhatIsDeniedByAnUndecidedChangeWaits(t *testing.T) {
	owner, stranger := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	request := func(by vaultnet.PublicKey, m mutabledata.Mutation) *agreement.Request {
		d := &wire.Mutation{Mutation: m, Permit: &permit.Permit{Body: permit.Body{Account: owner}}}
		return &agreement.Request{Request: vaultnet.Request{Requester: by}, Decoded: d}
	}
	put := &mutabledata.Put{Owner: owner, Permissions: []mutabledata.Permission{
		{User: mutabledata.Anyone, Set: mutabledata.PermissionSet(0).Allow(mutabledata.Insert)}}}
	var none *mutabledata.Object
	object, _, err := none.Apply(put, mutabledata.Context{Requester: owner, Payer: owner})
	if err != nil {
		t.Fatal(err)
	}
	m := &dataMachine{object: object}
	pending := []*agreement.Request{request(owner, &mutabledata.DelUserPermissions{User: mutabledata.Anyone, Version: 1})}
	r := request(stranger, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "k", Do: mutabledata.InsertEntry}}})
	if err := m.checkRow(nil, r.Decoded.(*wire.Mutation), r); err != nil {
		t.Fatalf("alone: %v", err)
	}
	var e *refusal.Error
	if err := m.checkRow(pending, r.Decoded.(*wire.Mutation), r); !errors.As(err, &e) || e.Kind != refusal.MutationInProgress || !e.Detail.Shell {
		t.Fatalf("beside an undecided change of rights: %v", err)
	}
	if m.object, _, err = object.Apply(&mutabledata.DelUserPermissions{User: mutabledata.Anyone, Version: 1},
		mutabledata.Context{Requester: owner, Payer: owner}); err != nil {
		t.Fatal(err)
	}
	if err := m.checkRow(nil, r.Decoded.(*wire.Mutation), r); !errors.Is(err, refusal.AccessDenied) {
		t.Fatalf("after it: %v", err)
	}
}
