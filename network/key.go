package network

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"vaultnet"
	"vaultnet/internal/signature"
)

// Seed is the secret from which RFC 8032 derives an Ed25519 key. It prints as its public half.
type Seed [32]byte

// NewSeed returns a fresh one.
func NewSeed() Seed {
	var s Seed
	rand.Read(s[:]) // never fails: it ends the program instead
	return s
}

// Signer is the key of the seed.
func (s Seed) Signer() vaultnet.Signer { return signature.NewKey(s) }

// Public is the public half of the key.
func (s Seed) Public() vaultnet.PublicKey { return signature.NewKey(s).Public() }

// Format writes the public half in hex, whatever the verb: no print shows the secret.
func (s Seed) Format(f fmt.State, _ rune) { f.Write([]byte(s.Public().String())) }

// keyText is the text of a key file: JSON of strings, all but the note required. Package client/keyring reads and writes
// the same.
type keyText struct {
	Format string `json:"format"`
	Public string `json:"public"` // hex; what the seed gives
	Seed   string `json:"seed"`   // hex: the secret
	Note   string `json:"note,omitempty"`
}

const (
	keyFormat  = "vaultnet-key/1"
	maxKeyFile = 4096 // bytes
)

// ReadKey reads a key file. One that others than its owner may read is refused: its secret counts as known. The error is
// an [*Error] and shows nothing of the secret.
func ReadKey(path string) (Seed, error) {
	info, err := os.Stat(path)
	if err != nil {
		e := &Error{Path: path, Wrong: "cannot be opened", Cause: bare(err)}
		if errors.Is(err, fs.ErrNotExist) {
			e.Wrong, e.Remedy = "no key file", "make one (safe key new)"
		}
		return Seed{}, e
	}
	if !info.Mode().IsRegular() {
		return Seed{}, &Error{Path: path, Wrong: "is not a file"}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return Seed{}, &Error{Path: path, Wrong: fmt.Sprintf("others may read this key (mode %04o)", mode),
			Remedy: "chmod 600 " + path + ", and consider the key known to whoever could read it"}
	}
	text, e := readBounded(path, maxKeyFile)
	if e != nil {
		return Seed{}, e
	}
	seed, e := decodeKey(text)
	if e != nil {
		e.Path = path
		return Seed{}, e
	}
	return seed, nil
}

// WriteKey writes a key file that its owner alone may read (mode 0600), at once or not at all. Missing folders are made.
// It never replaces a key by another: where the file is there already and holds another key, or none, that is an error.
// The note, for people, is one line: whose key it is, or that it is for testing only; "" for none.
func WriteKey(path string, seed Seed, note string) error {
	if there, err := ReadKey(path); err == nil && there == seed {
		return nil
	}
	text, e := encodeKey(seed, note)
	if e != nil {
		e.Path = path
		return e
	}
	temporary, e := prepare(path, text, 0o600)
	if e != nil {
		return e
	}
	defer os.Remove(temporary)
	if err := os.Link(temporary, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &Error{Path: path, Wrong: "there is something else already", Cause: fs.ErrExist, Remedy: "choose another place; a lost key cannot be had again"}
		}
		return &Error{Path: path, Wrong: "cannot be written", Cause: bareLink(err), Remedy: "choose another place"}
	}
	return nil
}

func bareLink(err error) error {
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}

func encodeKey(seed Seed, note string) ([]byte, *Error) {
	if !printable(note) || len(note) > maxKeyFile/8 {
		return nil, &Error{Field: "note", Wrong: "is not one line of printable text of at most 512 bytes"}
	}
	t := keyText{Format: keyFormat, Public: seed.Public().String(), Seed: hex.EncodeToString(seed[:]), Note: note}
	text, err := json.MarshalIndent(t, "", "\t")
	if err != nil {
		return nil, &Error{Wrong: "cannot be encoded"}
	}
	return append(text, '\n'), nil
}

// decodeKey reads the text of a key file. What is wrong with it is said without showing any of it: it may be a secret.
func decodeKey(text []byte) (Seed, *Error) {
	refuse := &Error{Wrong: "is not a key file of vaultnet, or damaged", Remedy: "take its copy; a lost key cannot be had again"}
	root, err := parse(text)
	if err != nil {
		return Seed{}, refuse
	}
	var d decoder
	o := d.object(root, "")
	is := d.text(o, "format")
	public, seed := d.key(o, "public", true), Seed(d.key(o, "seed", true))
	if o.optional("note") != nil {
		d.text(o, "note")
	}
	d.nothingElse(o)
	if d.err != nil || is != keyFormat {
		return Seed{}, refuse
	}
	if seed.Public() != vaultnet.PublicKey(public) {
		refuse.Field, refuse.Wrong = "public", "is not the public half of the seed"
		return Seed{}, refuse
	}
	return seed, nil
}
