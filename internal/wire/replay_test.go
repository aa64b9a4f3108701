package wire

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
)

// refuses checks that a message is refused as a value and, where it can be sent at all, in a frame.
func refuses(t *testing.T, w *world, what string, m Message) {
	t.Helper()
	if err := Verify(m, w.network, w.v); !isRefusal(err) {
		t.Errorf("%s: as a value: %v", what, err)
	}
	frames, err := Encode([]Message{m})
	if err != nil {
		return
	}
	if _, err := Open(frames[0], w.network, w.v); !isRefusal(err) {
		t.Errorf("%s: in a frame: %v", what, err)
	}
}

// What was signed for one network counts in no other (ATTACKS 7).
func TestNothingSignedCountsInAnotherNetwork(t *testing.T) {
	w := newWorld()
	for _, m := range w.samples() {
		name := RowOf(m).Name
		elsewhere := *w
		elsewhere.network[0] ^= 1
		if len(signatures(reflect.ValueOf(m))) > 0 {
			refuses(t, &elsewhere, name, m)
		} else if err := Verify(m, elsewhere.network, w.v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was signed for one object counts for no other, be it only of another kind or tag (ATTACKS 7).
func TestNothingSignedCountsForAnotherObject(t *testing.T) {
	w := newWorld()
	near := data // all of these lie at one location, so the order of members is the same
	near.Tag++
	account := vaultnet.Address{Kind: vaultnet.KindAccount, Name: data.Name}
	far := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{99}, Tag: data.Tag}
	for name, b := range map[string]agreement.Bundle{
		"nothing":    {},
		"vote":       {Votes: []*agreement.Vote{w.vote(data, 0, agreement.Prevote)}},
		"proposal":   {Proposal: w.proposal(data)},
		"polka":      {Polka: w.certificate(data, agreement.Prevote)},
		"commit":     {Commit: w.certificate(data, agreement.Precommit)},
		"decided":    {Decided: w.decided()},
		"state":      {State: &agreement.StatePart{Decided: w.decided(), Total: 1, Records: []agreement.Record{{Value: []byte{1}}}}},
		"wish":       {Wishes: []*agreement.Wish{w.wish(data)}},
		"withdrawal": {Withdraw: []*vaultnet.Withdraw{w.withdraw()}},
		"request":    {Requests: []*agreement.Request{w.insert()}},
		"body":       {Decided: w.decided(w.insert())},
	} {
		b.Address = data
		if err := Verify(&Bundle{&b}, w.network, w.v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, a := range []vaultnet.Address{near, account, far} {
			moved := b
			moved.Address = a
			if name == "nothing" {
				if err := Verify(&Bundle{&moved}, w.network, w.v); err != nil {
					t.Errorf("a bundle without anything signed: %v", err)
				}
				continue
			}
			refuses(t, w, name+" at "+a.String(), &Bundle{&moved})
		}
	}
}

// covered lists what lies under a signature: changing any of it makes the message refused.
var covered = map[string][]string{
	"Withdraw":   {".Withdraw."},
	"Read":       {".Address", ".Query", ".Ask."},
	"PutChunk":   {".Permit.Body.", ".Permit.Allowance.", ".Permit.Path.", ".Permit.Signatures["},
	"Reply":      {".Permit.", ".Result"},
	"ViewAnswer": {".Address", ".Members", ".View."},
	"StatementAnswer": {
		".Statement.", ".By.",
	},
	"Leaving": {".Time", ".Going", ".By."},
	"Bundle": {".Proposal.Header.", ".Proposal.Round", ".Proposal.PolkaRound", ".Proposal.Polka.Ballot", ".Proposal.Proof.", ".Proposal.By.",
		".Votes[0].", ".Votes[1].", ".Polka.Ballot.", ".Commit.Ballot.", ".Decided.Certificate.Ballot.", ".Decided.Proof.Members",
		".Decided.Links[0].Certificate.Ballot.", ".State.Decided.Certificate.Ballot.", ".Withdraw[0].", ".Wishes[0]."},
}

// Every field of what is signed is covered by its signature: incarnation, height, round, type, sets, times and all
// (ATTACKS 7).
func TestSignaturesCoverWhatTheySay(t *testing.T) {
	w := newWorld()
	tested := map[string]int{}
	for _, m := range w.samples() {
		name := RowOf(m).Name
		if len(signatures(reflect.ValueOf(m))) == 0 {
			continue
		}
		for i, s := range spots(reflect.ValueOf(m), "", nil) {
			path := strings.Replace(s.path, ".Bundle", "", 1)
			under := slices.IndexFunc(covered[name], func(p string) bool { return strings.HasPrefix(path, p) })
			if under < 0 {
				continue
			}
			m := fresh(t, w, m)
			if nudge(spots(reflect.ValueOf(m), "", nil)[i].v) {
				refuses(t, w, name+path, m)
				tested[name+covered[name][under]]++
			}
		}
	}
	for name, prefixes := range covered {
		for _, p := range prefixes {
			if tested[name+p] == 0 {
				t.Errorf("nothing at %s%s", name, p)
			}
		}
	}
}

// nudge changes a value by as little as can be, and reports false where it leaves it as it is.
func nudge(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 {
			return false
		}
		v.Set(v.Slice(0, v.Len()-1))
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Array:
		b := v.Index(v.Len() - 1)
		b.SetUint(b.Uint() ^ 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() ^ 1)
	case reflect.Int64:
		v.SetInt(v.Int() ^ 1)
	default:
		return false
	}
	return true
}

// A request counts as it was signed, or not at all (ATTACKS 19).
func TestRequestsCountAsTheyWereSigned(t *testing.T) {
	w := newWorld()
	good := w.insert()
	if _, err := OpenRequest(w.network, good.Bytes, good.Attached, w.v); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*vaultnet.Request){
		"name":      func(r *vaultnet.Request) { r.Address.Name[0] ^= 1 },
		"tag":       func(r *vaultnet.Request) { r.Address.Tag++ },
		"requester": func(r *vaultnet.Request) { r.Requester = w.owner.Public() },
		"deadline":  func(r *vaultnet.Request) { r.Deadline++ },
		"set":       func(r *vaultnet.Request) { r.Set++ },
		"nonce":     func(r *vaultnet.Request) { r.Nonce[15] ^= 1 },
		"body":      func(r *vaultnet.Request) { r.Body = w.put().Body },
		"signature": func(r *vaultnet.Request) { r.Signature = w.put().Signature },
	} {
		bad := good.Request
		change(&bad)
		r := NewRequest(w.network, bad, Attached{Permit: w.permit(data)})
		if _, err := OpenRequest(w.network, r.Bytes, r.Attached, w.v); !isRefusal(err) {
			t.Errorf("another %s: %v", name, err)
		}
		refuses(t, w, "another "+name, &Submit{Request: r})
	}
	if _, err := OpenRequest(vaultnet.NetworkID{}, good.Bytes, good.Attached, w.v); !isRefusal(err) {
		t.Errorf("another network: %v", err)
	}
	copied := *good
	copied.Deadline++
	if err := Verify(&Submit{Request: &copied}, w.network, w.v); !isRefusal(err) {
		t.Errorf("a copy that says something else than its bytes: %v", err)
	}
	loaded, err := LoadRequest(w.network, good.Bytes, good.Attached)
	if err != nil || !reflect.DeepEqual(loaded, good) {
		t.Errorf("loaded another request: %v", err)
	}
}

// What travels with a request has to belong to it.
func TestAttachedFitsTheRequest(t *testing.T) {
	w := newWorld()
	a := vaultnet.AccountAddress(w.owner.Public())
	short := w.proof(data)
	short.Views = short.Views[:5]
	twice := w.proof(data)
	twice.Views[1] = twice.Views[0]
	unordered := w.proof(data)
	unordered.Members[0], unordered.Members[1] = unordered.Members[1], unordered.Members[0]
	shuffled := w.permit(data)
	shuffled.Signatures[0], shuffled.Signatures[1] = shuffled.Signatures[1], shuffled.Signatures[0]
	elsewhere := *w
	elsewhere.network[0] ^= 1
	put, insert, closing, create, grant := w.put().Request, w.insert().Request, w.close().Request, w.create().Request, w.grant().Request
	later := w.put().Request
	later.Set = 2
	later.Sign(w.network, w.app)
	for name, c := range map[string]struct {
		r    vaultnet.Request
		with Attached
		ok   bool
	}{
		"a put without a permit":       {put, Attached{}, true}, // refused by whoever applies it: PermitInvalid{missing}
		"a put with permit":            {put, Attached{Permit: w.permit(data)}, true},
		"a put with a proof":           {put, Attached{Proof: w.proof(data)}, true},
		"a put with a short proof":     {put, Attached{Proof: short}, false},
		"a put with a view twice":      {put, Attached{Proof: twice}, false},
		"a put with unordered members": {put, Attached{Proof: unordered}, false},
		"a put with another's proof":   {put, Attached{Proof: w.proof(a)}, false},
		"a put for set 2 with a proof": {later, Attached{Proof: w.proof(data)}, false},
		"an insert with a proof":       {insert, Attached{Proof: w.proof(data)}, false},
		"a close with a permit":        {closing, Attached{Permit: w.permit(data)}, false},
		"a close with a proof":         {closing, Attached{Proof: w.proof(data)}, false},
		"an account with a proof":      {create, Attached{Proof: w.proof(a)}, true},
		"an account with a permit":     {create, Attached{Permit: w.permit(data)}, false},
		"a grant with a proof":         {grant, Attached{Proof: w.proof(a)}, false},
		"a permit of another network":  {insert, Attached{Permit: elsewhere.permit(data)}, false},
		"a permit, signers unordered":  {insert, Attached{Permit: shuffled}, false},
	} {
		r := NewRequest(w.network, c.r, c.with)
		_, err := OpenRequest(w.network, r.Bytes, r.Attached, w.v)
		if c.ok && err != nil || !c.ok && !isRefusal(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := w.insert()
	if _, err := OpenRequest(w.network, r.Bytes, []byte{0x82, 0x80, 0x80}, w.v); !isRefusal(err) {
		t.Errorf("nothing attached, in three bytes: %v", err)
	}
}

// A body is of the kind that its address is of.
func TestBodiesFitTheirAddress(t *testing.T) {
	w := newWorld()
	a := vaultnet.AccountAddress(w.owner.Public())
	chunk := vaultnet.ChunkAddress(nil)
	for name, r := range map[string]vaultnet.Request{
		"a mutation at an account":   w.sign(w.owner, a, w.insert().Body),
		"a closing at an account":    w.sign(w.owner, a, w.close().Body),
		"an operation at a data":     w.sign(w.owner, data, w.grant().Body),
		"a mutation at a chunk":      w.sign(w.app, chunk, w.insert().Body),
		"an account with a tag":      w.sign(w.owner, vaultnet.Address{Kind: vaultnet.KindAccount, Name: a.Name, Tag: 1}, w.grant().Body),
		"a mutation at no kind":      w.sign(w.app, vaultnet.Address{Kind: 9}, w.insert().Body),
		"no body":                    w.sign(w.app, data, nil),
		"a body of one byte":         w.sign(w.app, data, []byte{0x80}),
		"a body with something more": w.sign(w.app, data, append(append([]byte{}, w.insert().Body...), 0)),
		"a deadline before 1970":     {Address: data, Deadline: -1, Set: 1, Body: w.insert().Body},
		"a request for set 0":        {Address: data, Deadline: now, Body: w.insert().Body},
	} {
		refuses(t, w, name, &Submit{Request: NewRequest(w.network, r, Attached{})})
	}
}
