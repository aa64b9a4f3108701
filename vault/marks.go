package vault

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"vaultnet"
	"vaultnet/vault/store"
)

// What a vault keeps in its store for itself, beside what its core keeps: keys that begin with [store.Reserved].
var (
	ownerKey    = []byte{store.Reserved, 'v', 'a', 'u', 'l', 't'}           // whose store it is: [owner]
	lifeKey     = []byte{store.Reserved, 'l', 'i', 'f', 'e'}                // how the last life went: [life]
	contactsKey = []byte{store.Reserved, 'c', 'o', 'n', 't', 'a', 'c', 't'} // by whom to find the network: addresses
)

// owner says whose store it is.
type owner struct {
	Vault   string // public key, in hex
	Network string // network id, in hex
}

// life says what a vault that starts must know of the one before: whether it was stopped in good order, and if not
// whether all it sent was durable.
type life struct {
	Boot  string // of the machine, while the vault runs; "" where it cannot be told
	Sync  bool   // everything was synced before it was sent
	Clean bool   // stopped in good order
}

// ForeignStoreError says that a store is another vault's, or of another network.
type ForeignStoreError struct {
	What        string // "vault" or "network"
	Found, Want string // in hex
}

// Error says what to do about it.
func (e *ForeignStoreError) Error() string {
	return fmt.Sprintf("vault: the store belongs to %s %.16s…, this is %.16s…: give each vault a data folder of its own",
		e.What, e.Found, e.Want)
}

// PowerLossError says that a vault must not go on under its identity: it ran without sync and was not stopped in good
// order before the machine went down, so what it has promised others may be lost (design §4.11).
type PowerLossError struct{ Vault vaultnet.PublicKey }

// Error says what to do about it.
func (e *PowerLossError) Error() string {
	return fmt.Sprintf("vault: %s ran with -sync never and the machine went down under it: it may have forgotten votes it cast, "+
		"and must not vote under this identity again; begin with an empty data folder and a new key (vault init -network), "+
		"what it held comes from the other members", e.Vault.Short())
}

// begin checks the marks of a store and makes those of this life, durably.
func begin(s Store, self vaultnet.PublicKey, network vaultnet.NetworkID, sync bool) error {
	return beginAt(s, self, network, sync, bootID())
}

func beginAt(s Store, self vaultnet.PublicKey, network vaultnet.NetworkID, sync bool, boot string) error {
	if err := checkOwner(s, self, network); err != nil {
		return err
	}
	var last life
	there, err := readMark(s, lifeKey, &last)
	switch {
	case err != nil:
		return err
	case there && !last.Clean && !last.Sync && (boot == "" || last.Boot != boot):
		return &PowerLossError{Vault: self}
	}
	return writeMarks(s, true, mark{ownerKey, ownerOf(self, network)}, mark{lifeKey, life{Boot: boot, Sync: sync}})
}

func ownerOf(self vaultnet.PublicKey, network vaultnet.NetworkID) owner {
	return owner{Vault: self.String(), Network: hex.EncodeToString(network[:])}
}

// checkOwner refuses a store that is another vault's.
func checkOwner(s Store, self vaultnet.PublicKey, network vaultnet.NetworkID) error {
	want := ownerOf(self, network)
	var found owner
	there, err := readMark(s, ownerKey, &found)
	switch {
	case err != nil:
		return err
	case there && found.Network != want.Network:
		return &ForeignStoreError{What: "network", Found: found.Network, Want: want.Network}
	case there && found.Vault != want.Vault:
		return &ForeignStoreError{What: "vault", Found: found.Vault, Want: want.Vault}
	}
	return nil
}

// finish marks a clean stop: from here on all that was ever applied is durable.
func finish(s Store) error {
	var last life
	if _, err := readMark(s, lifeKey, &last); err != nil {
		return err
	}
	last.Clean = true
	return writeMarks(s, true, mark{lifeKey, last})
}

type mark struct {
	key   []byte
	value any
}

func writeMarks(s Store, sync bool, marks ...mark) error {
	batch := make([]vaultnet.Write, len(marks))
	for i, m := range marks {
		value, err := json.Marshal(m.value)
		if err != nil {
			return fmt.Errorf("vault: mark %s: %w", m.key[1:], err)
		}
		batch[i] = vaultnet.Write{Key: m.key, Value: value}
	}
	if err := s.Apply(batch, sync); err != nil {
		return fmt.Errorf("vault: marking the store: %w", err)
	}
	return nil
}

func readMark(s Store, key []byte, into any) (there bool, err error) {
	value, err := s.Get(key)
	if err != nil || value == nil {
		return false, err
	}
	if err := json.Unmarshal(value, into); err != nil {
		return false, fmt.Errorf("vault: the store's mark %s is damaged: %w", key[1:], err)
	}
	return true, nil
}
