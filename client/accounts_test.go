package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/sim/localnet"
)

// TestAccounts has a person, on two devices, give an app access in a network of real vaults, and take it back while the app
// writes all the time: after Revoke returned, nothing of it arrives.
func TestAccounts(t *testing.T) {
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Parameters: localnet.Brief(), Vaults: 8})
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	phone, laptop := net.Client(t).Accounts(), net.Client(t).Accounts()
	phone.Cost = auth.Cost{Time: 1, Memory: 8, Threads: 1}
	laptop.Cost = phone.Cost
	if _, err := auth.Create(ctx, phone, "Daily", "correct horse", "mine"); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Login(ctx, laptop, "Daily", "wrong"); !errors.Is(err, auth.WrongCredentials) {
		t.Fatal(err)
	}
	a, err := auth.Login(ctx, laptop, "Daily", "correct horse")
	if err != nil || a.Label() != "mine" {
		t.Fatal(a, err)
	}
	notes := auth.App{ID: "org.example.notes", Name: "Notes"}
	cred, err := a.Authorise(ctx, notes, auth.Access{Containers: []auth.ContainerAccess{{Path: "_documents", Rights: auth.Read | auth.Insert}}})
	if err != nil {
		t.Fatal(err)
	}

	c := net.Client(t)
	app := client.Actor{Key: client.KeyOf(cred.Key), Account: cred.Owner}
	data := c.Accounts().Network.Data(auth.Actor{Key: app.Key, Account: app.Account})
	write := func(name string) error {
		return auth.Try(ctx, data, &cred, func(g *auth.Given) error {
			d, err := g.Container("_documents")
			if err != nil {
				return err
			}
			_, err = container.NewFileSystem(c.Containers(app), d.Ref).WriteFile(ctx, name, []byte("content"))
			return err
		})
	}
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	var revoked atomic.Bool
	ended := make(chan error)
	go func() {
		for n := 0; ; n++ {
			after := revoked.Load()
			err := write(fmt.Sprint("file ", n))
			switch {
			case err == nil && after:
				ended <- fmt.Errorf("file %d was written after the revocation", n)
				return
			case after && errors.Is(err, auth.Revoked), ctx.Err() != nil:
				ended <- ctx.Err()
				return
			}
		}
	}()
	rev, err := a.Revoke(ctx, notes)
	if err != nil || rev.Pending {
		t.Errorf("%+v %v", rev, err)
	}
	if now := vaultnet.Time(time.Now().UnixMilli()); now < rev.Until {
		t.Errorf("returned %v before the last permit expired", rev.Until.Sub(now))
	}
	revoked.Store(true)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	list, err := a.List(ctx)
	if err != nil || len(list) != 1 || list[0].State != auth.Ended || list[0].LastUsed != 0 && list[0].LastUsed > rev.Until {
		t.Errorf("%+v %v", list, err)
	}
}
