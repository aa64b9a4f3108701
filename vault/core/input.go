package core

import (
	"vaultnet"
	"vaultnet/immutabledata"
	"vaultnet/internal/wire"
)

// event is what a driver reports; each field belongs to one constructor below.
type event struct {
	kind    eventKind
	vault   vaultnet.PublicKey
	vaults  []vaultnet.PublicKey
	name    vaultnet.Name
	address vaultnet.Address
	records []vaultnet.Write
	content []byte
	going   bool
}

type eventKind uint8

const (
	arrived eventKind = iota // a message
	ticked
	peerUp
	peerDown
	known
	groupFound
	loaded
	chunkLoaded
	departing
)

// Open decodes a frame that came from a peer and verifies every signature in it; all of its messages or, with a
// *refusal.Error, none. It may run beside a vault's steps, in as many goroutines as one likes.
func Open(frame []byte, from vaultnet.PublicKey, o *wire.Opener) ([]Input, error) {
	messages, err := o.Open(frame)
	if err != nil {
		return nil, err
	}
	in := make([]Input, len(messages))
	for i, m := range messages {
		in[i] = Input{from: from, message: m}
	}
	return in, nil
}

// OpenMessage does for a message that arrived as a value what [Open] does for a frame.
func OpenMessage(m wire.Message, from vaultnet.PublicKey, network vaultnet.NetworkID, v vaultnet.Verifier) ([]Input, error) {
	if err := wire.Verify(m, network, v); err != nil {
		return nil, err
	}
	return []Input{{from: from, message: m}}, nil
}

// Verified makes the input of a message that a driver has verified already ([wire.Verify]), for whoever hands one value to
// many vaults. A message that is not as it should be can make the vault do anything: from a stranger take [OpenMessage].
func Verified(m wire.Message, from vaultnet.PublicKey) Input { return Input{from: from, message: m} }

// Tick says that only time has passed: an alarm. A step without inputs says the same.
func Tick() Input { return Input{event: &event{kind: ticked}} }

// PeerUp says that there is a connection to another vault.
func PeerUp(vault vaultnet.PublicKey) Input { return Input{event: &event{kind: peerUp, vault: vault}} }

// PeerDown says that there is no connection to a peer any more, vault or client.
func PeerDown(peer vaultnet.PublicKey) Input {
	return Input{event: &event{kind: peerDown, vault: peer}}
}

// Leave has the vault begin to leave its network, or stay after all. It goes on as before while it hands over; see
// [Vault.Departure]. A vault that starts anew does not leave.
func Leave(going bool) Input { return Input{event: &event{kind: departing, going: going}} }

// Known tells the contents of the routing table, once the vault has found its place in the network and whenever it
// changes much; empty, or nil, where it is the first vault of the network. Before the first Known a vault is settled
// nowhere: it cannot tell an empty network from a network it has not found.
func Known(vaults []vaultnet.PublicKey) Input {
	return Input{event: &event{kind: known, vaults: vaults}}
}

// GroupFound answers a lookup that [Output.Lookups] asked for: the vaults nearest to the name, as the DHT has them.
func GroupFound(name vaultnet.Name, vaults []vaultnet.PublicKey) Input {
	return Input{event: &event{kind: groupFound, name: name, vaults: vaults}}
}

// Loaded answers [Output.Loads] for an object: the records of the store whose keys begin with [ObjectPrefix], keys
// whole, in key order.
func Loaded(a vaultnet.Address, records []vaultnet.Write) Input {
	return Input{event: &event{kind: loaded, address: a, records: records}}
}

// ChunkLoaded answers [Output.Loads] for a chunk; nil content: there is none. It checks the content, so it is best called
// beside the vault's steps.
func ChunkLoaded(name vaultnet.Name, content []byte) Input {
	if content != nil && immutabledata.Check(name, content) != nil {
		content = nil
	}
	return Input{event: &event{kind: chunkLoaded, name: name, content: content}}
}
