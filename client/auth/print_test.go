package auth

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestNoPrintShowsAKey(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	g, err := p.open()
	if err != nil {
		t.Fatal(err)
	}
	owner, seed, key := a.now().Owner, p.cred.Key, g.Containers[0].Ref.Key
	for _, v := range []any{a, p.cred, &p.cred, a.Session(), *g, &AuthAnswer{Credentials: []Credentials{p.cred}}} {
		showsNo(t, v, owner[:], seed[:], key[:])
	}
}

func showsNo(t *testing.T, v any, keys ...[]byte) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(format, v)
		for _, key := range keys {
			decimal := strings.Trim(fmt.Sprint(key[:8]), "[]")
			goSyntax := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", key[:8]), "[]byte{"), "}")
			for _, form := range []string{decimal, goSyntax, hex.EncodeToString(key[:8]), string(key[:8])} {
				if strings.Contains(text, form) {
					t.Errorf("%T printed with %s shows a key", v, format)
				}
			}
		}
	}
}
