package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"vaultnet"
	"vaultnet/network"
)

// Missing says what happens when a label has no key yet.
type Missing bool

// What happens when a label has no key yet.
const (
	RefuseMissing Missing = false // an error that says how to make one
	MakeMissing   Missing = true  // one is made
)

// MaxKeys is how many keys a ring holds.
const MaxKeys = 100_000

// Suffix is what follows the label in the name of a key file.
const Suffix = ".key"

// Ring finds keys by label and labels by key. The zero Ring is not valid; see [Open].
type Ring struct {
	dir     string
	missing Missing

	mu     sync.Mutex
	keys   map[string]vaultnet.Signer // by label or path, as it was asked for
	labels map[vaultnet.PublicKey]string
	also   map[string]string // label → key file
}

// Open returns the ring of a folder, which it makes (mode 0700) when a key is first stored; the labels of the keys that
// are there are known from the start. With "" as folder keys are kept in memory only.
func Open(dir string, missing Missing) (*Ring, error) {
	r := &Ring{dir: dir, missing: missing, keys: map[string]vaultnet.Signer{}, labels: map[vaultnet.PublicKey]string{}, also: map[string]string{}}
	if dir == "" {
		return r, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key folder %s: %w", dir, cause(err))
	}
	for _, f := range files {
		label, ok := strings.CutSuffix(f.Name(), Suffix)
		if !ok || CheckLabel(label) != nil {
			continue
		}
		// A file that cannot be read is told to whoever asks for that key.
		if s, err := network.ReadKey(r.path(label)); err == nil && len(r.keys) < MaxKeys {
			r.keep(label, s.Signer())
		}
	}
	return r, nil
}

// Dir is the folder, "" for a ring in memory.
func (r *Ring) Dir() string { return r.dir }

func (r *Ring) path(label string) string { return filepath.Join(r.dir, label+Suffix) }

// keep remembers a key; r.mu is held, or nobody else knows r yet.
func (r *Ring) keep(label string, k vaultnet.Signer) {
	r.keys[label] = k
	if CheckLabel(label) == nil {
		r.labels[k.Public()] = label
	}
}

// Key returns the key that a name stands for: a label, or with a slash in it (a backslash on Windows) a key file.
func (r *Ring) Key(name string) (vaultnet.Signer, error) {
	isPath := IsPath(name)
	if !isPath {
		if err := CheckLabel(name); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.keys[name]; ok {
		return k, nil
	}
	if len(r.keys) >= MaxKeys {
		return nil, fmt.Errorf("key %s: more than %d keys", name, MaxKeys)
	}
	k, err := r.load(name, isPath)
	if err != nil {
		return nil, err
	}
	r.keep(name, k)
	return k, nil
}

func (r *Ring) load(name string, isPath bool) (vaultnet.Signer, error) {
	if isPath {
		return read(name)
	}
	if r.dir != "" {
		k, err := read(r.path(name))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
	}
	if path, ok := r.also[name]; ok {
		return read(path)
	}
	if r.missing == RefuseMissing {
		return nil, fmt.Errorf("no key %q in %s: %w; make one: safe key new %s", name, r.dir, fs.ErrNotExist, name)
	}
	k, err := r.make(name)
	if errors.Is(err, fs.ErrExist) { // another process was quicker
		return read(r.path(name))
	}
	return k, err
}

func read(path string) (vaultnet.Signer, error) {
	s, err := network.ReadKey(path)
	if err != nil {
		return nil, err
	}
	return s.Signer(), nil
}

// New makes the key of a label that has none yet; fs.ErrExist where it has.
func (r *Ring) New(label string) (vaultnet.Signer, error) {
	if err := CheckLabel(label); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.keys[label]; ok {
		return nil, fmt.Errorf("there is a key %q already in %s: %w", label, r.dir, fs.ErrExist)
	}
	k, err := r.make(label)
	if err == nil {
		r.keep(label, k)
	}
	return k, err
}

func (r *Ring) make(label string) (vaultnet.Signer, error) {
	s := network.NewSeed()
	if r.dir != "" {
		if err := os.MkdirAll(r.dir, 0o700); err != nil {
			return nil, fmt.Errorf("key folder %s: %w", r.dir, cause(err))
		}
		if err := network.WriteKey(r.path(label), s, ""); err != nil {
			return nil, err
		}
	}
	return s.Signer(), nil
}

// Also has labels that the folder has no key for stand for key files: those of a network's samples.
func (r *Ring) Also(files map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for label, path := range files {
		if CheckLabel(label) != nil {
			continue
		}
		r.also[label] = path
	}
}

// Name has a label be the name of a public key whose private one this ring does not hold, unless a key has that label.
func (r *Ring) Name(label string, key vaultnet.PublicKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.labels[key]; !ok && CheckLabel(label) == nil {
		r.labels[key] = label
	}
}

// IsPath reports whether a name stands for a file: it has a slash in it.
func IsPath(name string) bool {
	return strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator)
}

// Label is the label of a key that this ring holds.
func (r *Ring) Label(key vaultnet.PublicKey) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	label, ok := r.labels[key]
	return label, ok
}

// Labels lists the labels that have keys, sorted.
func (r *Ring) Labels() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, label := range r.labels {
		all = append(all, label)
	}
	slices.Sort(all)
	return all
}

// cause is what went wrong without the path, which the caller names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
