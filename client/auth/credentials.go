package auth

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"

	"vaultnet"
)

// MaxCredentials is the greatest length of credentials as text, in bytes.
const MaxCredentials = 4096

// Credentials are what an app keeps: with them it acts for the account that granted it access. As text they are JSON, one
// key a line, in a file that only the app's user may read (mode 0600, which is the caller's to see to).
type Credentials struct {
	Network vaultnet.NetworkID
	Name    string // of the network, for people and programs that have several network files
	App     App
	Key     [32]byte           // seed of the app's key
	Owner   vaultnet.PublicKey // whose account pays
	Record  vaultnet.Name      // of the access record, whose tag is [AccessTag]
}

// String shows whose they are, and no key.
func (c Credentials) String() string { return "credentials of " + c.App.String() }

// GoString is String.
func (c Credentials) GoString() string { return c.String() }

const (
	domainRecord     vaultnet.Domain = "vaultnet/auth/record/1"      // app's public key → name of its access record
	domainRecordSeal vaultnet.Domain = "vaultnet/auth/record/seal/1" // app's seed → key that seals it
)

// address is where the app's access record lies.
func (c *Credentials) address() vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: c.Record, Tag: AccessTag}
}

func recordAddress(app vaultnet.PublicKey) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(domainRecord.Hash(app[:])), Tag: AccessTag}
}

func (c *Credentials) check(op string) error {
	if err := c.App.check(op); err != nil {
		return err
	}
	if c.Owner.SmallOrder() || checkLabel(op, c.Name) != nil || len(c.Name) > 64 {
		return invalid(op, "credentials", "no such owner or network")
	}
	return nil
}

// credentialsFile is how credentials are written.
type credentialsFile struct {
	Format  int    `json:"format"`
	Network string `json:"network"`
	ID      string `json:"network-id"`
	App     string `json:"app"`
	Scope   string `json:"scope,omitempty"`
	Name    string `json:"name,omitempty"`
	Vendor  string `json:"vendor,omitempty"`
	Key     string `json:"key"`
	Owner   string `json:"owner"`
	Record  string `json:"access-record"`
}

// MarshalText writes the credentials, keys included.
func (c Credentials) MarshalText() ([]byte, error) {
	b, err := json.MarshalIndent(&credentialsFile{Format: 1, Network: c.Name, ID: hex.EncodeToString(c.Network[:]),
		App: c.App.ID, Scope: c.App.Scope, Name: c.App.Name, Vendor: c.App.Vendor,
		Key: hex.EncodeToString(c.Key[:]), Owner: hex.EncodeToString(c.Owner[:]), Record: hex.EncodeToString(c.Record[:])}, "", "  ")
	return append(b, '\n'), err
}

// UnmarshalText reads credentials. Errors quote nothing of them.
func (c *Credentials) UnmarshalText(text []byte) error {
	const op, what = "parse", "credentials"
	if len(text) > MaxCredentials {
		return invalid(op, what, "longer than 4096 bytes")
	}
	var f credentialsFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil {
		return invalid(op, what, "not the JSON of a credentials file")
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid(op, what, "something follows them")
	}
	if f.Format != 1 {
		return invalid(op, what, "of another format: use a newer program")
	}
	*c = Credentials{Name: f.Network, App: App{f.App, f.Scope, f.Name, f.Vendor}}
	for _, field := range []struct {
		text string
		key  []byte
	}{{f.ID, c.Network[:]}, {f.Key, c.Key[:]}, {f.Owner, c.Owner[:]}, {f.Record, c.Record[:]}} {
		if len(field.text) != 2*len(field.key) {
			return invalid(op, what, "a key or id has not 64 hex digits")
		}
		if _, err := hex.Decode(field.key, []byte(field.text)); err != nil {
			return invalid(op, what, "a key or id has not 64 hex digits")
		}
	}
	return c.check(op)
}
