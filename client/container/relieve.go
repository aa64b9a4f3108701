package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// relieve seals a node that something filled to its last place, so that not even the seal has room. An entry that does not
// open goes; if all open, the last by key goes a level down first. Until the seal names it, the copy down there does not
// count: a crash between the two leaves a copy that nobody reads and that the next relieve, or insert, replaces.
func (c *Container) relieve(ctx context.Context, at prefix) error {
	o, err := answer[*mutabledata.Object](c.do(ctx, c.read(at, mutabledata.GetObject{}))[0])
	if err != nil {
		return err
	}
	var last mutabledata.Entry
	var content value
	for k, v := range o.Entries() {
		if isMark(k) {
			if k == sealMark || k == movedMark {
				return nil // look again
			}
			last = mutabledata.Entry{Key: k, Value: v}
			content = value{}
			break
		}
		opened, ok := c.box.open(&c.ref, place([]byte(k)), v.Content)
		last, content = mutabledata.Entry{Key: k, Value: v}, opened
		if !ok {
			break
		}
	}
	if last.Key == "" && o.Len() == 0 {
		return nil
	}
	var names []byte
	if content.Name != "" {
		p := place([]byte(last.Key))
		if err := c.spill(ctx, p, at, content, max(last.Value.Version, o.Floor())); err != nil {
			return err
		}
		names = p[:]
	}
	err = c.do(ctx, c.mutate(at, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: movedMark, Do: mutabledata.ExpectAbsent},
		{Key: sealMark, Do: mutabledata.InsertEntry, Content: names},
		{Key: last.Key, Do: mutabledata.DeleteEntry, Version: last.Value.Version + 1},
	}}))[0].Err
	if errors.Is(err, refusal.InvalidEntryActions) {
		return nil // somebody was faster, or changed it: look again
	}
	return err
}

// spill puts a copy of an entry into the node below, or replaces the copy there.
func (c *Container) spill(ctx context.Context, p place, from prefix, content value, version mutabledata.Version) error {
	content.Spilled = true
	stored, err := c.box.sealValue(c.cfg.Random, p, &content)
	if err != nil {
		return err
	}
	at := p.prefix(len(from) + 1)
	for range maxRounds {
		v := c.view(ctx, []*look{{at: at, keys: []mutabledata.Key{p.key()}}}, true)[0]
		if v.err != nil {
			return v.err
		}
		var m mutabledata.Mutation
		switch old := v.values[p.key()]; {
		case v.none && !c.pays():
			return refuse("grow", c.ref.String(), ContainerFull)
		case v.none:
			c.mu.Lock()
			m = &mutabledata.Put{Owner: c.cfg.Payer, Permissions: c.root.Permissions,
				Entries: []mutabledata.Entry{{Key: p.key(), Value: mutabledata.Value{Content: stored, Version: version}}}}
			c.mu.Unlock()
		case old != nil:
			m = &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: p.key(), Do: mutabledata.UpdateEntry, Content: stored, Version: old.Version + 1},
				{Key: movedMark, Do: mutabledata.ExpectAbsent}}}
		default:
			m = &mutabledata.MutateEntries{MaxEntries: maxNames, Actions: []mutabledata.EntryAction{{Key: p.key(), Do: mutabledata.InsertEntry, Content: stored, Version: version},
				{Key: movedMark, Do: mutabledata.ExpectAbsent}}}
		}
		err := c.do(ctx, c.mutate(at, m))[0].Err
		if err == nil || !errors.Is(err, refusal.InvalidEntryActions) && !errors.Is(err, refusal.DataExists) {
			return err
		}
	}
	return refusal.New(refusal.TooManyMutations)
}
