package client

import (
	"context"
	"errors"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// Client is a connection to a vault network, made by [Connect] or [Local]. It is safe for concurrent use by any number of
// goroutines and acts for any number of keys. 4,000 operations are under way at once; further ones wait for their turn.
type Client struct {
	cfg  Config
	loop *loop
}

// Parameters are those of the network.
func (c *Client) Parameters() vaultnet.Parameters { return c.cfg.Parameters }

// Vaults is how many vaults the client is connected with.
func (c *Client) Vaults() int { return c.loop.vaults() }

// Close ends the client. Operations under way are cancelled, and changes among them withdrawn, so that their outcomes are
// certain; operations that permits had reserved and that were not used are given back to the accounts that paid, as far
// as that can be done within [Config.Settle]. It returns when every goroutine of the client has ended, within some ten
// seconds. A second Close waits for the first.
func (c *Client) Close() error { return c.loop.close() }

func (c *Client) now() vaultnet.Time { return clock() }

// clock is this machine's time.
func clock() vaultnet.Time { return vaultnet.Time(time.Now().UnixMilli()) }

// do runs one operation to its end. The completion is there also beside an error.
func (c *Client) do(ctx context.Context, name string, make func(op.Options) op.Operation, by Actor) (op.Completion, error) {
	began := time.Now()
	d, err := c.run(ctx, name, make, by)
	if f := c.cfg.Observer.Done; f != nil {
		f(Done{Operation: name, Took: time.Since(began), Err: err, Phases: d.Phases})
	}
	return d, err
}

func (c *Client) run(ctx context.Context, name string, make func(op.Options) op.Operation, by Actor) (op.Completion, error) {
	if ctx.Err() != nil {
		return op.Completion{}, ended(name, ctx)
	}
	timeout := c.cfg.Timeout
	if until, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(until), time.Millisecond)
	}
	k := newCall(make(by.options(timeout)))
	if !c.loop.begin(k) {
		return op.Completion{}, closed(name)
	}
	var d op.Completion
	select {
	case d = <-k.done:
	case <-ctx.Done():
		c.loop.cancel(k)
		d = <-k.done // soon: op gives up within seconds of a cancellation
	}
	if d.Err == nil {
		return d, nil
	}
	return d, explain(ctx, by, name, d.Err)
}

// explain has an operation's error say why it ended, where that was the context's end or the client's.
func explain(ctx context.Context, by Actor, name string, err error) error {
	var e *refusal.Error
	if !errors.As(err, &e) {
		return &refusal.Error{Op: name, Kind: refusal.Unavailable, Cause: err}
	}
	if e.Kind != refusal.Unavailable {
		return e
	}
	why := *e
	switch {
	case ctx.Err() != nil:
		why.Cause = context.Cause(ctx)
	case errors.Is(e.Cause, op.Cancelled):
		why.Cause = ErrClosed
	case e.Cause == nil && !by.NoRetry:
		why.Cause = context.DeadlineExceeded // no quorum in the time that the operation had
	}
	return &why
}
