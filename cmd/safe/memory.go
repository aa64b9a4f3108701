package main

import (
	"os"
	"runtime/debug"
)

// Chunks on their way are nearly all that a transfer holds in memory, each as it is sealed and as it is sent, and garbage as
// soon as it is stored. By Go's usual measure there would be as much of that as of what is needed. Collecting it costs next
// to nothing, for it is bytes alone.
const (
	restingMemory = 40 << 20 // bytes of all else: connections, their buffers, what is known of the network
	chunkMemory   = 2 << 20  // of a chunk on its way
)

// alone says that the process is this command's: main sets it. Tests run vaults beside it.
var alone bool

// boundMemory has the collector keep the process about within what so many chunks at once need. It does nothing where the
// environment says how it is to be (GOMEMLIMIT).
func boundMemory(chunks int) {
	if alone && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(restingMemory + int64(chunks)*chunkMemory)
	}
}
