package auth

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Tags of the objects that belong to accounts.
const (
	PacketTag vaultnet.Tag = 15001 // of account packets
	AccessTag vaultnet.Tag = 15002 // of apps' access records
)

// cell is a MutableData with one entry, of the empty key, that is compared and swapped.
type cell struct {
	data    container.Data
	address vaultnet.Address
	owner   vaultnet.PublicKey // of the account that pays
}

func (c *cell) do(ctx context.Context, s container.Step) container.Answer {
	a := c.data.Do(ctx, []container.Step{s})
	if len(a) != 1 {
		return container.Answer{Err: refusal.New(refusal.Unavailable)}
	}
	return a[0]
}

// read returns what the cell holds; false where it holds nothing.
func (c *cell) read(ctx context.Context) (mutabledata.Value, bool, error) {
	a := c.do(ctx, container.Read{Address: c.address, Query: mutabledata.GetValue{}})
	switch {
	case errors.Is(a.Err, refusal.NoSuchData), errors.Is(a.Err, refusal.NoSuchEntry):
		return mutabledata.Value{}, false, nil
	case a.Err != nil:
		return mutabledata.Value{}, false, a.Err
	}
	v, ok := a.Value.(mutabledata.Value)
	if !ok {
		return v, false, refusal.New(refusal.CorruptData)
	}
	return v, true, nil
}

// The outcomes of a write.
type outcome bool

const (
	done outcome = true
	lost outcome = false // the cell is no longer as it was read
)

// insert fills an empty cell, and makes it where there is none.
func (c *cell) insert(ctx context.Context, content []byte) (outcome, error) {
	put := &mutabledata.Put{Owner: c.owner, Entries: []mutabledata.Entry{{Value: mutabledata.Value{Content: content}}}}
	err := c.do(ctx, container.Mutate{Address: c.address, Mutation: put}).Err
	if !errors.Is(err, refusal.DataExists) {
		return err == nil, err
	}
	return c.act(ctx, mutabledata.EntryAction{Do: mutabledata.InsertEntry, Content: content})
}

// update replaces what was read with a version.
func (c *cell) update(ctx context.Context, content []byte, version mutabledata.Version) (outcome, error) {
	return c.act(ctx, mutabledata.EntryAction{Do: mutabledata.UpdateEntry, Content: content, Version: version + 1})
}

// remove empties the cell.
func (c *cell) remove(ctx context.Context, version mutabledata.Version) (outcome, error) {
	return c.act(ctx, mutabledata.EntryAction{Do: mutabledata.DeleteEntry, Version: version + 1})
}

func (c *cell) act(ctx context.Context, action mutabledata.EntryAction) (outcome, error) {
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{action}}
	err := c.do(ctx, container.Mutate{Address: c.address, Mutation: m}).Err
	if errors.Is(err, refusal.InvalidEntryActions) {
		return lost, nil
	}
	return err == nil, err
}
