package vault

import (
	"context"

	"vaultnet"
	"vaultnet/routing"
)

// network is what a vault needs of the network: a [routing.Node], or in tests something simpler.
type network interface {
	Join(ctx context.Context) error
	Send(to vaultnet.PublicKey, frames ...[]byte)
	Protect(members []vaultnet.PublicKey)
	Lookup(ctx context.Context, name vaultnet.Name) ([]vaultnet.PublicKey, error)
	Addresses() []string
	Met() []string
	Statistics() routing.Statistics
	Close() error
}

// onRouting makes the real network.
func onRouting(cfg routing.Config, h routing.Handler) (network, error) { return routing.New(cfg, h) }

// handler is the network's side of a vault.
type handler struct{ v *Vault }

// Frame verifies a frame and leaves it to the loop; it blocks while the peer has too much waiting there.
func (h handler) Frame(from vaultnet.PublicKey, frame []byte) error { return h.v.open(from, frame) }

// Up tells the loop of a vault that can be talked to.
func (h handler) Up(k vaultnet.PublicKey) { h.v.peer(k, true) }

// Down tells the loop of a peer that is gone.
func (h handler) Down(k vaultnet.PublicKey) { h.v.peer(k, false) }

// Known tells the loop of the routing table.
func (h handler) Known(vaults []vaultnet.PublicKey) { h.v.knows(vaults) }
