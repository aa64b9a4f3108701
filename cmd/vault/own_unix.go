//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// own reports whether a file is the user's own.
func own(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}
