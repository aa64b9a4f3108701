package wire_test

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

func ExampleOpen() {
	network := vaultnet.LocalParameters().ID()
	keys := signature.NewRegistry(1) // outside simulations: signature.NewVerifier
	app := keys.Signer([32]byte{1})

	r := vaultnet.Request{
		Address:  vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}},
		Deadline: 1_700_000_000_000,
		Set:      3,
		Body:     mutabledata.Encode(&mutabledata.ChangeOwner{Owner: app.Public(), Version: 1}),
	}
	r.Sign(network, app)
	submit := &wire.Submit{Request: wire.NewRequest(network, r, wire.Attached{})}

	frames, err := wire.Encode([]wire.Message{submit})
	fmt.Println(len(frames), err)
	messages, err := wire.Open(frames[0], network, keys)
	fmt.Println(messages[0].(*wire.Submit).Request.Set, err)

	frames[0][len(frames[0])-10] ^= 1
	_, err = wire.Open(frames[0], network, keys)
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// 3 <nil>
	// InvalidRequest (request: signature)
}

func ExampleVerify() {
	keys := signature.NewRegistry(1)
	err := wire.Verify(&wire.Invite{}, vaultnet.LocalParameters().ID(), keys)
	fmt.Println(err)
	// Output:
	// frame: InvalidRequest (address: not one: 0000000000000000000000000000000000000000000000000000000000000000000000000000000000)
}
