package account

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// Account is the agreed state of one owner's account. The nil *Account is one that does not exist. Immutable: every
// change gives another, which shares what did not change; applying an operation costs O(log n) except where it says so.
//
// Bounds: [vaultnet.MaxGrants] grants, as many ended ones remembered, [vaultnet.MaxPermits] permits out: at most
// [MaxSize] bytes.
type Account struct {
	counters
	grants  merkle.Map[Grant]       // by key
	permits merkle.Map[outstanding] // by dueKey: the first to be closed is the least
	ended   merkle.Map[end]         // by endKey: the first to be forgotten is the least
	labels  int                     // bytes of all labels
	lapse   vaultnet.Time           // no grant lapses before it: when to look again
}

// counters is what is not in a table.
type counters struct {
	done      int64 // operations charged
	reserved  int64 // held by permits that are out
	available int64 // left; the three make up the allowance
	version   uint64
	verified  vaultnet.Time // the owner's last Verify, or the account's creation
	endings   uint64        // grants that ever ended; the next one's number
}

// Balance is the operations charged, held by permits and left. Their sum is the allowance. All are 0 for no account.
func (a *Account) Balance() (done, reserved, available int64) {
	if a == nil {
		return 0, 0, 0
	}
	return a.done, a.reserved, a.available
}

// Version counts the owner's changes of the grants. What ends by itself does not count: a reader who leaves out what has
// run out by its own clock can still name the successor. 0 for no account.
func (a *Account) Version() uint64 {
	if a == nil {
		return 0
	}
	return a.version
}

// Grant is the grant of a key, as it is recorded: it may have lapsed.
func (a *Account) Grant(key vaultnet.PublicKey) (Grant, bool) {
	if a == nil {
		return Grant{}, false
	}
	return a.grants.Get(string(key[:]))
}

// Len is how many grants there are, lapsed ones included, and how many permits are out.
func (a *Account) Len() (grants, permits int) {
	if a == nil {
		return 0, 0
	}
	return a.grants.Len(), a.permits.Len()
}

// Digest covers the whole state; zero for an account that does not exist.
func (a *Account) Digest() vaultnet.Digest {
	if a == nil {
		return vaultnet.Digest{}
	}
	g, p, e := a.grants.Digest(), a.permits.Digest(), a.ended.Digest()
	c := a.counters.value()
	return vaultnet.DomainAccount.Hash(c[:], g[:], p[:], e[:])
}

// Size is the number of bytes of all storage records, keys included: at most [MaxSize]. 0 for no account.
func (a *Account) Size() int {
	if a == nil {
		return 0
	}
	return countersRecord + a.grants.Len()*grantRecord + a.labels + a.permits.Len()*permitRecord + a.ended.Len()*endRecord
}

// MaxSize is the greatest [Account.Size], in bytes.
const MaxSize = countersRecord + vaultnet.MaxGrants*(grantRecord+vaultnet.MaxLabelSize) +
	vaultnet.MaxPermits*permitRecord + vaultnet.MaxGrants*endRecord

// putGrant adds or replaces a grant.
func (a *Account) putGrant(g Grant, p vaultnet.Parameters) {
	key := string(g.Key[:])
	if old, ok := a.grants.Get(key); ok {
		a.labels -= len(old.Terms.Label)
	}
	a.labels += len(g.Terms.Label)
	a.grants = a.grants.Put(key, g, leafOf(g.value()))
	if t, _ := g.Lapses(p); t < a.lapse {
		a.lapse = t
	}
}

// endGrant removes a grant and remembers why, the last [vaultnet.MaxGrants] of them.
func (a *Account) endGrant(g Grant, why refusal.Reason) {
	a.labels -= len(g.Terms.Label)
	a.grants = a.grants.Delete(string(g.Key[:]))
	e := end{key: g.Key, reason: why}
	a.ended = a.ended.Put(endKey(a.endings), e, leafOf(e.value()))
	a.endings++
	if a.ended.Len() > vaultnet.MaxGrants {
		oldest, _, _ := a.ended.Min()
		a.ended = a.ended.Delete(oldest)
	}
}

// end is a grant that is no more.
type end struct {
	key    vaultnet.PublicKey
	reason refusal.Reason
}

func endKey(number uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], number)
	return string(b[:])
}

// ending finds how the grant of a key ended. It looks through all that are remembered: only a refusal pays for it.
func (a *Account) ending(key vaultnet.PublicKey) (number string, why refusal.Reason) {
	for n, e := range a.ended.All() {
		if e.key == key {
			return n, e.reason
		}
	}
	return "", refusal.NeverGranted
}

// live returns the grant of a key that is good at a time, or GrantInvalid with the reason why there is none.
func (a *Account) live(key vaultnet.PublicKey, at vaultnet.Time, p vaultnet.Parameters) (Grant, error) {
	g, ok := a.grants.Get(string(key[:]))
	if !ok {
		_, why := a.ending(key)
		return Grant{}, refusal.Grant(why)
	}
	if why := g.Lapsed(at, p); why != refusal.NoReason {
		return Grant{}, refusal.Grant(why)
	}
	return g, nil
}
