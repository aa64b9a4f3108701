package keyring

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"vaultnet/internal/signature"
)

// maxFile bounds what is read of a key file, in bytes.
const maxFile = 4096

// file is what a key file holds, as JSON.
type file struct {
	Format string `json:"format"` // "vaultnet-key/1"
	Public string `json:"public"` // hex; what Seed gives
	Seed   string `json:"seed"`   // hex, RFC 8032: the secret
	Note   string `json:"note,omitempty"`
}

const format = "vaultnet-key/1"

// Write stores the key of a seed (RFC 8032, 32 bytes) in a new file that only its owner may read. A file that is already
// there is never overwritten: the error is then fs.ErrExist. The note, for people, says what the key is for; "" for none.
// The file is there whole and synced, or not at all.
func Write(path string, seed [32]byte, note string) error {
	public := signature.NewKey(seed).Public()
	b, err := json.MarshalIndent(file{Format: format, Public: public.String(), Seed: hex.EncodeToString(seed[:]), Note: note}, "", "\t")
	if err != nil {
		return fmt.Errorf("key file %s: cannot be encoded", path)
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	defer os.Remove(t.Name())
	_, err = t.Write(append(b, '\n'))
	if err == nil {
		err = t.Sync()
	}
	if e := t.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Link(t.Name(), path) // unlike a rename, it fails where there is a file
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key file %s: %w", path, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	return nil
}

// Read reads a key file. It refuses one that others than its owner may read or write, and what [Write] has not written.
func Read(path string) (*signature.Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("key file %s: %w", path, cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("key file %s: it is a folder", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("key file %s: others may read it (mode %04o); chmod 600 %s", path, info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, cause(err))
	}
	seed, ok := parse(b)
	if !ok {
		return nil, fmt.Errorf("key file %s: it is no key file of vaultnet, or damaged", path)
	}
	return signature.NewKey(seed), nil
}

// parse reads the content of a key file. What is wrong with it is not said: it could be part of a secret.
func parse(b []byte) (seed [32]byte, ok bool) {
	if len(b) > maxFile {
		return seed, false
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || f.Format != format {
		return seed, false
	}
	if _, err := d.Token(); err != io.EOF {
		return seed, false
	}
	raw, err := hex.DecodeString(f.Seed)
	if err != nil || len(raw) != len(seed) {
		return seed, false
	}
	copy(seed[:], raw)
	return seed, signature.NewKey(seed).Public().String() == f.Public
}

// cause is what went wrong without the path, which the caller names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
