package mutabledata_test

import (
	"errors"
	"fmt"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func Example() {
	owner, app := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	by := mutabledata.Context{Requester: app, Payer: owner}

	var object *mutabledata.Object // an address that holds nothing
	object, _, err := object.Apply(&mutabledata.Put{
		Owner: owner,
		Permissions: []mutabledata.Permission{
			{User: mutabledata.UserOf(app), Set: mutabledata.PermissionSet(0).Allow(mutabledata.Insert)},
		},
	}, by)
	fmt.Println("put:", err)

	note := mutabledata.EntryAction{Key: "note", Do: mutabledata.InsertEntry, Content: []byte("hello")}
	object, result, err := object.Apply(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{note}}, by)
	fmt.Println("insert:", result.Versions, err)

	_, _, err = object.Apply(&mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: "note", Do: mutabledata.DeleteEntry, Version: 1},
	}}, by)
	fmt.Println("delete:", err, errors.Is(err, refusal.AccessDenied))

	read := mutabledata.GetValue{Key: "note"}
	answer, _ := object.Read(read)
	value, _ := read.Decode(answer)
	fmt.Printf("read: %s, version %d\n", value.Content, value.Version)
	// Output:
	// put: <nil>
	// insert: [0] <nil>
	// delete: AccessDenied true
	// read: hello, version 0
}

func ExampleSort() {
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: "seal", Do: mutabledata.ExpectAbsent},
		{Key: "b", Do: mutabledata.InsertEntry},
	}}
	mutabledata.Sort(m)
	_, err := mutabledata.Decode(mutabledata.Encode(m))
	fmt.Println(m.Actions[0].Key, m.Actions[1].Key, err)
	// Output: b seal <nil>
}

func ExampleInFlight() {
	insert := func(k mutabledata.Key) mutabledata.Mutation {
		return &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: k, Do: mutabledata.InsertEntry}}}
	}
	pending := []mutabledata.Mutation{insert("a"), insert("b")}
	fmt.Println(mutabledata.InFlight(pending, insert("b")))
	fmt.Println(mutabledata.InFlight(pending, insert("c")))
	// Output:
	// MutationInProgress (keys ["b"])
	// <nil>
}
