//go:build !unix

package bench

import "os/exec"

// detach does nothing on this system.
func detach(*exec.Cmd) {}
