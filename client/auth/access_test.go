package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/mutabledata"
)

func TestDifference(t *testing.T) {
	at := func(n byte) vaultnet.Address {
		return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{n}}
	}
	has := Access{
		Containers: []ContainerAccess{{"_documents", Read | Insert | Delete}, {"_music", Read}},
		Objects:    []ObjectAccess{{at(1), Read | Update, "one"}},
		Own:        true,
	}
	for _, c := range []struct {
		what string
		gets Access
		want Difference
	}{
		{"the same", has, Difference{}},
		{"other terms", Access{has.Containers, has.Objects, true, Terms{Uses: 3}}, Difference{Terms: true}},
		{"more", Access{append(slices.Clone(has.Containers), ContainerAccess{"_videos", Read}), has.Objects, true, Terms{}},
			Difference{More: []ContainerAccess{{"_videos", Read}}}},
		{"less and more", Access{[]ContainerAccess{{"_documents", Read | Insert | Update}, {"_music", Read}}, has.Objects, true, Terms{}},
			Difference{More: []ContainerAccess{{"_documents", Update}}, Less: []ContainerAccess{{"_documents", Delete}}}},
		{"nothing", Access{}, Difference{
			Less:   []ContainerAccess{{"_documents", Read | Insert | Delete}, {"_music", Read}, {"apps/org.example.notes", allRights}},
			LessOf: []ObjectAccess{{at(1), Read | Update, "one"}}}},
		{"another object", Access{has.Containers, []ObjectAccess{{at(2), Read, "two"}}, true, Terms{}}, Difference{
			MoreOf: []ObjectAccess{{at(2), Read, "two"}}, LessOf: []ObjectAccess{{at(1), Read | Update, "one"}}}},
	} {
		got := Compare(notes, has, c.gets)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
		if got.None() != has.Equal(&c.gets) {
			t.Errorf("%s: none: %v", c.what, got.None())
		}
	}
}

func TestRights(t *testing.T) {
	for text, want := range map[string]Rights{"read": Read, "insert": Read | Insert, "read,insert,update,delete,manage": allRights, "all": allRights} {
		if r, err := ParseRights(text); err != nil || r != want {
			t.Errorf("%s: %v %v", text, r, err)
		}
		if again, err := ParseRights(want.String()); err != nil || again != want {
			t.Errorf("%v: %v %v", want, again, err)
		}
	}
	for _, text := range []string{"", "write", "read,", "read insert"} {
		if _, err := ParseRights(text); !errors.Is(err, Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if s := (Read | Delete).set(); s.Get(mutabledata.Delete) != mutabledata.Allow || s.Get(mutabledata.Insert) != mutabledata.Unset {
		t.Error(s)
	}
	if Read.set() != 0 {
		t.Error("reading needs a permission")
	}
}

func TestCredentialsAsText(t *testing.T) {
	c := someCredentials()
	text, err := c.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Credentials
	if err := got.UnmarshalText(text); err != nil || got != c {
		t.Errorf("%v, want %v (%v)", got, c, err)
	}
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c), fmt.Sprint(&c)} {
		if strings.Contains(s, "0300") || strings.Contains(s, "Key") {
			t.Errorf("%s shows the key", s)
		}
	}
	for what, bad := range map[string]string{
		"nothing":       "",
		"half":          string(text[:len(text)/2]),
		"more":          string(text) + "{}",
		"unknown field": strings.Replace(string(text), `"owner"`, `"master"`, 1),
		"short key":     strings.Replace(string(text), `"key": "03`, `"key": "`, 1),
		"no hex":        strings.Replace(string(text), `"key": "03`, `"key": "zz`, 1),
		"format":        strings.Replace(string(text), `"format": 1`, `"format": 2`, 1),
		"app":           strings.Replace(string(text), notes.ID, "a/b", 1),
		"owner":         strings.Replace(string(text), c.Owner.String(), strings.Repeat("0", 64), 1),
		"long":          string(text) + strings.Repeat(" ", MaxCredentials),
	} {
		err := got.UnmarshalText([]byte(bad))
		if !errors.Is(err, fs.ErrInvalid) || strings.Contains(err.Error(), "0300") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzCredentials(f *testing.F) {
	text, _ := someCredentials().MarshalText()
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again Credentials
		if c.UnmarshalText(b) != nil {
			return
		}
		text, err := c.MarshalText()
		if err != nil || again.UnmarshalText(text) != nil || again != c {
			t.Errorf("%s gives %s", b, text)
		}
	})
}
