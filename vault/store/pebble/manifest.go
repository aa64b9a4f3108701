package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"vaultnet/vault/store"
)

// The manifest lists the database's files. The database takes an unreadable record for the manifest's end, as a crash may
// leave it, forgets what came behind and removes the files it forgot. So whether there is more behind is looked at before.

const (
	manifestBlock  = 32 << 10 // chunks do not cross blocks
	manifestHeader = 7        // checksum (4), length (2), kind (1)
	chunkFull      = 1        // a whole record
	chunkFirst     = 2        // the first part of one
	chunkLast      = 4        // the last; the middle ones are 3
	maxManifest    = 256 << 20
)

// checkRecords tells a database that was damaged where opening it would not.
func checkRecords(disk vfs.FS, records string) error {
	found, err := pebble.Peek(records, disk)
	if err != nil {
		return err
	}
	if !found.Exists {
		files, err := disk.List(records)
		if err != nil {
			return err
		}
		for _, f := range files {
			if e := path.Ext(f); e == ".sst" || e == ".log" {
				return &store.DamagedError{What: records, Cause: fmt.Errorf("%s and no manifest", f)}
			}
		}
		return nil
	}
	name := disk.PathJoin(records, disk.PathBase(found.ManifestFilename))
	f, err := disk.Open(name)
	if err != nil {
		return &store.DamagedError{What: name, Cause: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return err
	}
	if err := checkManifest(data); err != nil {
		return &store.DamagedError{What: name, Cause: err}
	}
	return nil
}

// checkManifest returns an error where a record is unreadable that a crash cannot have torn: the first, which was synced
// before the manifest was named, and any that another follows.
func checkManifest(data []byte) error {
	torn := -1
	for i := 0; i < len(data); {
		room := manifestBlock - i%manifestBlock
		if room < manifestHeader {
			i += room
			continue
		}
		n, kind := manifestChunk(data[i:min(i+room, len(data))])
		switch {
		case n == 0 && i == 0:
			return errors.New("the first record is unreadable")
		case n == 0:
			if torn < 0 {
				torn = i
			}
			i++
		case torn >= 0 && kind <= chunkFirst:
			return fmt.Errorf("the record at byte %d is unreadable, the one at %d is not", torn, i)
		default:
			i += n
		}
	}
	if len(data) == 0 {
		return errors.New("it is empty")
	}
	return nil
}

// manifestChunk is the size and kind of the chunk that data begins with; 0: none.
func manifestChunk(data []byte) (size int, kind byte) {
	if len(data) < manifestHeader {
		return 0, 0
	}
	size = manifestHeader + int(binary.LittleEndian.Uint16(data[4:]))
	kind = data[6]
	if kind < chunkFull || kind > chunkLast || size > len(data) {
		return 0, 0
	}
	sum := crc32.Checksum(data[6:size], castagnoli)
	if (sum>>15|sum<<17)+0xa282ead8 != binary.LittleEndian.Uint32(data) {
		return 0, 0
	}
	return size, kind
}
