package localnet

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/network"
)

// VaultSeed is the seed of a vault's identity: SHA-256("vaultnet simnet" ‖ seed ‖ i), both as 8 bytes big endian.
func VaultSeed(seed uint64, i int) [32]byte {
	b := binary.BigEndian.AppendUint64([]byte("vaultnet simnet"), seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(i)))
}

// SampleSeed is the seed of the key of a sample account (sample-1, sample-2, …) or app (sample-app-1, …): SHA-256("vaultnet simnet sample" ‖ seed ‖ label). Everybody
// can compute it: it is for testing only.
func SampleSeed(seed uint64, label string) network.Seed {
	b := binary.BigEndian.AppendUint64([]byte("vaultnet simnet sample"), seed)
	return sha256.Sum256(append(b, label...))
}

// Person is a sample account or app. Its key is for testing only.
type Person struct {
	Label string
	Seed  network.Seed
	Owner vaultnet.PublicKey // of an app: the account that granted it, and pays; nobody for an account
}

// Actor is how the account or app acts.
func (p Person) Actor() client.Actor { return client.Actor{Key: p.Seed.Signer(), Account: p.Owner} }

// Labels of samples. They are not names that a person would choose for a key of its own, which the label would then mean.
const (
	accountLabel = "sample-%d"
	appLabel     = "sample-app-%d"
)

// People are the sample accounts and apps that a network of this configuration has.
func People(cfg Config) (accounts, apps []Person) {
	for i := range cfg.Accounts {
		name := fmt.Sprintf(accountLabel, i+1)
		accounts = append(accounts, Person{Label: name, Seed: SampleSeed(cfg.Seed, name)})
	}
	for i := range cfg.Apps {
		name := fmt.Sprintf(appLabel, i+1)
		apps = append(apps, Person{Label: name, Seed: SampleSeed(cfg.Seed, name), Owner: accounts[i%len(accounts)].Seed.Public()})
	}
	return accounts, apps
}
