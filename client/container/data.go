package container

import (
	"context"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Data is how a container reaches the network, on behalf of one actor: a key that signs, and an account that pays.
type Data interface {
	// Do carries out all steps, in any order and best all at once, and returns an answer for each, in the order of the
	// steps, when the last is there. A retryable refusal is tried again until the context ends. It may be called by
	// several goroutines. Contents are not changed afterwards, by neither side.
	Do(ctx context.Context, steps []Step) []Answer
}

// Background is Data that can also work while its user does other things.
type Background interface {
	Data
	// Begin begins to carry out steps as Do does, and returns at once. wait returns the answer of step i when it is there;
	// it may be called again. done is closed when all are. What was begun has ended soon after the context has.
	Begin(ctx context.Context, steps []Step) (wait func(i int) Answer, done <-chan struct{})
}

// begin has steps be carried out in the background, or at once where that cannot be had.
func begin(ctx context.Context, d Data, steps []Step) (wait func(i int) Answer, done <-chan struct{}) {
	if b, ok := d.(Background); ok {
		return b.Begin(ctx, steps)
	}
	answers := do(ctx, d, steps, len(steps))
	over := make(chan struct{})
	close(over)
	return func(i int) Answer { return answers[i] }, over
}

// Step is one of [Read], [Mutate], [PutChunk] and [GetChunk].
type Step interface{ step() }

// Read reads a MutableData. Its answer is what the query's Decode gives.
type Read struct {
	Address vaultnet.Address
	Query   mutabledata.Query
}

// Mutate changes a MutableData. Its answer is a mutabledata.Result.
type Mutate struct {
	Address  vaultnet.Address
	Mutation mutabledata.Mutation
}

// PutChunk stores content of at most [vaultnet.MaxSize] bytes. Its answer is the vaultnet.Name.
type PutChunk struct{ Content []byte }

// GetChunk fetches a chunk. Its answer is the content, a []byte, which hashes to the name.
type GetChunk struct{ Name vaultnet.Name }

func (Read) step()     {}
func (Mutate) step()   {}
func (PutChunk) step() {}
func (GetChunk) step() {}

// Answer is what a step gave.
type Answer struct {
	Value  any             // as the step says; nil beside an error
	Height vaultnet.Height // of the object, for reads
	Err    error           // nil or a *refusal.Error
}

// maxBatch is how many steps are given to [Data.Do] at once where answers are small: reads of a few values, mutations.
const maxBatch = 256

// do runs steps in batches of at most n.
func do(ctx context.Context, d Data, steps []Step, n int) []Answer {
	answers := make([]Answer, 0, len(steps))
	for len(steps) > 0 {
		k := min(n, len(steps))
		got := d.Do(ctx, steps[:k:k])
		for i := range k {
			if i >= len(got) {
				answers = append(answers, Answer{Err: refusal.New(refusal.Unavailable)})
				continue
			}
			answers = append(answers, got[i])
		}
		steps = steps[k:]
	}
	return answers
}

// answer is an answer's value as the type that its step promises.
func answer[T any](a Answer) (T, error) {
	var none T
	if a.Err != nil {
		return none, a.Err
	}
	v, ok := a.Value.(T)
	if !ok {
		return none, refusal.New(refusal.CorruptData)
	}
	return v, nil
}
