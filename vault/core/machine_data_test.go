package core

import (
	"errors"
	"fmt"
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

// What has no room only beside undecided mutations is not refused for good: they may never be applied.
func TestWhatFitsWithoutTheUndecidedWaits(t *testing.T) {
	owner := vaultnet.PublicKey{1}
	by := mutabledata.Context{Requester: owner, Payer: owner}
	request := func(key mutabledata.Key) (*agreement.Request, *wire.Mutation) {
		d := &wire.Mutation{Permit: &permit.Permit{Body: permit.Body{Account: owner}}, Mutation: &mutabledata.MutateEntries{
			Actions: []mutabledata.EntryAction{{Key: key, Do: mutabledata.InsertEntry}}}}
		return &agreement.Request{Request: vaultnet.Request{Requester: owner}, Decoded: d}, d
	}
	put := &mutabledata.Put{Owner: owner}
	for i := range vaultnet.MaxEntries - 1 {
		put.Entries = append(put.Entries, mutabledata.Entry{Key: mutabledata.Key(fmt.Sprintf("%03d", i))})
	}
	var none *mutabledata.Object
	object, _, err := none.Apply(put, by)
	if err != nil {
		t.Fatal(err)
	}
	m := &dataMachine{object: object}
	first, decoded := request("a")
	second, other := request("b")
	if err := m.checkRow(nil, decoded, first); err != nil {
		t.Fatalf("the last entry: %v", err)
	}
	if err := m.checkRow([]*agreement.Request{first}, other, second); !errors.Is(err, refusal.TooManyMutations) {
		t.Fatalf("one more beside it: %v", err)
	}
	if m.object, _, err = object.Apply(decoded.Mutation, by); err != nil {
		t.Fatal(err)
	}
	if err := m.checkRow(nil, other, second); !errors.Is(err, refusal.TooManyEntries) {
		t.Fatalf("one more after it: %v", err)
	}
}
