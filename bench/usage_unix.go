//go:build unix

package bench

import (
	"runtime"
	"syscall"
)

// ownUse is what this process has used.
func ownUse() spent {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return spent{}
	}
	most := int64(u.Maxrss) // of bytes on macOS, of KiB elsewhere
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		most <<= 10
	}
	return spent{float64(u.Utime.Nano()) / 1e9, float64(u.Stime.Nano()) / 1e9, most}
}
