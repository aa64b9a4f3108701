package container

import (
	"context"
	"encoding/binary"
	"errors"

	"vaultnet"
	"vaultnet/refusal"
)

// where binds a chunk to its place in the file: the level, and which of it.
func where(level int, i int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(level)}, uint64(i))
}

// put stores chunks, sealed with the file's key.
func (b *blob) put(ctx context.Context, contents [][]byte, level int, at []int64) ([]vaultnet.Name, error) {
	steps := make([]Step, len(contents))
	for k, c := range contents {
		if b.aead != nil {
			sealed, err := sealWith(b.aead, b.cfg.Random, c, where(level, at[k]))
			if err != nil {
				return nil, err
			}
			c = sealed
		}
		steps[k] = PutChunk{Content: c}
	}
	names := make([]vaultnet.Name, len(contents))
	for k, a := range do(ctx, b.cfg.Data, steps, b.cfg.Parallel) {
		name, err := answer[vaultnet.Name](a)
		if err != nil {
			return nil, err
		}
		names[k] = name
	}
	return names, nil
}

// get fetches and opens chunks.
func (b *blob) get(ctx context.Context, names []vaultnet.Name, level int, at []int64) ([][]byte, error) {
	steps := make([]Step, len(names))
	for k, name := range names {
		steps[k] = GetChunk{Name: name}
	}
	contents := make([][]byte, len(names))
	for k, a := range do(ctx, b.cfg.Data, steps, b.cfg.Parallel) {
		c, err := answer[[]byte](a)
		if errors.Is(err, refusal.NoSuchData) { // the file is there, and this part of it should be
			err = &Error{Op: "read", Name: "chunk", Kind: Corrupt, Cause: err}
		}
		if err != nil {
			return nil, err
		}
		if b.aead != nil {
			var ok bool
			if c, ok = openWith(b.aead, c, where(level, at[k])); !ok {
				return nil, refuse("read", "chunk", Corrupt)
			}
		}
		if len(c) > b.g.chunk {
			return nil, refuse("read", "chunk", Corrupt)
		}
		contents[k] = c
	}
	return contents, nil
}
