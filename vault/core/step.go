package core

import (
	"vaultnet"
	"vaultnet/internal/wire"
)

// Stepper is a vault's decisions as a driver sees them: Step with what has arrived, sign Output.Root, Seal with the
// signature, make Sealed.Writes and Sealed.Chunks durable with one sync, then send. Every Step is followed by its Seal.
type Stepper interface {
	Step(now vaultnet.Time, in []Input) Output
	Seal(s vaultnet.Signature) Sealed
}

// Input is something that happened. [Open] and [OpenMessage] make those that come from other nodes, verified; the
// functions below make those that the driver reports.
type Input struct {
	from    vaultnet.PublicKey
	message wire.Message
	event   *event // nil: a message
}

// Heard is who said what, where the input is a message of another node; nil otherwise. It is for those who stand
// between a driver and a core (adversaries, recorders): a message is not to be changed.
func (in *Input) Heard() (from vaultnet.PublicKey, m wire.Message) { return in.from, in.message }

// Output is what a step needs before it can be sealed, and when it wants to be called again.
type Output struct {
	Root    vaultnet.Digest    // to sign: vaultnet.TurnMessage(network, Root); zero: nothing to sign, Seal with a zero signature
	Lookups []vaultnet.Name    // names whose close groups the driver is to look up: answer with [GroupFound]
	Loads   []vaultnet.Address // objects (and chunks) to be read from the store: answer with [Loaded] or [ChunkLoaded]
	Alarm   vaultnet.Time      // step again at this time even if nothing arrives; vaultnet.Never: not at all
	Active  int                // objects with something under way
}

// Sealed is the effects of a turn, in the order they must take: chunks and writes durable, then everything sent.
type Sealed struct {
	Chunks []Chunk
	Writes []vaultnet.Write // one batch, good until the next Seal
	Send   []wire.Envelope  // good until the next Step; the messages in them for ever
}

// Chunk is a chunk to be stored, or with nil Content to be deleted.
type Chunk struct {
	Name    vaultnet.Name
	Content []byte
}
