package commandline

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Of the garbage collector in a program that runs vaults. A vault's garbage is what arrives and is soon forgotten, many
// times what it holds, so that Go's usual measure, as much garbage as is live, costs a third of all its processor time.
const (
	mostGarbage  = 400       // percent of what is live
	leastGarbage = 100       // percent, Go's usual measure
	plenty       = 128 << 20 // bytes that are live from which on the measure falls
)

// Collect lets garbage grow to four times what is live, as long as that is little: up to half a gigabyte. It does nothing
// where the environment says how it is to be (GOGC). For a program's main function: it watches as long as the program runs.
func Collect() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostGarbage)
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for range time.Tick(2 * time.Second) {
			metrics.Read(live)
			debug.SetGCPercent(garbage(live[0].Value.Uint64()))
		}
	}()
}

// garbage is the percentage for so many live bytes.
func garbage(live uint64) int {
	if live <= plenty {
		return mostGarbage
	}
	return max(leastGarbage, int(mostGarbage*plenty/live))
}
