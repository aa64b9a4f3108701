package op_test

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// A driver carries messages one way and completions the other. Here it is written out for one chunk and one vault.
func ExampleClient() {
	parameters := vaultnet.LocalParameters()
	parameters.GroupSize = 1
	c := op.New(op.Config{Parameters: parameters, Verifier: signature.NewRegistry(1)})
	vault := vaultnet.PublicKey{1}
	content := []byte("immutable")

	now := vaultnet.Time(1_700_000_000_000)
	c.Step(now, []op.Input{op.PeerUp(vault)})
	ticket := c.Start(now, op.GetChunk{Name: vaultnet.ChunkAddress(content).Name})
	for _, e := range c.Output().Send {
		for _, m := range e.Messages {
			ask := m.(*wire.GetChunk)
			fmt.Printf("to vault %s: %T\n", e.To.Short(), m)
			now = now.Add(20 * time.Millisecond)
			c.Step(now, []op.Input{op.Message(vault, &wire.ChunkAnswer{Call: ask.Call, Name: ask.Name, Content: content})})
		}
	}
	for _, d := range c.Output().Done {
		fmt.Printf("done %t: %s\n", d.Ticket == ticket, d.Result)
	}
	// Output:
	// to vault 01000000: *wire.GetChunk
	// done true: immutable
}

// An operation always completes by its timeout, here among no vaults at all; the DHT is asked for some meanwhile.
func ExampleClient_Start() {
	c := op.New(op.Config{Parameters: vaultnet.LocalParameters(), Verifier: signature.NewRegistry(1)})
	now := vaultnet.Time(1_700_000_000_000)
	start := now
	c.Start(now, op.Read{
		Address: vaultnet.Address{Kind: vaultnet.KindMutableData, Tag: 15000},
		Query:   mutabledata.GetEntries{},
		Options: op.Options{Timeout: 3 * time.Second},
	})
	lookups := 0
	for {
		out := c.Output()
		lookups += len(out.Lookups)
		if len(out.Done) > 0 {
			fmt.Println(out.Done[0].Err, "after", now.Sub(start), "and", lookups, "lookup")
			return
		}
		now = out.Alarm
		c.Step(now, nil)
	}
	// Output:
	// read: MutableData 00000000/15000: Unavailable after 3s and 1 lookup
}
