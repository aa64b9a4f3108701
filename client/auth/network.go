package auth

import (
	"context"
	"io"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
)

// Actor is who signs, and whose account pays.
type Actor struct {
	Key     vaultnet.Signer
	Account vaultnet.PublicKey
}

// Network is how accounts reach the network. It may be used by several goroutines.
type Network interface {
	// Data reads and changes objects on behalf of an actor.
	Data(by Actor) container.Data
	// Operate changes the account of an actor, and returns the result that belongs to the operation. A retryable refusal
	// is tried again until the context ends.
	Operate(ctx context.Context, by Actor, o account.Operation) (account.Result, error)
	// Account reads the account of an actor, who is its owner, with grants and permits.
	Account(ctx context.Context, by Actor) (*account.View, error)
}

// Config is what accounts work with. Everything but Wait and Cost is needed.
type Config struct {
	Network    Network
	Parameters vaultnet.Parameters                  // of the network
	Signer     func(seed [32]byte) vaultnet.Signer  // the key of a seed
	Random     io.Reader                            // for keys and nonces; has to be safe for what the account guards
	Clock      func() vaultnet.Time                 // for what is recorded and shown; what counts is the network's time
	Wait       func(context.Context, vaultnet.Time) // until a time or the context's end; nil: see [Revocation]

	Cost Cost // of deriving keys from a password; default [DefaultCost]. Another one finds other accounts
}

// longestWait is how far ahead the time may lie that a revocation waits for (semantics §3).
const longestWait = time.Minute

func (c *Config) check(op string) error {
	if c.Network == nil || c.Signer == nil || c.Random == nil || c.Clock == nil {
		return invalid(op, "", "the configuration lacks a network, signer, random source or clock")
	}
	if c.Cost == (Cost{}) {
		c.Cost = DefaultCost
	}
	return c.Cost.check(op)
}
