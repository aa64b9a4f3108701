package wire

import (
	"vaultnet"
	"vaultnet/immutabledata"
)

// hashed is the name of a chunk's content, as it was found when the frame was opened: beside a vault's turns, and once.
// Little content is hashed when its name is asked for. It belongs to the content that was opened, so a message that is put
// together, or copied and changed, has none.
type hashed struct {
	name vaultnet.Name
	of   *byte // the first byte of the content that has this name; nil: not known
	size int
}

func (h *hashed) hash(content []byte) {
	if len(content) >= largeContent {
		*h = hashed{immutabledata.NameOf(content), &content[0], len(content)}
	}
}

func (h *hashed) nameOf(content []byte) vaultnet.Name {
	if len(content) > 0 && h.of == &content[0] && h.size == len(content) {
		return h.name
	}
	return immutabledata.NameOf(content)
}

// Name is the name of the chunk: the SHA-256 of its content.
func (m *PutChunk) Name() vaultnet.Name { return m.nameOf(m.Content) }

// Proven reports whether the content is that of the chunk the answer names.
func (m *ChunkAnswer) Proven() bool { return m.nameOf(m.Content) == m.Name }
