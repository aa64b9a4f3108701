package vaultnet

// Faults is f: how many of n members may fail in any way, lie included. ⌊(n−1)/3⌋: 2 of 8. Below n = 4 it is 0 and
// nothing is Byzantine-safe.
func Faults(n int) int { return (n - 1) / 3 }

// Quorum is q = ⌊(n+f)/2⌋+1: any two quorums share an honest member. 6 of 8.
func Quorum(n int) int { return (n+Faults(n))/2 + 1 }

// Weak is w = f+1: at least one of them is honest. 3 of 8.
func Weak(n int) int { return Faults(n) + 1 }

// Answers is A = n−q+f+1: so many alike answers meet every quorum in an honest member. 5 of 8.
func Answers(n int) int { return n - Quorum(n) + Faults(n) + 1 }
