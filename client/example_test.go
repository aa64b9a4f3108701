package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
	"vaultnet/sim/localnet"
)

// network runs a network for an example; elsewhere it is client.Local or client.Connect that finds one.
func network() (c *client.Client, stop func()) {
	net, err := localnet.New(context.Background(), localnet.Config{Vaults: 4})
	if err != nil {
		log.Fatal(err)
	}
	c, err = net.Connect(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	return c, func() { c.Close(); net.Close() }
}

// A person stores an object, and another one adds to it.
func Example() {
	ctx := context.Background()
	c, stop := network() // client.Local(ctx), with simnet running
	defer stop()

	alice, bob := client.Actor{Key: client.NewKey()}, client.Actor{Key: client.NewKey()}
	for _, person := range []client.Actor{alice, bob} {
		if _, err := c.CreateAccount(ctx, person); err != nil {
			log.Fatal(err)
		}
	}

	notes := client.Address("notes", 15000)
	_, err := c.Put(ctx, alice, notes, client.Object{
		Entries: map[mutabledata.Key][]byte{"first": []byte("hello")},
		Permissions: map[mutabledata.User]mutabledata.PermissionSet{
			mutabledata.UserOf(bob.Key.Public()): client.Allow(mutabledata.Insert),
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.Mutate(ctx, bob, notes, client.Insert("second", []byte("hi")))
	fmt.Println("bob inserts:", err)
	_, err = c.Mutate(ctx, bob, notes, client.Delete("first", 1))
	fmt.Println("bob deletes:", errors.Is(err, refusal.AccessDenied))

	entries, _, err := c.GetEntries(ctx, notes)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entries {
		fmt.Printf("%s: %s\n", e.Key, e.Value.Content)
	}
	// Output:
	// bob inserts: <nil>
	// bob deletes: true
	// first: hello
	// second: hi
}

// Several changes happen together or not at all, and say which versions they gave.
func ExampleClient_Mutate() {
	ctx := context.Background()
	c, stop := network()
	defer stop()
	alice := client.Actor{Key: client.NewKey()}
	list := client.Address("list", 1)
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		log.Fatal(err)
	}
	if _, err := c.Put(ctx, alice, list, client.Object{Entries: map[mutabledata.Key][]byte{"title": []byte("draft")}}); err != nil {
		log.Fatal(err)
	}

	done, err := c.Mutate(ctx, alice, list,
		client.Update("title", []byte("final"), 1),
		client.Insert("item", []byte("bread")),
		client.ExpectAbsent("closed"))
	fmt.Println(done.Versions, err)

	_, err = c.Mutate(ctx, alice, list, client.Update("title", []byte("again"), 1), client.Insert("item", nil))
	var refused *refusal.Error
	if errors.As(err, &refused) {
		for _, p := range refused.Detail.Entries {
			fmt.Println(p.Key, p.Kind, p.Version)
		}
	}
	// Output:
	// map[item:0 title:1] <nil>
	// item EntryExists 0
	// title InvalidSuccessor 1
}

// An app writes on its owner's account, until the owner revokes it.
func ExampleClient_Grant() {
	ctx := context.Background()
	c, stop := network()
	defer stop()
	alice := client.Actor{Key: client.NewKey()}
	app := client.Actor{Key: client.NewKey(), Account: alice.Key.Public()}
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		log.Fatal(err)
	}

	_, err := c.Put(ctx, app, client.Address("of the app", 1), client.Object{})
	fmt.Println("without a grant:", errors.Is(err, refusal.GrantInvalid))

	granted, err := c.Grant(ctx, alice, app.Key.Public(), account.Terms{Label: "notes"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Put(ctx, app, client.Address("of the app", 1), client.Object{})
	fmt.Println("with one:", err)

	revoked, err := c.DeleteGrant(ctx, alice, app.Key.Public(), granted.Version+1) // Revoke also waits for permits that are out
	fmt.Println("revoked:", revoked.Version, err)
	// Output:
	// without a grant: true
	// with one: <nil>
	// revoked: 2 <nil>
}

// Content of up to 1 MiB is stored under its own hash.
func ExampleClient_PutChunk() {
	ctx := context.Background()
	c, stop := network()
	defer stop()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		log.Fatal(err)
	}

	name, err := c.PutChunk(ctx, alice, []byte("hello"))
	if err != nil {
		log.Fatal(err)
	}
	content, err := c.GetChunk(ctx, name)
	fmt.Printf("%x %s %v\n", name[:4], content, err)
	// Output: 2cf24dba hello <nil>
}

// A change whose outcome could not be had in time is settled later.
func ExampleClient_Outcome() {
	ctx := context.Background()
	c, stop := network()
	defer stop()
	alice := client.Actor{Key: client.NewKey()}
	receipt, err := c.CreateAccount(ctx, alice)
	if err != nil {
		log.Fatal(err) // with Detail.OutcomeUnknown the receipt is good all the same
	}

	outcome, height, err := c.Outcome(ctx, receipt)
	fmt.Println(outcome, height, err)
	// Output: applied 1 <nil>
}

// Connecting by a network file. It is not run here.
func ExampleConnect() {
	ctx := context.Background()
	c, err := client.Connect(ctx, client.Config{
		Parameters: vaultnet.LocalParameters(),
		Bootstrap:  []string{"/ip4/127.0.0.1/tcp/47000/p2p/12D3KooWLqPxu3fuceHKgpWwoTfTZYhWMgATtA31xeooWtpB18C4"},
	})
	var nobody *client.UnreachableError
	if errors.As(err, &nobody) {
		log.Fatalf("nobody at %v", nobody.Tried)
	} else if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}
