package permit

import (
	"errors"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

func TestClose(t *testing.T) {
	p := good(1, allowances(3, 1, 2), 1)
	c, err := DecodeClose((&Close{Permit: p}).Encode())
	if err != nil || c.Permit.Full() != p.Full() {
		t.Fatal(err)
	}
	for _, b := range [][]byte{nil, {0x82, 6, 0}, p.Encode(), append([]byte{0x82, 5}, p.Encode()...),
		append([]byte{0x82, 6}, append(p.Encode(), 0)...)} {
		if _, err := DecodeClose(b); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%x: %v", b[:min(4, len(b))], err)
		}
	}
	if err := c.Check(start, app, object(2)); err != nil {
		t.Error("its requester may not:", err)
	}
	if err := c.Check(start, owner, object(2)); err != nil {
		t.Error("the account's owner may not:", err)
	}
	if err := c.Check(start, eve, object(2)); !errors.Is(err, refusal.AccessDenied) {
		t.Error("a stranger may:", err)
	}
	for want, err := range map[refusal.Reason]error{
		refusal.Address: c.Check(start, eve, object(1)),
		refusal.NotYet:  c.Check(start-1, app, object(2)),
		refusal.Expired: c.Check(start+10*second+1, app, object(2)),
		refusal.Missing: (&Close{}).Check(start, app, object(2)),
	} {
		if got := reason(t, err); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestCloseEndsUse(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	u, err := Usage{}.Use(p, start, false)
	if err != nil {
		t.Fatal(err)
	}
	u, err = u.Close(p, start+second, false)
	if err != nil {
		t.Fatal(err)
	}
	if n, closed, known := u.Used(p.Body.Digest(), p.Body.Expires); n != 1 || !closed || !known {
		t.Fatalf("%d %v %v", n, closed, known)
	}
	if _, err := u.Use(p, start+second, false); reason(t, err) != refusal.Closed {
		t.Error(err)
	}
	again, err := u.Close(p, start+2*second, true)
	if err != nil || again.Digest() != u.Digest() {
		t.Error("closing again changes something", err)
	}
	// What was never used can be closed too, and is remembered.
	q := good(2, allowances(3, 1), 0)
	u, err = u.Close(q, start, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Use(q, start, false); reason(t, err) != refusal.Closed || u.Len() != 2 {
		t.Error(err)
	}
	// What has expired cannot: its record may be gone, and one made anew would deny its use.
	if _, err := u.Close(good(3, allowances(3, 1), 0), start+10*second+1, false); reason(t, err) != refusal.Expired {
		t.Error(err)
	}
}

func TestStatement(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	u, _ := Usage{}.Use(p, start, false)
	u, _ = u.Use(p, start, false)
	d, expires := p.Body.Digest(), p.Body.Expires
	s, ok := u.State(object(1), d, expires, start)
	if want := (Statement{Address: object(1), Permit: d, Expires: expires, Used: 2}); !ok || s != want {
		t.Fatalf("%+v %v", s, ok)
	}
	if s, ok := u.State(object(1), d, expires, expires+minute); !ok || s.Used != 2 {
		t.Errorf("nothing is stated in the last moment: %+v", s)
	}
	if _, ok := u.State(object(1), d, expires, expires+minute+1); ok {
		t.Error("stated when its record may be gone")
	}
	if s, ok := (Usage{}).State(object(2), d, expires, 0); !ok || s.Used != 0 || s.Closed {
		t.Error("nothing was used where there is nothing")
	}
	// Who asks with an expiry that is not the permit's is told of no use, in a statement that names that expiry.
	if s, _ := u.State(object(1), d, expires-1, start); s.Used != 0 || s.Expires != expires-1 {
		t.Errorf("%+v", s)
	}
	u, _ = u.Close(p, start, false)
	closed, _ := u.State(object(1), d, expires, start)
	if !closed.Closed || closed.Used != 2 {
		t.Errorf("%+v", closed)
	}
	// Its leaf covers everything, the network too.
	seen := map[vaultnet.Digest]bool{s.Leaf(network): true, s.Leaf(vaultnet.NetworkID{1}): true, closed.Leaf(network): true}
	for _, change := range []func(*Statement){func(s *Statement) { s.Address = object(2) }, func(s *Statement) { s.Permit[0]++ },
		func(s *Statement) { s.Expires++ }, func(s *Statement) { s.Used++ }} {
		c := s
		change(&c)
		seen[c.Leaf(network)] = true
	}
	if len(seen) != 7 {
		t.Errorf("%d leaves of 7 statements", len(seen))
	}
}
