package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vaultnet/network"
	"vaultnet/vault/store/pebble"
)

// folder is a vault's data folder:
//
//	network.json  the network file
//	vault.key     the vault's key (0600)
//	vault.conf    flags of run, a line each
//	store/        what it holds
//	control       the socket that status and leave talk to (0600), while it runs
type folder string

// dataFlag adds the flag that names the folder.
func dataFlag(fs *flag.FlagSet) *string {
	return fs.String("data", "vault-data", "the vault's data `folder`")
}

func (f folder) network() string { return filepath.Join(string(f), "network.json") }
func (f folder) key() string     { return filepath.Join(string(f), "vault.key") }
func (f folder) config() string  { return filepath.Join(string(f), "vault.conf") }
func (f folder) store() string   { return filepath.Join(string(f), "store") }

// maxSocket is how long a socket's path may be on every system.
const maxSocket = 100

// control is the path of the socket: in the data folder, or where that path would be too long in a folder of the user's
// among the temporary files, named after it, which make has made. There nobody else may have had a hand in it.
func (f folder) control(make bool) (string, error) {
	abs, err := filepath.Abs(string(f))
	if err != nil {
		return "", err
	}
	if path := filepath.Join(abs, "control"); len(path) <= maxSocket {
		return path, nil
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	digest := sha256.Sum256([]byte(abs))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("vault-%d-%x", os.Getuid(), digest[:8]))
	if make {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	info, err := os.Lstat(dir)
	if err == nil && (!info.IsDir() || info.Mode().Perm()&0o077 != 0 || !own(info)) {
		return "", fmt.Errorf("%s is not yours alone: remove it, or give the vault a data folder with a shorter path", dir)
	}
	return filepath.Join(dir, "control"), nil
}

// open reads what init made.
func (f folder) open() (*network.File, network.Seed, error) {
	file, err := network.Read(f.network())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, network.Seed{}, fmt.Errorf("%s is no vault's data folder: make one with vault init -data %[1]s -new, or -network FILE", string(f))
	}
	if err != nil {
		return nil, network.Seed{}, err
	}
	seed, err := network.ReadKey(f.key())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, network.Seed{}, fmt.Errorf("%s is missing: without its key the vault is nobody; begin with an empty folder: vault init", f.key())
	}
	return file, seed, err
}

// openStore opens what the vault holds; in use by another vault is a taken folder.
func (f folder) openStore(readOnly bool) (*pebble.Store, error) {
	s, err := pebble.Open(f.store(), pebble.Config{ReadOnly: readOnly})
	if isLocked(err) {
		return nil, codedError{exitTaken, fmt.Errorf("a vault runs on %s already: stop that one, or give this one a data folder of its own", string(f))}
	}
	return s, err
}
