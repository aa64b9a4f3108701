package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// note is how far an interrupted copy was: a file in the user's cache folder, which only he may read, for it opens what was
// copied.
type note struct {
	path string
	What string `json:"what"` // which content, of all that a path had
	At   []byte `json:"at"`
}

// staleNote is after how long a note is of no use: what it leads to may be gone.
const staleNote = 14 * 24 * time.Hour

// noteOf is the note of a copy to a place. What it is a copy of has to be the same when it goes on.
func (a *acting) noteOf(verb, place, what string) *note {
	dir, err := os.UserCacheDir()
	if err != nil {
		return &note{}
	}
	by := a.actor()
	key := by.Key.Public()
	id := a.file.ID()
	h := sha256.New()
	for _, part := range []string{verb, string(id[:]), string(key[:]), string(by.Account[:]), place} {
		h.Write([]byte(part + "\x00"))
	}
	return &note{path: filepath.Join(dir, "vaultnet", "transfers", hex.EncodeToString(h.Sum(nil)[:16])+".json"), What: what}
}

// read is what was noted; nil for nothing, or of another content.
func (n *note) read() []byte {
	if n.path == "" {
		return nil
	}
	info, err := os.Stat(n.path)
	if err != nil || time.Since(info.ModTime()) > staleNote {
		return nil
	}
	b, err := os.ReadFile(n.path)
	var old note
	if err != nil || json.Unmarshal(b, &old) != nil || old.What != n.What {
		return nil
	}
	return old.At
}

func (n *note) write(at []byte) error {
	if n.path == "" {
		return nil // it cannot go on, but it can be done
	}
	b, err := json.Marshal(&note{What: n.What, At: at})
	if err != nil {
		return err
	}
	return writeSecret(n.path, b)
}

func (n *note) remove() {
	if n.path != "" {
		os.Remove(n.path)
	}
}
