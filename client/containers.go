package client

import (
	"context"
	"sync"
	"sync/atomic"

	"vaultnet/client/container"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// maxSteps is how many steps of a container's batch are under way at once. Chunks among them are fewer: the container
// gives only as many at once as its Parallel says.
const maxSteps = 64

// Containers is what package container needs to work over this network as an actor: files and names are paid for by the
// actor's account, and changed as far as the actor's key is permitted to.
//
//	files := container.NewFileSystem(c.Containers(alice), ref)
func (c *Client) Containers(by Actor) container.Config {
	return container.Config{Data: &containerData{c, by}, Payer: by.Owner(), Wait: c.wait}
}

// containerData carries out a container's steps with goroutines, which have ended when Do returns.
type containerData struct {
	c  *Client
	by Actor
}

func (d *containerData) Do(ctx context.Context, steps []container.Step) []container.Answer {
	answers := make([]container.Answer, len(steps))
	if len(steps) == 1 {
		answers[0] = d.one(ctx, steps[0])
		return answers
	}
	next := make(chan int)
	var group sync.WaitGroup
	for range min(len(steps), maxSteps) {
		group.Go(func() {
			for i := range next {
				answers[i] = d.one(ctx, steps[i])
			}
		})
	}
	for i := range steps {
		next <- i
	}
	close(next)
	group.Wait()
	return answers
}

// Begin implements [container.Background]: one goroutine for each step.
func (d *containerData) Begin(ctx context.Context, steps []container.Step) (wait func(i int) container.Answer, done <-chan struct{}) {
	answers := make([]container.Answer, len(steps))
	each, all := make([]chan struct{}, len(steps)), make(chan struct{})
	var left atomic.Int64
	left.Store(int64(len(steps)))
	for i := range steps {
		each[i] = make(chan struct{})
		go func() {
			answers[i] = d.one(ctx, steps[i])
			close(each[i])
			if left.Add(-1) == 0 {
				close(all)
			}
		}()
	}
	if len(steps) == 0 {
		close(all)
	}
	return func(i int) container.Answer {
		<-each[i]
		return answers[i]
	}, all
}

func (d *containerData) one(ctx context.Context, step container.Step) (a container.Answer) {
	switch s := step.(type) {
	case container.Read:
		a.Value, a.Height, a.Err = d.c.Read(ctx, Actor{}, s.Address, s.Query)
	case container.Mutate:
		done, err := d.c.do(ctx, "mutate", func(o op.Options) op.Operation {
			return op.Mutate{As: d.by.Key, Account: d.by.Account, Address: s.Address, Mutation: s.Mutation, Options: o}
		}, d.by)
		a.Value, a.Height, a.Err = done.Result, done.Height, err
	case container.PutChunk:
		a.Value, a.Err = d.c.putChunk(ctx, d.by, s.Content, true)
	case container.GetChunk:
		a.Value, a.Err = d.c.GetChunk(ctx, s.Name)
	default:
		a.Err = refusal.Invalid("no step of a container: %T", step)
	}
	return a
}
