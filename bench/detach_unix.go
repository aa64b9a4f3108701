//go:build unix

package bench

import (
	"os/exec"
	"syscall"
)

// detach keeps a Ctrl-C at the terminal from the process: its parent ends it when all is measured.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
