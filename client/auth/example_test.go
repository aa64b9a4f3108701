package auth

import (
	"context"
	"errors"
	"fmt"
)

func ExampleCreate() {
	ctx, cfg := context.Background(), newWorld(nil).config() // of package client: c.Accounts()
	if _, err := Create(ctx, cfg, "Daily", "correct horse", "my daily account"); err != nil {
		fmt.Println(err)
	}
	// On another device:
	a, err := Login(ctx, cfg, "Daily", "correct horse")
	fmt.Println(a.Label(), err)
	_, err = Login(ctx, cfg, "Daily", "wrong")
	fmt.Println(err)
	// Output:
	// my daily account <nil>
	// log in: unknown account name or wrong password
}

func ExampleAccount_Authorise() {
	w := newWorld(nil)
	ctx, cfg := context.Background(), w.config()
	a, err := Create(ctx, cfg, "Daily", "correct horse", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	app := App{ID: "org.example.notes", Name: "Notes", Vendor: "Example"}
	access := Access{Containers: []ContainerAccess{{"_documents", Read | Insert}}, Own: true}
	cred, err := a.Authorise(ctx, app, access)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The app:
	data := cfg.Network.Data(Actor{Key: cfg.Signer(cred.Key), Account: cred.Owner})
	err = Try(ctx, data, &cred, func(g *Given) error {
		for _, c := range g.Containers {
			fmt.Println(c.Path, c.Rights)
		}
		return nil
	})
	fmt.Println(err)
	// The person:
	if _, err := a.Revoke(ctx, app); err != nil {
		fmt.Println(err)
	}
	_, err = Open(ctx, data, &cred)
	fmt.Println(errors.Is(err, Revoked))
	// Output:
	// _documents read,insert
	// apps/org.example.notes read,insert,update,delete,manage
	// <nil>
	// true
}

func ExampleAccount_Answer() {
	ctx, cfg := context.Background(), newWorld(nil).config()
	a, err := Create(ctx, cfg, "Daily", "correct horse", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	ping := &Message{Action: AskPing, App: "org.example.notes", Ref: "42"}
	uri, _ := ping.Request()
	fmt.Println(uri)
	policy, err := ParsePolicy([]byte(`{"format": 1, "rules": [{"app": "org.example.*", "own": true}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Answer(ctx, uri, nil, a.Ask(policy)))
	// Output:
	// safe-auth:ping:b3JnLmV4YW1wbGUubm90ZXM?riq=42
	// safe-auth-b3JnLmV4YW1wbGUubm90ZXM:pong?riq=42 <nil>
}
