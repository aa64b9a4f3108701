package vaultnet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// NetworkID is the digest of a network's parameters. Every signature covers it, so nothing can be replayed in another
// network.
type NetworkID Digest

// String is the id's first 4 bytes in hex, for people.
func (n NetworkID) String() string { return hex.EncodeToString(n[:4]) }

// Parameters are fixed when a network is made; their digest is the [NetworkID].
type Parameters struct {
	Name              string        // ≤ 64 bytes; tells networks with equal numbers apart
	GroupSize         int           // members of a close group, 1…16; 8 unless there is a reason
	AccountOperations int64         // allowance of a new account; 2^63−1 is unlimited
	Skew              time.Duration // how far honest clocks may be apart
	PermitLifetime    time.Duration // of a permit whose grant says nothing else; at most [MaxPermitLifetime]
	UnverifiedGrant   time.Duration // after which a grant never used is pruned
	LeaveAfter        time.Duration // T_leave: a member unreachable for so long may be replaced
	JoinAfter         time.Duration // T_join: a nearer vault up for so long may replace a member
	Local             bool          // a developer's network: TopUp allowed
}

// DefaultParameters are those of a public network (design §12).
func DefaultParameters() Parameters {
	return Parameters{
		GroupSize:         8,
		AccountOperations: 1000,
		Skew:              2 * time.Second,
		PermitLifetime:    10 * time.Second,
		UnverifiedGrant:   24 * time.Hour,
		LeaveAfter:        60 * time.Second,
		JoinAfter:         10 * time.Minute,
	}
}

// LocalParameters are those of a network on one machine: TopUp allowed, members replaced within seconds.
func LocalParameters() Parameters {
	p := DefaultParameters()
	p.Name, p.Local = "local", true
	p.LeaveAfter, p.JoinAfter = 5*time.Second, 10*time.Second
	return p
}

// Validate names the first parameter that is out of bounds.
func (p Parameters) Validate() error {
	switch {
	case len(p.Name) > 64:
		return fmt.Errorf("parameter name: %d bytes, at most 64", len(p.Name))
	case p.GroupSize < 1 || p.GroupSize > 16:
		return fmt.Errorf("parameter group-size: %d, want 1 to 16", p.GroupSize)
	case p.AccountOperations < 1:
		return fmt.Errorf("parameter account-operations: %d, want at least 1", p.AccountOperations)
	case p.Skew < time.Millisecond || p.Skew > time.Minute:
		return fmt.Errorf("parameter skew: %v, want 1ms to 1m", p.Skew)
	case p.PermitLifetime < time.Second || p.PermitLifetime > MaxPermitLifetime:
		return fmt.Errorf("parameter permit-lifetime: %v, want 1s to %v", p.PermitLifetime, MaxPermitLifetime)
	case p.UnverifiedGrant < time.Second:
		return fmt.Errorf("parameter unverified-grant: %v, want at least 1s", p.UnverifiedGrant)
	case p.LeaveAfter < time.Second:
		return fmt.Errorf("parameter leave-after: %v, want at least 1s", p.LeaveAfter)
	case p.JoinAfter < time.Second:
		return fmt.Errorf("parameter join-after: %v, want at least 1s", p.JoinAfter)
	}
	return nil
}

// ID is the digest of all parameters.
func (p Parameters) ID() NetworkID {
	b := make([]byte, 0, 80+len(p.Name))
	for _, v := range []int64{int64(p.GroupSize), p.AccountOperations, p.Skew.Milliseconds(), p.PermitLifetime.Milliseconds(),
		p.UnverifiedGrant.Milliseconds(), p.LeaveAfter.Milliseconds(), p.JoinAfter.Milliseconds()} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	if p.Local {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return NetworkID(DomainNetwork.Hash(b, []byte(p.Name)))
}

// Difference names the first parameter in which p and q differ, "" if they are equal: what a vault tells a stranger of
// another network.
func (p Parameters) Difference(q Parameters) string {
	switch {
	case p.Name != q.Name:
		return "name"
	case p.GroupSize != q.GroupSize:
		return "group-size"
	case p.AccountOperations != q.AccountOperations:
		return "account-operations"
	case p.Skew.Milliseconds() != q.Skew.Milliseconds():
		return "skew"
	case p.PermitLifetime.Milliseconds() != q.PermitLifetime.Milliseconds():
		return "permit-lifetime"
	case p.UnverifiedGrant.Milliseconds() != q.UnverifiedGrant.Milliseconds():
		return "unverified-grant"
	case p.LeaveAfter.Milliseconds() != q.LeaveAfter.Milliseconds():
		return "leave-after"
	case p.JoinAfter.Milliseconds() != q.JoinAfter.Milliseconds():
		return "join-after"
	case p.Local != q.Local:
		return "local"
	}
	return ""
}
