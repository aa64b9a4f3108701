package client

import (
	"context"
	"slices"
	"sync"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/immutabledata"
	"vaultnet/mutabledata"
)

// PutChunk stores content of at most [vaultnet.MaxSize] bytes under its SHA-256, which it returns. Storing the same again
// is no error. The content must not change before it returns.
func (c *Client) PutChunk(ctx context.Context, by Actor, content []byte) (vaultnet.Name, error) {
	return c.putChunk(ctx, by, content, false)
}

// putChunk stores a chunk; spread has it wait a moment for the vaults beyond those that are needed. The content is hashed
// here, beside the loop.
func (c *Client) putChunk(ctx context.Context, by Actor, content []byte, spread bool) (vaultnet.Name, error) {
	var name vaultnet.Name
	if len(content) <= vaultnet.MaxSize {
		name = immutabledata.NameOf(content)
	}
	d, err := c.do(ctx, "put-chunk", func(o op.Options) op.Operation {
		return op.PutChunk{As: by.Key, Account: by.Account, Content: content, Name: name, Spread: spread, Options: o}
	}, by)
	if err != nil {
		return vaultnet.Name{}, err
	}
	name, ok := d.Result.(vaultnet.Name)
	if !ok {
		return name, unexpected("put-chunk", d.Result)
	}
	return name, nil
}

// GetChunk fetches the content with a name. NoSuchData where no vault has it.
func (c *Client) GetChunk(ctx context.Context, name vaultnet.Name) ([]byte, error) {
	d, err := c.do(ctx, "get-chunk", func(o op.Options) op.Operation { return op.GetChunk{Name: name, Options: o} }, Actor{})
	if err != nil {
		return nil, err
	}
	content, ok := d.Result.([]byte)
	if !ok {
		return nil, unexpected("get-chunk", d.Result)
	}
	return content, nil
}

// PutChunks stores many chunks, [Config.Parallel] at once, and returns their names in order. The first error ends it;
// what is stored by then stays.
func (c *Client) PutChunks(ctx context.Context, by Actor, contents [][]byte) ([]vaultnet.Name, error) {
	names := make([]vaultnet.Name, len(contents))
	err := c.each(ctx, len(contents), func(ctx context.Context, i int) (err error) {
		names[i], err = c.putChunk(ctx, by, contents[i], true)
		return err
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// GetChunks fetches many chunks, [Config.Parallel] at once, and returns them in order: all of them or the first error.
func (c *Client) GetChunks(ctx context.Context, names []vaultnet.Name) ([][]byte, error) {
	contents := make([][]byte, len(names))
	err := c.each(ctx, len(names), func(ctx context.Context, i int) (err error) {
		contents[i], err = c.GetChunk(ctx, names[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return contents, nil
}

// each does n things, some at once, until one fails. It returns when none is under way.
func (c *Client) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu     sync.Mutex
		next   int
		failed error
		group  sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= n && failed == nil
	}
	for range min(n, c.cfg.Parallel) {
		group.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := do(ctx, i); err != nil {
					mu.Lock()
					if failed == nil {
						failed = err
						stop() // the others end soon
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return failed
}

func sorted(keys []mutabledata.Key) []mutabledata.Key {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}
