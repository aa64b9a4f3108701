package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/network"
	"vaultnet/refusal"
	"vaultnet/routing"
)

// Connect connects to a network. It returns when a vault of it has answered. Where none does it says which addresses were
// tried; a vault of another network, or a network file whose parameters are not this network's, is said with the name of
// the parameter. The context bounds connecting, no longer; where it has no deadline, ten seconds do.
func Connect(ctx context.Context, cfg Config) (*Client, error) {
	return connect(ctx, cfg, func(c Config, seed [32]byte, h routing.Handler) (joiner, error) {
		return routing.New(routing.Config{
			Seed: seed, Network: c.Parameters.ID(), Parameters: c.Parameters, Bootstrap: c.Bootstrap, Peers: c.Peers, Latency: c.Latency, Memory: c.Fabric, Shortcut: c.Shortcut,
		}, h)
	})
}

const connectFor = 10 * time.Second

// Local connects to a network that runs on this machine, found by its network file where simnet leaves it
// ([network.LocalPath]). A name tells several apart; without one it is the network called "local".
func Local(ctx context.Context, name ...string) (*Client, error) {
	if len(name) > 1 {
		return nil, fmt.Errorf("client: %d names of one network", len(name))
	}
	path, err := network.LocalPath(strings.Join(name, ""))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	f, err := network.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("client: no network runs on this machine (%s is not there); start one: go run ./cmd/simnet", path)
	case err != nil:
		return nil, fmt.Errorf("client: %w", err)
	}
	return Connect(ctx, ConfigOf(f))
}

// joiner is a carrier that has to join its network first.
type joiner interface {
	carrier
	Join(ctx context.Context) error
}

func connect(ctx context.Context, cfg Config, open func(Config, [32]byte, routing.Handler) (joiner, error)) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if _, ok := ctx.Deadline(); !ok {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, connectFor)
		defer stop()
	}
	seed := network.NewSeed() // a throw-away
	l := newLoop(cfg, seed.Public())
	node, err := open(cfg, seed, l)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	l.start(node)
	c := &Client{cfg: cfg, loop: l}
	if err := c.join(ctx, node); err != nil {
		l.cfg.Settle = -1
		c.Close()
		return nil, err
	}
	return c, nil
}

// join joins the network and waits for an answer.
func (c *Client) join(ctx context.Context, node joiner) error {
	err := node.Join(ctx)
	var foreign *routing.ForeignError
	switch {
	case errors.As(err, &foreign):
		return fmt.Errorf("client: %w; take the network file that its vaults were started with", foreign)
	case err != nil:
		return c.unreachable(err)
	}
	var why *refusal.Error
	select {
	case <-c.loop.ready.answered:
		return nil
	case why = <-c.loop.ready.goodbye: // one vault alone does not decide
	case <-ctx.Done():
		return c.unreachable(context.Cause(ctx))
	}
	ctx, stop := context.WithTimeout(ctx, secondOpinion)
	defer stop()
	select {
	case <-c.loop.ready.answered:
		return nil
	case <-ctx.Done():
		return c.turnedAway(why)
	}
}

// secondOpinion is how long an answer is waited for after a vault said that it wants nothing from this client.
const secondOpinion = time.Second

func (c *Client) turnedAway(why *refusal.Error) error {
	return fmt.Errorf("client: the vaults at %s turn this client away: %w; take the network file that they were started with",
		tried(c.cfg.Bootstrap), why)
}

// unreachable says, on one line, why no vault answers and what helps.
func (c *Client) unreachable(cause error) error {
	e := &UnreachableError{Network: c.cfg.Parameters.Name, ID: c.loop.network, Tried: c.cfg.Bootstrap, Cause: cause}
	return fmt.Errorf("client: %w", e)
}

// UnreachableError says that no vault of a network answers.
type UnreachableError struct {
	Network string // its name
	ID      vaultnet.NetworkID
	Tried   []string // the bootstrap addresses
	Cause   error    // what package routing met, or the end of the context
}

// Error is one line for people.
func (e *UnreachableError) Error() string {
	why := strings.Join(strings.Fields(e.Cause.Error()), " ")
	const most = 400
	if len(why) > most {
		why = why[:most] + "…"
	}
	return fmt.Sprintf("no vault of network %q (%v) answers at %s; is it running, and is this its present network file? (%s)",
		e.Network, e.ID, tried(e.Tried), why)
}

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Cause }

// tried lists addresses, the first few of many.
func tried(addresses []string) string {
	const shown = 4
	if n := len(addresses); n > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(addresses[:shown], ", "), n-shown)
	}
	return strings.Join(addresses, ", ")
}

var (
	_ routing.Handler = (*loop)(nil)
	_ joiner          = (*routing.Node)(nil)
)
