package batch_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"vaultnet/client/batch"
	"vaultnet/client/keyring"
)

// A whole batch, as safe batch runs it. A client.Client is the network outside this example.
func ExampleRunner_Lines() {
	ring, err := keyring.Open("", keyring.MakeMissing)
	if err != nil {
		panic(err)
	}
	r := batch.Runner{Network: newFake(), Keys: ring}
	misunderstood, err := r.Lines(context.Background(), strings.NewReader(`{"op":"create-account","as":"alice"}
{"op":"put","as":"alice","address":{"name":"notes","tag":15000},"entries":{"first":"hello"}}
{"op":"mutate","as":"alice","address":{"name":"notes","tag":15000},"actions":{"first":{"update":"again","version":3}}}
{"op":"get-entry","address":{"name":"notes","tag":15000},"keys":"first"}
`), os.Stdout, 1)
	fmt.Println(misunderstood, err)
	// Output:
	// {"ok":true,"height":1}
	// {"ok":true,"height":1}
	// {"ok":false,"kind":"InvalidEntryActions","message":"InvalidEntryActions (\"first\": InvalidSuccessor 0)","errors":{"first":{"kind":"InvalidSuccessor","current":0}}}
	// {"ok":false,"kind":"InvalidRequest","message":"get-entry: unknown member \"keys\""}
	// true <nil>
}

// One operation: decoded, carried out, and its answer looked at.
func ExampleDecode() {
	o, err := batch.Decode([]byte(`{"op":"get-version","address":{"name":"nothing here"}}`))
	if err != nil {
		panic(err)
	}
	ring, _ := keyring.Open("", keyring.MakeMissing)
	r := batch.Runner{Network: newFake(), Keys: ring}
	a := r.Do(context.Background(), o)
	fmt.Println(o.Verb.Name, a.Refusal.Kind)
	// Output: get-version NoSuchData
}
