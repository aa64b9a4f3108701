package account

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// operations is one of each kind, with every field set and with none.
func operations(t fataler) []Operation {
	m := withAccount(t, 10000)
	n := m.issue(owner, asked(10, 1, 2, 3, 4, 5))
	settle := m.settlement(n, 3, 7, true)
	settle.Statements = []merkle.Attestation{{Signer: key(1), Signature: vaultnet.Signature{7}},
		{Signer: key(2), Path: merkle.Path{Index: 1, Width: 2, Siblings: []vaultnet.Digest{{5}}}}}
	except := make([]vaultnet.PublicKey, vaultnet.MaxGrants)
	for i := range except {
		except[i] = key(i)
	}
	most := asked(64)
	for i := range vaultnet.MaxPermitAddresses {
		most.Allowances = append(most.Allowances, allow(object(i), 64))
	}
	most.Lifetime = 24 * time.Hour
	return []Operation{
		&CreateAccount{}, &Verify{}, &TopUp{Operations: 1}, &TopUp{Operations: 1<<63 - 1},
		&InsertGrant{Key: app},
		&InsertGrant{Key: app, Version: 1<<64 - 1, Terms: Terms{Label: "Ä phone", Expires: start, Uses: 7, Idle: time.Hour,
			Temporary: true, PermitLifetime: 24 * time.Hour, Unverified: time.Millisecond}},
		&DeleteGrant{Key: app, Version: 3}, &DeleteGrant{},
		&RevokeAll{}, &RevokeAll{Temporary: true, Except: except},
		asked(1, 1), most, m.settlement(n, 0, 0, false), settle,
	}
}

func TestOperationsSurvive(t *testing.T) {
	for _, op := range operations(t) {
		b := Encode(op)
		if len(b) > MaxBody {
			t.Errorf("%v: %d bytes", op.Code(), len(b))
		}
		got, err := Decode(b)
		if err != nil {
			t.Errorf("%v: %v", op.Code(), err)
			continue
		}
		if d := cmp.Diff(op, got, cmp.Comparer(bytes.Equal), cmpEmpty); d != "" {
			t.Errorf("%v: %s", op.Code(), d)
		}
		if b[1] != byte(op.Code()) {
			t.Errorf("%v begins with %x", op.Code(), b[:2])
		}
		for i := range b { // cut anywhere
			if _, err := Decode(b[:i]); !errors.Is(err, refusal.InvalidRequest) {
				t.Fatalf("%v cut to %d bytes: %v", op.Code(), i, err)
			}
			if len(b) > 2000 && i > 200 {
				break
			}
		}
		if _, err := Decode(append(b, 0)); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%v with a byte more: %v", op.Code(), err)
		}
	}
}

// cmpEmpty takes no keys for no keys, and looks past the array marks.
var cmpEmpty = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore()),
	cmp.FilterValues(func(a, b []vaultnet.PublicKey) bool { return len(a)+len(b) == 0 }, cmp.Ignore()),
	cmp.FilterValues(func(a, b []vaultnet.Digest) bool { return len(a)+len(b) == 0 }, cmp.Ignore()),
}

func TestDecodeRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, {}, {0x81}, {0x81, 0}, {0x81, 9}, {0x81, 0x18, 1}, {0x82, 1, 0}, {0x41, 1}, {1, 1}, {0x81, 1, 0},
		{0x98, 1, 1}, {0x82, 5, 0}, {0x82, 5, 0x20}, {0xa1, 1, 1}, Encode(&InsertGrant{}),
		Encode(&InsertGrant{Key: app, Terms: Terms{Idle: -time.Second}}),
		Encode(&InsertGrant{Key: app, Terms: Terms{Label: "\xff"}}), Encode(asked(1)), Encode(asked(65, 1)),
		Encode(&RevokeAll{Except: make([]vaultnet.PublicKey, 1001)}), Encode(&Settle{})} {
		if op, err := Decode(b); !errors.Is(err, refusal.InvalidRequest) || op != nil {
			t.Errorf("%x: %v, %v", b[:min(len(b), 20)], op, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, op := range operations(f) {
		f.Add(Encode(op))
	}
	base := busy(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		op, err := Decode(b)
		if err != nil {
			if !errors.Is(err, refusal.InvalidRequest) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(Encode(op), b) {
			t.Fatal("two encodings of one operation")
		}
		for _, by := range []vaultnet.PublicKey{owner, app, stranger} {
			if next, result, err := base.account.Apply(op, base.context(by)); err == nil {
				if again, err := DecodeResult(EncodeResult(result)); err != nil || cmp.Diff(again, result, cmpEmpty) != "" {
					t.Fatal(err, cmp.Diff(again, result, cmpEmpty))
				}
				if d, r, a := next.Balance(); d+r+a != 1000 {
					t.Fatal(d, r, a)
				}
			}
		}
	})
}

func TestResultsSurvive(t *testing.T) {
	m := withAccount(t, 10000)
	body := m.bodies[m.issue(owner, asked(10, 1, 2))]
	for _, r := range []Result{&Created{}, &Granted{Version: 1 << 63}, &Revoked{Version: 3, Until: vaultnet.Never},
		&ToppedUp{Available: 1<<63 - 1}, &Verified{At: start}, &Issued{Body: body, Counts: []byte{10, 10}}, &Settled{Returned: 64}} {
		b := EncodeResult(r)
		got, err := DecodeResult(b)
		if err != nil || cmp.Diff(r, got, cmpEmpty) != "" || len(b) > MaxResult {
			t.Errorf("%T: %v %s, %d bytes", r, err, cmp.Diff(r, got, cmpEmpty), len(b))
		}
		for i := range b {
			if _, err := DecodeResult(b[:i]); !errors.Is(err, refusal.InvalidRequest) {
				t.Errorf("%T cut to %d bytes: %v", r, i, err)
			}
		}
	}
	most := asked(64)
	for i := range vaultnet.MaxPermitAddresses {
		most.Allowances = append(most.Allowances, allow(object(i), 64))
	}
	if n := len(EncodeResult(m.must(owner, most))); n > MaxResult {
		t.Errorf("the result of the greatest permit has %d bytes, at most %d", n, MaxResult)
	}
}

func TestIssuedAllowances(t *testing.T) {
	m := withAccount(t, 5)
	op := asked(64, 1, 2)
	r := m.must(owner, op).(*Issued)
	got, ok := r.Allowances(op.Allowances)
	if want := []permit.Allowance{allow(object(1), 3), allow(object(2), 2)}; !ok || cmp.Diff(got, want) != "" {
		t.Fatalf("%v %v", got, ok)
	}
	if _, ok := r.Allowances(op.Allowances[:1]); ok {
		t.Error("fewer addresses are taken")
	}
	if _, ok := r.Allowances(asked(64, 1, 3).Allowances); ok {
		t.Error("other addresses are taken")
	}
	r.Counts[0] = 2
	if _, ok := r.Allowances(op.Allowances); ok {
		t.Error("other counts are taken")
	}
}

func FuzzDecodeResult(f *testing.F) {
	m := withAccount(f, 10000)
	body := m.bodies[m.issue(owner, asked(10, 1, 2))]
	for _, r := range []Result{&Created{}, &Granted{Version: 7}, &Revoked{Version: 3, Until: start}, &ToppedUp{Available: 1},
		&Verified{At: start}, &Issued{Body: body, Counts: []byte{10, 10}}, &Settled{Returned: 64}} {
		f.Add(EncodeResult(r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeResult(b)
		if err == nil && !bytes.Equal(EncodeResult(r), b) {
			t.Fatal("two encodings of one result")
		}
	})
}
