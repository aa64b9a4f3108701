package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"testing"
	"time"

	"vaultnet/client"
	"vaultnet/client/container"
	"vaultnet/refusal"
	"vaultnet/sim/localnet"
)

// TestContainers keeps a file of a few MiB and more names than an object holds in a network of real vaults.
func TestContainers(t *testing.T) {
	net := localnet.Start(t, localnet.Config{Vaults: 8, Accounts: 2})
	c := net.Client(t)
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	owner, stranger := net.Accounts()[0].Actor(), net.Accounts()[1].Actor()

	ref, err := container.NewRef(nil, true, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := container.Create(ctx, c.Containers(owner), ref, nil); err != nil {
		t.Fatal(err)
	}
	files := container.NewFileSystem(c.Containers(owner), ref)
	if err := files.MkdirAll(ctx, "trip/photos"); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 3_500_000)
	rand.NewChaCha8([32]byte{1}).Read(content)
	file, err := files.Create(ctx, "trip/photos/sea.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	// Another client, which knows the reference and nothing else.
	other := container.NewFileSystem(net.Client(t).Containers(stranger), ref)
	got, info, err := other.ReadFile(ctx, "trip/photos/sea.jpg")
	if err != nil || !bytes.Equal(got, content) || info.Size() != int64(len(content)) {
		t.Fatal(len(got), err)
	}
	if _, err := other.WriteFile(ctx, "trip/mine", nil); !errors.Is(err, fs.ErrPermission) || !errors.Is(err, refusal.AccessDenied) {
		t.Fatal(err)
	}
	if err := files.Rename(ctx, "trip/photos/sea.jpg", "sea.jpg"); err != nil {
		t.Fatal(err)
	}
	if err := files.Remove(ctx, "trip/photos"); err != nil {
		t.Fatal(err)
	}

	names := files.Top()
	many := 250
	if testing.Short() {
		many = 120 // more than an object holds, still
	}
	var batch []container.Change
	for i := range many {
		batch = append(batch, container.Change{Name: fmt.Sprint("name ", i), Do: container.Insert, Content: []byte{1}})
	}
	for i, r := range names.Apply(ctx, batch...) {
		if r.Err != nil {
			t.Fatal(i, r.Err)
		}
	}
	n := 0
	for _, err := range container.Open(c.Containers(client.Actor{Key: client.NewKey()}), ref).List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != many+2 {
		t.Fatal(n, "names")
	}
	if _, err := files.Stat(ctx, "sea.jpg"); err != nil {
		t.Fatal(err)
	}
}

// Files in a private container, which only who has the reference can read.
func ExampleClient_Containers() {
	ctx := context.Background()
	c, stop := network() // client.Local(ctx), with simnet running
	defer stop()
	alice := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(ctx, alice); err != nil {
		log.Fatal(err)
	}

	ref, err := container.NewRef(nil, true, false)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := container.Create(ctx, c.Containers(alice), ref, nil); err != nil {
		log.Fatal(err)
	}
	files := container.NewFileSystem(c.Containers(alice), ref)
	if _, err := files.WriteFile(ctx, "plan.md", []byte("to the sea")); err != nil {
		log.Fatal(err)
	}
	content, _, err := files.ReadFile(ctx, "plan.md")
	fmt.Printf("%s %v\n", content, err)
	// Output: to the sea <nil>
}
