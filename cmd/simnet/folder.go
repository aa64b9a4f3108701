package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// record is what a data folder remembers of the network whose vaults' stores it holds: what cannot be changed
// afterwards.
type record struct {
	Format     int    `json:"format"`
	Name       string `json:"name"`
	Seed       uint64 `json:"seed"`
	Vaults     int    `json:"vaults"`
	Port       int    `json:"port"`
	AccountOps int64  `json:"account-ops"`
}

const (
	recordFormat  = 1
	maxRecord     = 64 << 10
	recordInsides = "simnet.json"
)

// readRecord reads a data folder's record; nil: a new folder.
func readRecord(data string) (*record, error) {
	path := filepath.Join(data, recordInsides)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		left, err := os.ReadDir(data)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if len(left) > 0 {
			return nil, fmt.Errorf("-data %s: the folder holds something else than a network: name one that is empty or not there", data)
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return nil, err
	}
	return decodeRecord(path, b)
}

func decodeRecord(path string, b []byte) (*record, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r record
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	if r.Format != recordFormat {
		return nil, fmt.Errorf("%s: format %d, this program knows %d", path, r.Format, recordFormat)
	}
	return &r, nil
}

// write keeps the record in a new data folder.
func (r *record) write(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	temporary := filepath.Join(data, "."+recordInsides)
	if err := os.WriteFile(temporary, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(data, recordInsides))
}
