package container

import (
	"io"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/mutabledata"
)

// Type is what a record describes.
type Type uint8

// The types. Their values are stored.
const (
	RegularFile Type = 1
	Directory   Type = 2 // a container, which is removed with its name
	Link        Type = 3 // leads to a container that is not this one's; removing the link leaves it

	gone Type = 4 // for a moment: what was here has another name
)

// Bounds of files and their records.
const (
	MaxInline   = 4096    // bytes of a file's content that are kept in its record
	MaxMetadata = 768     // bytes of a file's metadata, keys and values together with two for each
	MaxFile     = 1 << 62 // bytes of a file
)

// record is what the NFS convention keeps under a name.
type record struct {
	Type     Type
	ID       fileID // stays with the file, whatever it is called
	Created  vaultnet.Time
	Modified vaultnet.Time
	Metadata map[string]string
	Inline   []byte    // the content, if it is that short
	Content  []content // or where it is: at most one
	Target   []Ref     // of a directory or link: one
	Next     []Ref     // of a directory that is being re-keyed: at most one
	Former   []Ref     // of a directory that was re-keyed: what it was, until that is complete; at most one
	From     []mark    // a rename to here is under way: at most one
	To       []mark    // of gone: where to
}

// fileID is random: two files that had one name one after the other have different ones.
type fileID [16]byte

// mark is the other end of a rename under way (see rename.go). It does not tell the key of the container there: who may read
// here need not be one who may read there.
type mark struct {
	Container ID
	Place     place
	Version   mutabledata.Version // of the record there
}

// content is where a file's bytes are: see blob.
type content struct {
	Size  int64
	Chunk int             // bytes in each chunk before it is sealed
	Key   Key             // of this file's chunks; none: public
	Roots []vaultnet.Name // of the highest level; zero: nothing but zeros
}

func newFileID(random io.Reader) (id fileID, err error) {
	_, err = io.ReadFull(random, id[:])
	return id, err
}

func (r *record) encode() []byte { return canonical.Marshal(r) }

// decodeRecord reads a record; false for anything that encode does not give for a record within the bounds.
func decodeRecord(b []byte) (*record, bool) {
	var r record
	if canonical.Unmarshal(b, &r, MaxContent) != nil || !r.valid() {
		return nil, false
	}
	return &r, true
}

func (r *record) valid() bool {
	leads := r.Type == Directory || r.Type == Link
	switch {
	case r.Type < RegularFile || r.Type > gone,
		(r.Type == gone) != (len(r.To) == 1),
		r.Type == gone && len(r.Inline)+len(r.Content)+len(r.Metadata)+len(r.From) > 0,
		leads != (len(r.Target) == 1), len(r.Next)+len(r.Former) > 1, len(r.Next)+len(r.Former) == 1 && r.Type != Directory,
		len(r.Target) > 1, len(r.Content) > 1, len(r.From) > 1, len(r.To) > 1,
		len(r.Inline) > MaxInline,
		leads && len(r.Inline)+len(r.Content) > 0,
		len(r.Inline) > 0 && len(r.Content) > 0,
		metadataSize(r.Metadata) > MaxMetadata:
		return false
	}
	return len(r.Content) == 0 || r.Content[0].valid()
}

func (c *content) valid() bool {
	if c.Chunk < minChunk || c.Chunk > MaxChunk || c.Size <= MaxInline || c.Size > MaxFile {
		return false
	}
	g := geometry{c.Chunk}
	return int64(len(c.Roots)) == g.count(c.Size, g.depth(c.Size))
}

func (r *record) size() int64 {
	if len(r.Content) == 1 {
		return r.Content[0].Size
	}
	return int64(len(r.Inline))
}

func metadataSize(m map[string]string) (n int) {
	for k, v := range m {
		n += len(k) + len(v) + 2
	}
	return n
}
