package batch_test

import (
	"fmt"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/client/batch"
	"vaultnet/sim/localnet"
)

// TestLimitsOnANetwork: what is too much for an object is refused by the limit that it breaks, at the last byte and the
// last entry (semantics §1, limits), and what fits is taken.
func TestLimitsOnANetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 8})
	r := &batch.Runner{Network: net.Client(t), Keys: newRing(t), Timeout: patience}
	entries := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"k%03d":""`, i))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	// An object's size is told by its shell: with one entry of n bytes it is n and a little.
	put := func(name string, content int) string {
		return fmt.Sprintf(`{"op":"put","as":"a","address":{"name":%q},"entries":{"big":%q}}`, name, strings.Repeat("x", content))
	}
	const overhead = 50 // of the object below: owner, version, lists, key and lengths
	for i, c := range []struct{ line, want string }{
		{`{"op":"create-account","as":"a"}`, "ok"},
		{`{"op":"put","as":"a","address":{"name":"full"},"entries":` + entries(101) + `}`, "TooManyEntries"},
		{`{"op":"put","as":"a","address":{"name":"full"},"entries":` + entries(100) + `}`, "ok"},
		{`{"op":"mutate","as":"a","address":{"name":"full"},"actions":{"one more":{"insert":""}}}`, "TooManyEntries"},
		{`{"op":"mutate","as":"a","address":{"name":"full"},"actions":{"one more":{"insert":""},"k000":{"delete":true,"version":1}}}`, "ok"},
		{`{"op":"mutate","as":"a","address":{"name":"full"},"actions":{"k001":{"update":"grows","version":1}}}`, "ok"},
		{put("large", vaultnet.MaxSize), "DataTooLarge"},
		{put("large", vaultnet.MaxSize-overhead), "ok"},
		{`{"op":"mutate","as":"a","address":{"name":"large"},"actions":{"more":{"insert":"` + strings.Repeat("y", overhead) + `"}}}`, "DataTooLarge"},
		{`{"op":"set-permissions","as":"a","address":{"name":"large"},"user":"b","permissions":{"insert":true},"version":1}`, "DataTooLarge"},
		{`{"op":"mutate","as":"a","address":{"name":"large"},"actions":{"big":{"delete":true,"version":1}}}`, "ok"},
		{`{"op":"set-permissions","as":"a","address":{"name":"large"},"user":"b","permissions":{"insert":true},"version":1}`, "ok"},
		{`{"op":"put-chunk","as":"a","content":"` + strings.Repeat("z", vaultnet.MaxSize+1) + `"}`, "DataTooLarge"},
		{`{"op":"put-chunk","as":"a","content":"` + strings.Repeat("z", vaultnet.MaxSize) + `"}`, "ok"},
	} {
		x := play(t, r, 1, c.line)[0]
		if got := kindOf(x); got != c.want {
			t.Errorf("line %d, %.80s…: %s (%s), want %s", i, c.line, got, x.Message, c.want)
		}
	}
}

func kindOf(r result) string {
	if r.OK {
		return "ok"
	}
	return r.Kind
}

// TestFullVaults: vaults that hold what they are willing to hold refuse what is new, and take what makes room.
func TestFullVaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	net := localnet.Start(t, localnet.Config{Vaults: 8, Capacity: 4 << 20})
	r := &batch.Runner{Network: net.Client(t), Keys: newRing(t), Timeout: patience, NoRetry: true}
	mustAll(t, play(t, r, 1, `{"op":"create-account","as":"a","no-retry":false}`))
	content := strings.Repeat("x", 900<<10)
	full := ""
	for i := 0; full == "" && i < 10; i++ {
		x := play(t, r, 1, fmt.Sprintf(`{"op":"put","as":"a","deadline":"2m","address":{"name":"n%d"},"entries":{"big":%q}}`, i, content))[0]
		switch {
		case x.Kind == "NetworkFull" && x.Retryable:
			full = fmt.Sprintf("n%d", i)
		case !x.OK:
			t.Fatalf("object %d: %+v", i, x)
		}
	}
	if full == "" {
		t.Fatal("4 MiB hold ten objects of 900 KiB")
	}
	if x := play(t, r, 1, `{"op":"get-version","address":{"name":"`+full+`"}}`)[0]; x.Kind != "NoSuchData" {
		t.Errorf("what was refused: %+v", x)
	}
	// What is there can be made smaller, and then there is room.
	mustAll(t, play(t, r, 1, `{"op":"mutate","as":"a","no-retry":false,"address":{"name":"n0"},"actions":{"big":{"delete":true,"version":1}}}`))
	mustAll(t, play(t, r, 1, fmt.Sprintf(`{"op":"put","as":"a","no-retry":false,"address":{"name":%q},"entries":{"big":%q}}`, full, content)))
}
