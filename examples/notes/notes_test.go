package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/network"
	"vaultnet/sim/localnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// person is somebody with an account, who lets the app be used.
type person struct {
	account     *auth.Account
	credentials string // the file
}

func newPerson(t *testing.T, c *client.Client, name string) *person {
	t.Helper()
	cfg := c.Accounts()
	cfg.Cost = auth.Cost{Time: 1, Memory: 64, Threads: 1} // passwords are not what is tested
	a, err := auth.Create(t.Context(), cfg, name, "correct horse", "")
	if err != nil {
		t.Fatal(err)
	}
	p := &person{a, filepath.Join(t.TempDir(), name+".json")}
	p.authorise(t, access)
	return p
}

func (p *person) authorise(t *testing.T, access auth.Access) {
	t.Helper()
	cred, err := p.account.Authorise(t.Context(), app, access)
	if err != nil {
		t.Fatal(err)
	}
	cred.Name = network.DefaultName
	text, err := cred.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.credentials, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// notes runs the program for somebody, and gives the exit code and all that it prints.
func (p *person) notes(t *testing.T, in string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), append([]string{"-credentials", p.credentials}, args...), strings.NewReader(in), &out, &out)
	return code, out.String()
}

// wants fails the test unless the program ends with a code and prints something.
func (p *person) wants(t *testing.T, code int, says, in string, args ...string) string {
	t.Helper()
	got, out := p.notes(t, in, args...)
	if got != code || !strings.Contains(out, says) || says == "" && out != "" {
		t.Fatalf("notes %v: exit code %d, want %d; it says %q, want %q", args, got, code, out, says)
	}
	return out
}

// An owner, the app, and a stranger with an account and the same app.
func TestNotes(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	net := localnet.Start(t, localnet.Config{Parameters: localnet.Brief(), Vaults: 8, TCP: true})
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	path, err := network.LocalPath("")
	if err != nil {
		t.Fatal(err)
	}
	file := &network.File{Parameters: net.Config().Parameters, Bootstrap: net.Bootstrap()}
	if err := file.Write(path); err != nil {
		t.Fatal(err)
	}
	c := net.Client(t)
	owner, stranger := newPerson(t, c, "owner"), newPerson(t, c, "stranger")

	owner.wants(t, 0, "", "to the sea\n", "add", "trip")
	owner.wants(t, 0, "", "bread\n", "add", "shopping list")
	owner.wants(t, 0, "trip  11 bytes\n", "", "list")
	owner.wants(t, 0, "to the sea\n", "", "show", "trip")
	owner.wants(t, 1, "no such note", "", "show", "plan")
	owner.wants(t, 1, "no /", "", "add", "a/b")
	owner.wants(t, 2, "notes share TITLE", "", "share")

	link := strings.TrimSpace(owner.wants(t, 0, "\n", "", "share", "trip"))
	if again := owner.wants(t, 0, link, "", "share", "trip"); strings.TrimSpace(again) != link {
		t.Errorf("shared again, by another link: %s", again)
	}
	owner.wants(t, 0, "trip  11 bytes  shared\n", "", "list")
	nobody := &person{credentials: filepath.Join(t.TempDir(), "none.json")}
	nobody.wants(t, 0, "to the sea\n", "", "read", link)
	owner.wants(t, 0, "", "to the mountains\n", "add", "trip")
	nobody.wants(t, 0, "to the mountains\n", "", "read", link)
	nobody.wants(t, 1, "safe authorise org.example.notes -own", "", "edit", link)
	stranger.wants(t, 1, "the vaults refused it: it is not yours to change", "mine\n", "edit", link)
	nobody.wants(t, 0, "to the mountains\n", "", "read", link)
	owner.wants(t, 0, "", "to both\n", "edit", link)
	nobody.wants(t, 1, "it is not one", "", "read", link[1:])

	owner.wants(t, 0, "", "", "unshare", "trip")
	nobody.wants(t, 1, "no such note", "", "read", link)
	stranger.wants(t, 0, "", "", "list") // another's notes are not there
	owner.wants(t, 0, "", "", "remove", "shopping list")

	// The owner takes less, then all, back; the app says so. Its notes are the owner's, and stay.
	owner.authorise(t, auth.Access{Containers: []auth.ContainerAccess{{Path: "_documents", Rights: auth.Read}}})
	owner.wants(t, 1, "does not reach so far", "", "list")
	owner.authorise(t, access)
	owner.wants(t, 0, "trip", "", "list")
	if _, err := owner.account.Revoke(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	owner.wants(t, 1, "your access was taken back", "", "list")
	owner.wants(t, 1, "your access was taken back", "x", "add", "trip")
	by := owner.account.Actor()
	files := container.NewFileSystem(c.Containers(client.Actor{Key: by.Key, Account: by.Account}), owner.account.Root())
	if text, _, err := files.ReadFile(t.Context(), ownPath+"/trip"); err != nil || string(text) != "to the mountains\n" {
		t.Errorf("the owner reads %q, %v", text, err)
	}
	owner.authorise(t, access)
	owner.wants(t, 0, "to the mountains\n", "", "show", "trip")
}

// What the app asks for can be answered by any authenticator.
func TestRequest(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"request"}, nil, &out, &out); code != 0 {
		t.Fatal(code, out.String())
	}
	m, err := auth.ParseRequest(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	asked, ok := m.Payload.(*auth.AuthRequest)
	if !ok || asked.App != app || !asked.Access.Equal(&access) {
		t.Errorf("it asks for %+v", m.Payload)
	}
}
