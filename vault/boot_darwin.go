package vault

import "syscall"

// bootID names the time since the machine was last started; "" where it cannot be told.
func bootID() string {
	id, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
