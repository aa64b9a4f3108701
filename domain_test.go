package vaultnet_test

import (
	"bytes"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
)

func TestHashIsOverLengthsAndParts(t *testing.T) {
	got := vaultnet.DomainBody.Hash([]byte("ab"), nil)
	if hex.EncodeToString(got[:]) != "2c691e2c1c2673e17147e467336fbc2867ca32e49a41d58c4d4c7995b010bfa3" {
		t.Errorf("hash %x", got[:])
	}
	long := make([]byte, 10_000)
	for i := range long {
		long[i] = byte(i)
	}
	got = vaultnet.DomainBody.Hash(long, []byte("ab"), long[:5000])
	if hex.EncodeToString(got[:]) != "76b13920dc457bb85dcc6802e011c7523c55a078e7196dcc29141f5ceb0ec63b" {
		t.Errorf("hash of what is long %x", got[:])
	}
	if vaultnet.DomainBody.Hash(long) == vaultnet.DomainBody.Hash(long[1:]) {
		t.Error("long parts collide")
	}
}

func TestHashOfWhatIsShortAllocatesNothing(t *testing.T) {
	var a, b [32]byte
	if n := testing.AllocsPerRun(100, func() { copy(a[:], hash(a, b)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func hash(a, b [32]byte) []byte {
	d := vaultnet.DomainBody.Hash(a[:], b[:])
	return d[:]
}

func TestNoTwoListsOfPartsCollide(t *testing.T) {
	parts := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1}), 0, 9), 0, 4)
	domains := rapid.SampledFrom([]vaultnet.Domain{vaultnet.DomainBody, vaultnet.DomainAsk, "", "a"})
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		d, e := domains.Draw(t, "d"), domains.Draw(t, "e")
		same := d == e && len(a) == len(b)
		for i := range a {
			same = same && bytes.Equal(a[i], b[i])
		}
		if (d.Hash(a...) == e.Hash(b...)) != same {
			t.Fatalf("%q%q and %q%q", d, a, e, b)
		}
	})
}

// Two uses of a key under one domain would let a signature for one stand for the other.
func TestDomainsAreDistinct(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "domain.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok || len(s.Values) != 1 {
			return true
		}
		lit, ok := s.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(value, "vaultnet/") || !strings.HasSuffix(value, "/1") {
			t.Errorf("%s = %q is not vaultnet/USE/VERSION", s.Names[0], value)
		}
		if other, ok := seen[value]; ok {
			t.Errorf("%s and %s are both %q", s.Names[0], other, value)
		}
		seen[value] = s.Names[0].Name
		return true
	})
	if len(seen) < 15 {
		t.Errorf("only %d domains found", len(seen))
	}
}

func TestTurnMessage(t *testing.T) {
	network, root := vaultnet.NetworkID(bytes.Repeat([]byte{1}, 32)), vaultnet.Digest(bytes.Repeat([]byte{2}, 32))
	want := "7661756c746e65742f7475726e2f31" + strings.Repeat("01", 32) + strings.Repeat("02", 32)
	if got := vaultnet.TurnMessage(network, root); hex.EncodeToString(got) != want {
		t.Errorf("message %x, want %s", got, want)
	}
}
