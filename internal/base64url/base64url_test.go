package base64url_test

import (
	"bytes"
	"testing"

	"vaultnet/internal/base64url"
)

func TestOneTextOnly(t *testing.T) {
	for _, bad := range []string{"AA\n", "\nAA", "A\rA", "AA\r\n", "\n", "AA==", "AB", "A", "A+A/", "AA A"} {
		if b, err := base64url.Decode(bad); err == nil {
			t.Errorf("%q is %x", bad, b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("")
	f.Add("AA")
	f.Add("_-8\n")
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := base64url.Decode(s); err == nil && base64url.Encode(b) != s {
			t.Fatalf("%q is another text of %x", s, b)
		}
		if b, err := base64url.Decode(base64url.Encode([]byte(s))); err != nil || !bytes.Equal(b, []byte(s)) {
			t.Fatalf("%q came back as %q, %v", s, b, err)
		}
	})
}
