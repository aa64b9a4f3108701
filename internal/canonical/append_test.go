package canonical_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"vaultnet/internal/canonical"
)

func TestAppendIsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, i, yes := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "i"), rapid.Bool().Draw(t, "yes")
		u >>= rapid.IntRange(0, 63).Draw(t, "shift")
		s := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "s")
		for _, c := range []struct {
			got  []byte
			want any
		}{
			{canonical.AppendUint(nil, u), u},
			{canonical.AppendInt(nil, i), i},
			{canonical.AppendBool(nil, yes), yes},
			{canonical.AppendBytes(nil, s), s},
			{canonical.AppendBytes(nil, string(s)), string(s)},
		} {
			if !bytes.Equal(c.got, canonical.Marshal(c.want)) {
				t.Fatalf("%x, want %x", c.got, canonical.Marshal(c.want))
			}
		}
		if canonical.HeadSize(u) != len(canonical.AppendUint(nil, u)) {
			t.Fatalf("HeadSize(%d) = %d", u, canonical.HeadSize(u))
		}
		list := make([]bool, len(s))
		b := canonical.AppendArray(nil, len(list))
		for range list {
			b = canonical.AppendBool(b, false)
		}
		if !bytes.Equal(b, canonical.Marshal(list)) {
			t.Fatal("AppendArray differs")
		}
	})
	if !bytes.Equal(canonical.AppendMap(nil, 0), canonical.Marshal(map[string]int{})) {
		t.Fatal("AppendMap differs")
	}
}
