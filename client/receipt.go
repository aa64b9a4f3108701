package client

import (
	"context"

	"vaultnet"
	"vaultnet/client/op"
)

// Receipt is what is known of a change. Height is 0 unless it was applied; the rest is set also beside an error, as soon
// as something was signed.
type Receipt struct {
	Address  vaultnet.Address
	Identity vaultnet.Digest // of the request signed last
	Deadline vaultnet.Time   // of that request: no block with a later time contains it
	Height   vaultnet.Height // of the block that applied it
}

func receipt(a vaultnet.Address, d *op.Completion) Receipt {
	return Receipt{Address: a, Identity: d.Identity, Deadline: d.Deadline, Height: d.Height}
}

// Outcome says what became of a change.
type Outcome uint8

// The outcomes.
const (
	OutcomeForgotten  Outcome = iota // its members remember it no more: 10 minutes after its deadline
	OutcomeApplied                   //
	OutcomeNotApplied                // and it never will be
)

// String is the outcome for people.
func (o Outcome) String() string {
	switch o {
	case OutcomeApplied:
		return "applied"
	case OutcomeNotApplied:
		return "not applied"
	}
	return "unknown"
}

// Outcome settles what became of a change whose error said that its outcome is unknown. It may have to wait for the
// change's deadline. The height is of the block that applied it.
func (c *Client) Outcome(ctx context.Context, r Receipt) (Outcome, vaultnet.Height, error) {
	d, err := c.do(ctx, "outcome", func(o op.Options) op.Operation {
		return op.Outcome{Address: r.Address, Identity: r.Identity, Deadline: r.Deadline, Options: o}
	}, Actor{})
	if err != nil {
		return OutcomeForgotten, 0, err
	}
	b, _ := d.Result.(op.Became)
	switch {
	case b.Known && b.Applied:
		return OutcomeApplied, b.Height, nil
	case b.Known:
		return OutcomeNotApplied, 0, nil
	}
	return OutcomeForgotten, 0, nil
}
