//go:build !unix

package bench

// OwnSpent is not known on this system: runs have no CPU time.
func OwnSpent() Spent { return Spent{} }
