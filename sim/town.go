package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
)

// town is who and what a workload is about: people with accounts, their apps, and the objects that they share.
type town struct {
	people []*person
	things []*thing
	left   int    // operations to be begun still
	posts  []post // mutations whose outcome somebody does not know
}

// person is an owner of an account, with apps that may act for it.
type person struct {
	number  int
	signer  vaultnet.Signer
	apps    []*app
	made    bool   // the account exists, as far as its owner knows
	terms   uint64 // grants made
	version uint64 // of the account, as far as its owner knows
}

// app is a key that its owner grants, revokes, and grants again.
type app struct {
	owner  *person
	signer vaultnet.Signer
	// belief of the owner
	granted bool
}

// thing is an address that users put an object at.
type thing struct {
	number  int
	address vaultnet.Address
	owner   *person
	put     bool // somebody was told that it is there
}

// post is a mutation whose outcome is unknown to its author.
type post struct {
	address  vaultnet.Address
	identity vaultnet.Digest
	deadline vaultnet.Time
}

// belief is what a user takes an object to be: what it read last, and what it did since.
type belief struct {
	version uint64
	entries map[mutabledata.Key]uint64 // versions
}

func (k *person) account() vaultnet.Address { return vaultnet.AccountAddress(k.signer.Public()) }

// newTown makes the people and the addresses of a run.
func (w *world) newTown() *town {
	r := stream(w.options.Seed, "town")
	t := &town{left: w.options.Ops}
	key := func() vaultnet.Signer {
		var seed [32]byte
		fill(r, seed[:])
		return w.signer(seed)
	}
	n := max(1, w.options.Users*2/3)
	for i := range n {
		p := &person{number: i, signer: key()}
		for range 1 + r.IntN(3) {
			p.apps = append(p.apps, &app{owner: p, signer: key()})
		}
		t.people = append(t.people, p)
	}
	for i := range w.options.Objects {
		x := &thing{number: i, owner: t.people[i%n]}
		x.address = vaultnet.Address{Kind: vaultnet.KindMutableData, Tag: vaultnet.Tag(15000 + r.IntN(2))}
		fill(r, x.address.Name[:])
		if i > 0 && r.IntN(12) == 0 { // the same name under another tag is another object
			x.address.Name = t.things[i-1].address.Name
			x.address.Tag = t.things[i-1].address.Tag + 1
		}
		t.things = append(t.things, x)
	}
	return t
}

// drawTerms draws the terms of a grant: most live long, some run into one of their limits within the run.
func drawTerms(r *rand.Rand, now vaultnet.Time, n uint64) account.Terms {
	t := account.Terms{Label: fmt.Sprintf("app %d", n)}
	switch r.IntN(8) {
	case 0:
		t.Uses = 1 + r.Uint64N(12)
	case 1:
		t.Expires = now + 2_000 + vaultnet.Time(r.IntN(20_000))
	case 2:
		t.Idle = 3*time.Second + time.Duration(r.IntN(10_000))*time.Millisecond
	case 3:
		t.Temporary = true
	case 4:
		t.PermitLifetime = time.Duration(1_000+r.IntN(60_000)) * time.Millisecond
	case 5:
		t.Unverified = time.Duration(3_000+r.IntN(20_000)) * time.Millisecond
	}
	return t
}
