package main

import (
	"fmt"
	"path/filepath"
	"sync"

	"vaultnet"
	"vaultnet/network"
	"vaultnet/sim/localnet"
)

// keyFiles are the key files of the samples.
type keyFiles struct {
	folder string
	names  map[vaultnet.PublicKey]string
}

const keyNote = "for testing only: everybody can compute this key"

// writeKeys writes the samples' key files, in a folder for each name and seed: nothing is replaced.
func (u *up) writeKeys(folder string) (*keyFiles, error) {
	k := &keyFiles{folder: filepath.Join(folder, "keys", fmt.Sprintf("%s-%d", u.name, u.seed)), names: map[vaultnet.PublicKey]string{}}
	accounts, apps := localnet.People(u.config())
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	for _, p := range append(accounts, apps...) {
		k.names[p.Seed.Public()] = p.Label
		all.Go(func() {
			if err := network.WriteKey(k.path(p.Label), p.Seed, keyNote); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = err
			}
		})
	}
	all.Wait()
	return k, failed
}

func (k *keyFiles) path(label string) string { return filepath.Join(k.folder, label+".key") }

// fill names the key files in a network file.
func (k *keyFiles) fill(s *network.Sample) {
	for _, list := range [][]network.Person{s.Accounts, s.Apps} {
		for i := range list {
			list[i].KeyFile = k.path(list[i].Label)
		}
	}
}
