package agreement

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// One member of a set of one decides alone. A vault would sign each leaf with its turn's root, make the records durable,
// and only then send and reply.
func Example() {
	p := vaultnet.LocalParameters()
	cfg := Config{Network: p.ID(), Parameters: p, Self: vault(1)}
	address := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{1}}
	alone := NewSet(1, address, []vaultnet.PublicKey{vault(1)})
	r := &Request{Request: vaultnet.Request{Address: address, Deadline: 5_000, Set: 1, Body: []byte("1=hello")}}
	r.ID = r.Identity(cfg.Network)
	r.Proof = &SetProof{Members: alone.Members, Views: []View{{Time: 1_000, By: &merkle.Attestation{Signer: vault(1)}}}}

	o := New(&cfg, address)
	out := o.Step(1_000, &opinion{}, Input{From: client, Submit: r})
	for range out.Sign {
		// fill in leaf.By
	}
	records := 0
	if out.Record {
		records = len(o.Record())
	}
	fmt.Println(len(out.Sign), "statements,", records > 0, "records,", len(out.Send), "messages")
	for _, reply := range out.Replies {
		fmt.Println(reply.words(), string(reply.Result))
	}
	fmt.Println("height", o.Height(), "idle", o.Idle())
	// Output:
	// 3 statements, true records, 0 messages
	// applied 1 hello
	// height 1 idle true
}
