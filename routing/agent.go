package routing

import (
	"fmt"
	"time"

	"vaultnet"
)

// maxAgent bounds what is read of what another node says of itself, in bytes.
const maxAgent = 1024

const agentFormat = "vaultnet/1 group-size=%d account-operations=%d skew=%d permit-lifetime=%d unverified-grant=%d leave-after=%d join-after=%d local=%t name=%q"

// agent is what a node tells everybody that it connects with, of whatever network: what its network's id is made of, so
// that the other can say what differs. Durations are in milliseconds, as the id has them.
func agent(p vaultnet.Parameters) string {
	if p == (vaultnet.Parameters{}) {
		return "vaultnet"
	}
	return fmt.Sprintf(agentFormat, p.GroupSize, p.AccountOperations, p.Skew.Milliseconds(), p.PermitLifetime.Milliseconds(),
		p.UnverifiedGrant.Milliseconds(), p.LeaveAfter.Milliseconds(), p.JoinAfter.Milliseconds(), p.Local, p.Name)
}

// parametersIn reads what agent wrote.
func parametersIn(agent string) (p vaultnet.Parameters, ok bool) {
	if len(agent) > maxAgent {
		return p, false
	}
	var skew, lifetime, unverified, leave, join int64
	n, err := fmt.Sscanf(agent, agentFormat, &p.GroupSize, &p.AccountOperations, &skew, &lifetime, &unverified, &leave, &join, &p.Local, &p.Name)
	if err != nil || n != 9 {
		return vaultnet.Parameters{}, false
	}
	p.Skew, p.PermitLifetime, p.UnverifiedGrant = milliseconds(skew), milliseconds(lifetime), milliseconds(unverified)
	p.LeaveAfter, p.JoinAfter = milliseconds(leave), milliseconds(join)
	return p, true
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// ForeignError says that a node answers which is of another network.
type ForeignError struct {
	Address   string // with /p2p/
	Network   vaultnet.NetworkID
	Parameter string // the first that differs, as both say; empty: not known
	Speaks    string // what it says that it speaks
}

// Error names the parameter, where it is known.
func (e *ForeignError) Error() string {
	if e.Parameter != "" {
		return fmt.Sprintf("routing: %s is of another network than %v: parameter %s differs", e.Address, e.Network, e.Parameter)
	}
	return fmt.Sprintf("routing: %s is of another network than %v (it speaks %q)", e.Address, e.Network, e.Speaks)
}

// foreign judges what a node says of itself.
func (n *Node) foreign(address, version, agent string) *ForeignError {
	if len(version) > maxAgent {
		version = version[:maxAgent]
	}
	e := &ForeignError{Address: address, Network: n.cfg.Network, Speaks: version}
	if theirs, ok := parametersIn(agent); ok && n.cfg.Parameters != (vaultnet.Parameters{}) {
		e.Parameter = n.cfg.Parameters.Difference(theirs)
	}
	return e
}
