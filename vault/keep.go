package vault

import (
	"fmt"
	"sync"

	"vaultnet/vault/core"
)

// chunksAtOnce is how many chunks of one turn are stored at a time.
const chunksAtOnce = 8

// keep makes a turn's effects durable: chunks, then the records that speak of them, in one batch with one sync.
func (v *Vault) keep(s *core.Sealed) error {
	if err := v.keepChunks(s.Chunks); err != nil {
		return err
	}
	if len(s.Writes) == 0 {
		return nil
	}
	if err := v.cfg.Store.Apply(s.Writes, v.cfg.Sync); err != nil {
		return fmt.Errorf("a batch of %d records: %w", len(s.Writes), err)
	}
	return nil
}

// keepChunks stores and deletes chunks, several at a time. One turn names no chunk twice but for storing it and
// then deleting it, so what is stored comes first.
func (v *Vault) keepChunks(chunks []core.Chunk) error {
	switch len(chunks) {
	case 0:
		return nil
	case 1:
		return v.keepChunk(&chunks[0])
	}
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex
		first error
		turns = make(chan struct{}, chunksAtOnce)
	)
	for i := 0; i < len(chunks); {
		end := i // a run without two words about one chunk
		for ; end < len(chunks) && !names(chunks[i:end], &chunks[end]); end++ {
			c := &chunks[end]
			turns <- struct{}{}
			wait.Go(func() {
				defer func() { <-turns }()
				if err := v.keepChunk(c); err != nil {
					mu.Lock()
					defer mu.Unlock()
					if first == nil {
						first = err
					}
				}
			})
		}
		wait.Wait()
		i = end
	}
	return first
}

// names reports whether chunks has the name of c.
func names(chunks []core.Chunk, c *core.Chunk) bool {
	for i := range chunks {
		if chunks[i].Name == c.Name {
			return true
		}
	}
	return false
}

func (v *Vault) keepChunk(c *core.Chunk) error {
	var err error
	if c.Content == nil {
		err = v.cfg.Store.DeleteChunk(c.Name)
	} else {
		err = v.cfg.Store.PutChunk(c.Name, c.Content, v.cfg.Sync)
	}
	if err != nil {
		return fmt.Errorf("chunk %v: %w", c.Name, err)
	}
	return nil
}
