package container

import "vaultnet"

// MaxChunk is the greatest content of a chunk before it is sealed, in bytes.
const MaxChunk = vaultnet.MaxSize - 40
