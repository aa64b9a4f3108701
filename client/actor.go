package client

import (
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/signature"
	"vaultnet/network"
)

// Actor says who changes something, and who pays. Key is needed; it can act in any number of calls at once.
type Actor struct {
	Key     vaultnet.Signer    // of a person or an app: it signs
	Account vaultnet.PublicKey // whose account pays, or is operated on; nobody: Key's own

	NoRetry  bool          // a refusal that may be otherwise a little later is the answer, too
	Deadline time.Duration // of one signed request: no block with a later time contains it; 0: 10 s, at most [vaultnet.MaxDeadline]
	NoPermit bool          // mutations are sent without a permit, to see them refused
}

// NewKey makes a random key, which is lost with the program; package network keeps keys in files.
func NewKey() vaultnet.Signer { return network.NewSeed().Signer() }

// KeyOf is the key that RFC 8032 derives from a seed.
func KeyOf(seed [32]byte) vaultnet.Signer { return signature.NewKey(seed) }

// Owner is whose account pays: Account, or without one the actor's own key.
func (a Actor) Owner() vaultnet.PublicKey {
	if a.Account.IsNobody() && a.Key != nil {
		return a.Key.Public()
	}
	return a.Account
}

func (a Actor) options(timeout time.Duration) op.Options {
	o := op.Options{Timeout: timeout, Deadline: a.Deadline, NoRetry: a.NoRetry}
	if a.NoPermit {
		o.Permit = op.PermitNone()
	}
	return o
}
