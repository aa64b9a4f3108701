package auth

import (
	"context"

	"vaultnet"
	"vaultnet/client/container"
)

// Defaults are the containers that a new account gets in its root container; all but Public are private.
var Defaults = []string{"_documents", "_downloads", "_music", "_pictures", "_videos", "_publicNames", Public}

// Public is the default container that everybody can read.
const Public = "_public"

const (
	domainContainerID  vaultnet.Domain = "vaultnet/auth/container/1"     // packet's secret, name → id
	domainContainerKey vaultnet.Domain = "vaultnet/auth/container/key/1" // packet's secret, name → key
)

// Names of containers that are no paths, so that no path's container is one of them.
const (
	rootName    = "/root"
	recordsName = "/records"
)

// ref is the reference of a container of the account's own: whoever repeats a step makes the same container.
func (p *packet) ref(name string, private bool) container.Ref {
	r := container.Ref{ID: container.ID(domainContainerID.Hash(p.Secret[:], []byte(name)))}
	if private {
		r.Key = container.Key(domainContainerKey.Hash(p.Secret[:], []byte(name)))
	}
	return r
}

// complete makes what an account needs besides its packet. Each step may have been done before.
func (a *Account) complete(ctx context.Context) error {
	p, by := a.now(), a.Actor()
	if err := a.cfg.makeAccount(ctx, by); err != nil {
		return err
	}
	for _, ref := range []container.Ref{p.Root, p.Apps} {
		if _, err := container.Create(ctx, a.cfg.containers(by), ref, nil); err != nil {
			return err
		}
	}
	for _, name := range Defaults {
		if err := a.hang(ctx, name, p.ref(name, name != Public)); err != nil {
			return err
		}
	}
	return a.change(ctx, "create", func(p *packet) bool {
		made := !p.Made
		p.Made = true
		return made
	})
}
