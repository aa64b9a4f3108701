package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
)

// hostile makes messages that pass the door and mean no good.
type hostile struct {
	*bench
	random *rand.Rand
	sender vaultnet.Signer
	others []vaultnet.Address
}

func (x *hostile) pick(n int) int { return x.random.IntN(n) }

func (x *hostile) key() vaultnet.PublicKey {
	if x.pick(2) == 0 {
		return x.houses[x.pick(len(x.houses))].id
	}
	return x.person(fmt.Sprint("puppet ", x.pick(50))).Public()
}

func (x *hostile) address() vaultnet.Address {
	switch x.pick(4) {
	case 0:
		return x.object
	case 1:
		return x.c.account
	case 2:
		return x.others[x.pick(len(x.others))]
	}
	return address(fmt.Sprint("random ", x.random.Uint32()))
}

func (x *hostile) set(a vaultnet.Address) *agreement.Set {
	keys := make(map[vaultnet.PublicKey]bool)
	var members []vaultnet.PublicKey
	for range 1 + x.pick(8) {
		if k := x.key(); !keys[k] {
			keys[k] = true
			members = append(members, k)
		}
	}
	if x.pick(2) == 0 && !keys[x.sender.Public()] && len(members) < 8 {
		members = append(members, x.sender.Public())
	}
	return agreement.NewSet(uint64(1+x.pick(5)), a, members)
}

func (x *hostile) digest() (d vaultnet.Digest) {
	d[0], d[1] = byte(x.random.Uint32()), 1
	return d
}

func (x *hostile) time() vaultnet.Time {
	return max(0, x.now.Add(time.Duration(x.pick(400)-200)*time.Second))
}

func (x *hostile) request(a vaultnet.Address) *agreement.Request {
	var body []byte
	var with wire.Attached
	if a.Kind == vaultnet.KindAccount {
		ops := []account.Operation{&account.CreateAccount{}, &account.Verify{}, &account.TopUp{Operations: 1 << 62},
			&account.DeleteGrant{Key: x.key(), Version: 1}, &account.IssuePermit{Allowances: []permit.Allowance{{Address: x.object, Count: 64}}}}
		body = account.Encode(ops[x.pick(len(ops))])
	} else {
		ms := []mutabledata.Mutation{insert(fmt.Sprint(x.pick(5)), "x"), &mutabledata.Put{Owner: x.key()},
			&mutabledata.ChangeOwner{Owner: x.key(), Version: 1}}
		body = mutabledata.Encode(ms[x.pick(len(ms))])
		if x.pick(2) == 0 {
			with.Permit = x.permit
		}
	}
	r := x.sign(x.sender, a, uint64(1+x.pick(3)), body, with).Request
	r.Deadline = x.time()
	r.Sign(x.network, x.sender)
	return wire.NewRequest(x.network, r, with)
}

func (x *hostile) message() wire.Message {
	a := x.address()
	switch x.pick(17) {
	case 0:
		return &wire.Submit{Request: x.request(a), Seen: vaultnet.Height(x.pick(1000))}
	case 1:
		r := x.request(a)
		w := r.Withdrawal()
		w.Sign(x.network, x.sender)
		return &wire.Withdraw{Withdraw: w}
	case 2:
		return &wire.Read{Call: 1, Address: address("x"), Query: []byte{1, 2, 3}}
	case 3:
		return &wire.GetOutcome{Call: 2, Address: a, Deadline: x.time(), ID: x.digest()}
	case 4:
		return &wire.GetView{Address: a}
	case 5:
		return &wire.GetSet{Address: a}
	case 6:
		return &wire.GetStatement{Address: a, Permit: x.digest(), Expires: x.time()}
	case 7:
		return &wire.PutChunk{Content: []byte("x"), Permit: x.permit}
	case 8:
		return &wire.GetChunk{Name: vaultnet.Name(x.digest()), Full: x.pick(2) == 0}
	case 9:
		return &wire.SetAnswer{Call: wire.Call(x.pick(100)), Address: a, Height: vaultnet.Height(x.pick(1000)), Set: x.set(a), Settled: true,
			Nearer: []vaultnet.PublicKey{x.key(), x.key()}}
	case 10:
		return &wire.ChunkAnswer{Call: wire.Call(x.pick(10)), Name: vaultnet.Name(x.digest()), Content: []byte("y")}
	case 11:
		p := &wire.Pointers{Done: x.pick(2) == 0, Ask: x.pick(2) == 0}
		for range x.pick(20) {
			a := x.address()
			p.List = append(p.List, wire.Pointer{Address: a, Set: x.set(a)})
		}
		return p
	case 12:
		return &wire.Invite{Address: a, Set: x.set(a)}
	case 13:
		c := &wire.Chunks{Held: x.pick(2) == 0}
		for range x.pick(50) {
			c.Names = append(c.Names, vaultnet.Name(x.digest()))
		}
		return c
	case 14:
		m := &wire.Leaving{Time: x.time(), Going: x.pick(2) == 0, By: &merkle.Attestation{Signer: x.sender.Public()}}
		m.By = attest(x.town, &house{signer: x.sender}, m.Leaf(x.network))
		return m
	case 15:
		b := &agreement.Bundle{Address: a, Height: vaultnet.Height(x.pick(1000)), Following: vaultnet.Height(x.pick(10))}
		if x.pick(2) == 0 {
			b.Want = &agreement.Want{Have: vaultnet.Height(x.pick(3)), At: vaultnet.Height(x.pick(3)), From: uint32(x.pick(5))}
		}
		if x.pick(3) == 0 {
			v := &agreement.Vote{Ballot: agreement.Ballot{Height: vaultnet.Height(1 + x.pick(5)), Type: agreement.Prevote, Block: x.digest(), Set: x.set(a).Digest()}}
			v.By = attest(x.town, &house{signer: x.sender}, v.Ballot.Leaf(x.network, a))
			b.Votes = []*agreement.Vote{v}
		}
		if x.pick(3) == 0 {
			b.Requests = []*agreement.Request{x.request(a)}
		}
		return &wire.Bundle{Bundle: b}
	}
	return &wire.Hello{Parameters: x.params}
}

// Whatever a few vaults and clients send, the others neither panic nor keep more than their bounds, and go on working.
func TestHostileMessages(t *testing.T) {
	n := 30_000
	if testing.Short() {
		n = 3000
	}
	b := newBench(t)
	x := &hostile{bench: b, random: rand.New(rand.NewPCG(1, 2))}
	for i := range 10 {
		a := address(fmt.Sprint("other ", i))
		b.c.put(a)
		x.others = append(x.others, a)
	}
	b.permit = b.c.permit(b.c.key, b.object, 64)
	liars, victims := b.houses[:2], b.houses[2:]
	for _, h := range liars {
		h.down = true
	}
	senders := []vaultnet.Signer{liars[0].signer, liars[1].signer, b.person("connection stranger")}
	b.guest("stranger")
	let := 0
	for range n {
		x.sender = senders[x.pick(len(senders))]
		m := x.message()
		if _, err := OpenMessage(m, x.sender.Public(), b.network, b.keys); err == nil {
			let++
		}
		b.post(x.sender.Public(), victims[x.pick(len(victims))].id, m)
		if x.pick(20) == 0 {
			b.run(10 * time.Millisecond)
		}
	}
	b.run(10 * time.Second)
	if let < n/2 {
		t.Fatalf("only %d of %d messages come through the door", let, n)
	}
	for _, h := range victims {
		v := h.core
		for what, x := range map[string][2]int{
			"free addresses": {v.free, maxFree}, "claims": {len(v.claims.at), maxClaims}, "parked requests": {v.holders.n, maxParked},
			"holders": {len(v.holders.at), maxHolders}, "peers": {len(v.peers.all), maxContacts}, "invitations": {len(v.invited.at), maxInvitations},
			"objects followed": {v.invited.following, maxFollowing}, "chunks being fetched": {len(v.chunks.fetching), maxFetching},
			"objects being read": {len(v.loading), 0}, "objects changing": {len(v.changes.active), maxChanging},
		} {
			if x[0] > x[1] {
				t.Errorf("%d %s, at most %d", x[0], what, x[1])
			}
		}
	}
	b.run(vaultnet.MaxDeadline + time.Minute)
	for _, h := range victims {
		if h.core.free > 0 {
			t.Errorf("%d free addresses are still remembered", h.core.free)
		}
		if len(h.core.askers) > 0 {
			t.Errorf("%d peers are still waited for", len(h.core.askers))
		}
	}
	for _, h := range liars {
		h.down = false
	}
	b.c.applied(b.c.mutate(b.object, b.c.permit(b.c.key, b.object, 1), insert("after all", "")), 5)
}
