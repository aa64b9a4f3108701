//go:build !linux && !darwin

package vault

// bootID names the time since the machine was last started; "" where it cannot be told, as here: then a vault without
// sync that was not stopped in good order must not go on.
func bootID() string { return "" }
