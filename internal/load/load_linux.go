package load

import (
	"bytes"
	"os"
	"strconv"
)

// processorTime reads the first line of /proc/stat (proc_stat(5)): waiting for a disk is idle time, what a host of virtual
// machines gave to others is not.
func processorTime() (idle, all uint64, ok bool) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	var room [256]byte
	n, _ := f.Read(room[:])
	return parseProcessorTime(room[:n])
}

// parseProcessorTime reads "cpu  user nice system idle iowait irq softirq steal …", of which the last are counted in the
// first already.
func parseProcessorTime(stat []byte) (idle, all uint64, ok bool) {
	line, _, whole := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	if !whole || len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, 0, false
	}
	for i, f := range fields[1:9] {
		n, err := strconv.ParseUint(string(f), 10, 64)
		if err != nil {
			return 0, 0, false
		}
		if all += n; i == 3 || i == 4 {
			idle += n
		}
	}
	return idle, all, true
}
