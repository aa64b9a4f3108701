package account

import (
	"time"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/refusal"
)

// MaxTerm bounds the durations in a grant's terms: a hundred years.
const MaxTerm = 100 * 365 * 24 * time.Hour

// Terms are what an owner sets about a grant. A zero field is unset. Durations are whole milliseconds.
type Terms struct {
	Label          string        // for people; UTF-8, at most [vaultnet.MaxLabelSize] bytes
	Expires        vaultnet.Time // the last moment it is good; 0: until revoked
	Uses           uint64        // operations it may spend in all; 0: any number
	Idle           time.Duration // ends when not used for so long, at most [MaxTerm]; 0: never
	Temporary      bool          // RevokeAll can be told to take only these
	PermitLifetime time.Duration // of its permits, at most [vaultnet.MaxPermitLifetime]; 0: the network's parameter
	Unverified     time.Duration // pruned so long after creation unless verified, at most [MaxTerm]; 0: the network's parameter
}

// Validate returns nil or an InvalidRequest naming the first field that is out of bounds.
func (t *Terms) Validate() error {
	whole := func(d, most time.Duration) bool { return 0 <= d && d <= most && d%time.Millisecond == 0 }
	switch {
	case len(t.Label) > vaultnet.MaxLabelSize || !utf8.ValidString(t.Label):
		return refusal.Invalid("label: %d bytes, want UTF-8 of at most %d", len(t.Label), vaultnet.MaxLabelSize)
	case t.Expires < 0:
		return refusal.Invalid("expires: before 1970")
	case t.Uses > 1<<63-1:
		return refusal.Invalid("uses: at most 2^63-1")
	case !whole(t.Idle, MaxTerm):
		return refusal.Invalid("idle limit: want whole milliseconds, at most %v", MaxTerm)
	case !whole(t.PermitLifetime, vaultnet.MaxPermitLifetime):
		return refusal.Invalid("permit lifetime: want whole milliseconds, at most %v", vaultnet.MaxPermitLifetime)
	case !whole(t.Unverified, MaxTerm):
		return refusal.Invalid("unverified: want whole milliseconds, at most %v", MaxTerm)
	}
	return nil
}
