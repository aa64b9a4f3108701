//go:build !linux

package load

// processorTime is not to be had here.
func processorTime() (idle, all uint64, ok bool) { return 0, 0, false }
