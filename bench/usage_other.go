//go:build !unix

package bench

// ownUse is not known on this system: runs have no CPU time.
func ownUse() spent { return spent{} }
