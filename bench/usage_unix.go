//go:build unix

package bench

import (
	"runtime"
	"syscall"
)

// OwnSpent is what this process has used.
func OwnSpent() Spent {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return Spent{}
	}
	most := int64(u.Maxrss) // of bytes on macOS, of KiB elsewhere
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		most <<= 10
	}
	return Spent{float64(u.Utime.Nano()) / 1e9, float64(u.Stime.Nano()) / 1e9, most}
}
