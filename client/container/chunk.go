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

// seal seals a chunk with the file's key, where it has one.
func (b *blob) seal(content []byte, level int, i int64) ([]byte, error) {
	if b.secret == nil {
		return content, nil
	}
	return b.secret.Seal(b.cfg.Random, content, where(level, i))
}

// open takes the answer to a GetChunk and opens the chunk.
func (b *blob) open(a Answer, level int, i int64) ([]byte, error) {
	c, err := answer[[]byte](a)
	if errors.Is(err, refusal.NoSuchData) { // the file is there, and this part of it should be
		err = &Error{Op: "read", Name: "chunk", Kind: Corrupt, Cause: err}
	}
	if err != nil {
		return nil, err
	}
	if b.secret != nil {
		var ok bool
		if c, ok = b.secret.Open(b.buffer(), c, where(level, i)); !ok {
			return nil, refuse("read", "chunk", Corrupt)
		}
	}
	if len(c) > b.g.chunk {
		return nil, refuse("read", "chunk", Corrupt)
	}
	return c, nil
}

// put stores chunks, sealed with the file's key.
func (b *blob) put(ctx context.Context, contents [][]byte, level int, at []int64) ([]vaultnet.Name, error) {
	steps := make([]Step, len(contents))
	for k, c := range contents {
		sealed, err := b.seal(c, level, at[k])
		if err != nil {
			return nil, err
		}
		steps[k] = PutChunk{Content: sealed}
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

// get fetches and opens a chunk.
func (b *blob) get(ctx context.Context, name vaultnet.Name, level int, i int64) ([]byte, error) {
	return b.open(do(ctx, b.cfg.Data, []Step{GetChunk{Name: name}}, 1)[0], level, i)
}
