package localnet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"vaultnet/account"
	"vaultnet/client"
	"vaultnet/refusal"
)

// makeSamples makes the sample accounts and apps, or finds those of an earlier life. Latency is for what comes then.
func (n *Network) makeSamples(ctx context.Context) error {
	c, err := n.connect(ctx, 0)
	if err != nil {
		return fmt.Errorf("localnet: making the samples: %w", err)
	}
	errs := make([]error, len(n.accounts))
	var all sync.WaitGroup
	for i, p := range n.accounts {
		all.Go(func() { errs[i] = n.makeAccount(ctx, c, p, i) })
	}
	all.Wait()
	return errors.Join(errors.Join(errs...), c.Close())
}

func (n *Network) makeAccount(ctx context.Context, c *client.Client, p Person, i int) error {
	failed := func(what string, err error) error {
		return fmt.Errorf("localnet: sample account %s: %s: %w", p.Label, what, err)
	}
	by := p.Actor()
	has := n.cfg.Parameters.AccountOperations
	_, err := c.CreateAccount(ctx, by)
	version := uint64(0)
	granted := map[string]bool{}
	switch {
	case errors.Is(err, refusal.AccountExists):
		a, _, err := c.Account(ctx, by)
		if err != nil {
			return failed("reading", err)
		}
		has = a.Done + a.Reserved + a.Available
		version = a.Version
		for _, g := range a.Grants {
			granted[g.Key.String()] = true
		}
	case err != nil:
		return failed("making", err)
	}
	if n.cfg.Parameters.Local && has < n.cfg.Operations {
		if _, err := c.TopUp(ctx, by, n.cfg.Operations-has); err != nil {
			return failed("topping up", err)
		}
	}
	for k, app := range n.apps {
		if k%len(n.accounts) != i || granted[app.Seed.Public().String()] {
			continue
		}
		version++
		if _, err := c.InsertGrant(ctx, by, app.Seed.Public(), account.Terms{Label: app.Label}, version); err != nil {
			return failed("granting "+app.Label, err)
		}
	}
	return nil
}
