package op

import (
	"vaultnet"
	"vaultnet/internal/wire"
)

// Input is something that happened. The functions below make them.
type Input struct {
	from    vaultnet.PublicKey
	message wire.Message
	event   event
	name    vaultnet.Name
	vaults  []vaultnet.PublicKey
}

type event uint8

const (
	arrived event = iota
	groupFound
	peerUp
	peerDown
)

// Message is a message from the vault with which a connection was authenticated. Its signatures were verified, which
// package wire does when it opens a frame.
func Message(from vaultnet.PublicKey, m wire.Message) Input { return Input{from: from, message: m} }

// GroupFound answers a lookup: the vaults nearest to a name that the DHT knows, at least as many as a group has where
// there are so many. The client asks them; they count when they have answered.
func GroupFound(name vaultnet.Name, vaults []vaultnet.PublicKey) Input {
	return Input{event: groupFound, name: name, vaults: vaults}
}

// PeerUp says that a vault is connected, or can be reached again.
func PeerUp(vault vaultnet.PublicKey) Input { return Input{event: peerUp, from: vault} }

// PeerDown says that a vault cannot be reached. A connection that ended for want of use is no reason.
func PeerDown(vault vaultnet.PublicKey) Input { return Input{event: peerDown, from: vault} }
