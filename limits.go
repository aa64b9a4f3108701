package vaultnet

import "time"

// Limits of the protocol, all inclusive. Sources: RFC 47 §Limits, RFC 48, semantics §1–3.
const (
	MaxSize            = 1 << 20          // bytes of canonical encoding of a MutableData; bytes of a chunk
	MaxEntries         = 100              // entries of a MutableData
	MaxInFlight        = 5                // undecided mutations per address; mutations per block
	MaxKeySize         = 4 << 10          // bytes of an entry key
	MaxActions         = 200              // actions of one mutation
	MaxApplied         = 65536            // applied mutations an object remembers until their deadlines
	MaxUsage           = 65536            // usage records of an object
	OwnerReserve       = 4096             // of each of the two above, kept for the owner's account
	MaxWithdrawals     = 1024             // withdrawals a member remembers per object
	MaxDeadline        = 2 * time.Minute  // how far ahead a deadline may lie
	UsageGrace         = 60 * time.Second // how long usage is kept, and may be shown, after its permit's expiry
	ResultsKept        = 10 * time.Minute // how long a member keeps results after their deadline
	MaxPermitLifetime  = 24 * time.Hour   // of any permit
	MaxPermitAddresses = 64               // addresses in one permit
	MaxPermitCount     = 64               // operations per address in one permit
	MaxPermits         = 4096             // permits an account has outstanding
	MaxGrants          = 1000             // live grants of an account; ended ones it remembers
	MaxLabelSize       = 256              // bytes of a grant's label
	MaxFrame           = 4 << 20          // bytes of a frame between two nodes
	MaxFloorStep       = 1 << 20          // how far above Floor a requested version may lie
	MaxReadKeys        = 100              // keys in one read
)
