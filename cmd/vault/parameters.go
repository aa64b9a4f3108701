package main

import (
	"flag"
	"math"

	"vaultnet"
)

// parameterFlags adds a flag for every parameter of a network. The function it returns reads them: where local is set
// those that were not given are a local network's.
func parameterFlags(fs *flag.FlagSet) func() vaultnet.Parameters {
	d := vaultnet.DefaultParameters()
	var p vaultnet.Parameters
	fs.StringVar(&p.Name, "name", "", "of the network, at most 64 bytes")
	fs.BoolVar(&p.Local, "local", false, "a developer's network: accounts can be topped up, members are replaced within seconds")
	fs.IntVar(&p.GroupSize, "group-size", d.GroupSize, "vaults that hold each object, 1 to 16")
	fs.Int64Var(&p.AccountOperations, "account-ops", d.AccountOperations, "operations of a new account; 0: unlimited")
	fs.DurationVar(&p.Skew, "skew", d.Skew, "how far honest clocks may be apart")
	fs.DurationVar(&p.PermitLifetime, "permit-lifetime", d.PermitLifetime, "of a permit whose grant says nothing else")
	fs.DurationVar(&p.UnverifiedGrant, "unverified-grant", d.UnverifiedGrant, "after which a grant never used is pruned")
	fs.DurationVar(&p.LeaveAfter, "leave-after", d.LeaveAfter, "after which an unreachable vault is replaced")
	fs.DurationVar(&p.JoinAfter, "join-after", d.JoinAfter, "after which a nearer vault replaces a member")
	return func() vaultnet.Parameters {
		q := p
		given := map[string]bool{}
		fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
		if local := vaultnet.LocalParameters(); q.Local {
			if !given["leave-after"] {
				q.LeaveAfter = local.LeaveAfter
			}
			if !given["join-after"] {
				q.JoinAfter = local.JoinAfter
			}
		}
		if q.AccountOperations == 0 {
			q.AccountOperations = math.MaxInt64
		}
		return q
	}
}
