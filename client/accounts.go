package client

import (
	"context"
	"crypto/rand"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/auth"
	"vaultnet/client/container"
)

// Accounts is what package auth needs to work over this network: people's accounts, and what apps may do with them.
//
//	a, err := auth.Login(ctx, c.Accounts(), "Daily", password)
func (c *Client) Accounts() auth.Config {
	return auth.Config{Network: people{c}, Parameters: c.cfg.Parameters, Signer: KeyOf, Random: rand.Reader, Clock: c.now, Wait: c.wait}
}

func (c *Client) wait(ctx context.Context, until vaultnet.Time) {
	timer := time.NewTimer(until.Sub(c.now()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// people is a client as package auth sees it.
type people struct{ c *Client }

func (p people) Data(by auth.Actor) container.Data {
	return &containerData{p.c, Actor{Key: by.Key, Account: by.Account}}
}

func (p people) Operate(ctx context.Context, by auth.Actor, o account.Operation) (account.Result, error) {
	result, _, err := operate[account.Result](ctx, p.c, Actor{Key: by.Key, Account: by.Account}, o)
	return result, err
}

func (p people) Account(ctx context.Context, by auth.Actor) (*account.View, error) {
	a, _, err := p.c.Account(ctx, Actor{Key: by.Key, Account: by.Account})
	if err != nil {
		return nil, err
	}
	return &a.View, nil
}
