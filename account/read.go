package account

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Query asks for an account, and says how much of it. Only the owner may ask: the caller has verified who does, and
// answers anybody else AccessDenied, whether there is an account or not.
type Query struct {
	Grants  bool // also the grants
	Permits bool // also the permits that are out
}

type wireQuery struct {
	_       struct{} `cbor:",toarray"`
	Code    uint8    // 1
	Grants  bool
	Permits bool
}

// Encode gives the canonical encoding.
func (q Query) Encode() []byte {
	return canonical.Marshal(&wireQuery{Code: 1, Grants: q.Grants, Permits: q.Permits})
}

// DecodeQuery reads what [Query.Encode] gives; anything else is InvalidRequest.
func DecodeQuery(b []byte) (Query, error) {
	var w wireQuery
	if err := canonical.Unmarshal(b, &w, 16); err != nil {
		return Query{}, err
	}
	if w.Code != 1 {
		return Query{}, refusal.Invalid("query: unknown code %d", w.Code)
	}
	return Query{Grants: w.Grants, Permits: w.Permits}, nil
}

// View is what a reader is told: the fields as they are recorded. What has run out by the reader's clock reads as gone
// ([View.Live]).
type View struct {
	Done, Reserved, Available int64
	Version                   uint64
	Verified                  vaultnet.Time // the owner's last Verify, or the account's creation
	Grants                    []Grant       // by key; empty unless asked for
	Permits                   []Outstanding // by when they are due; empty unless asked for
}

// Outstanding is a permit that is out.
type Outstanding struct {
	_         struct{}        `cbor:",toarray"`
	Permit    vaultnet.Digest // [permit.Body.Digest]
	Requester vaultnet.PublicKey
	Expires   vaultnet.Time
	Reserved  uint16 // operations that are not settled
}

// Live are the grants that are good at a time, in their order.
func (v *View) Live(at vaultnet.Time, p vaultnet.Parameters) []Grant {
	var live []Grant
	for i := range v.Grants {
		if v.Grants[i].Lapsed(at, p) == refusal.NoReason {
			live = append(live, v.Grants[i])
		}
	}
	return live
}

type wireGrant struct {
	_        struct{} `cbor:",toarray"`
	Key      vaultnet.PublicKey
	Terms    wireTerms
	Created  vaultnet.Time
	Since    vaultnet.Time
	Used     vaultnet.Time
	Verified vaultnet.Time
	Term     uint64
	UsesLeft uint64
	Out      uint16
}

type wireView struct {
	_         struct{} `cbor:",toarray"`
	Done      int64
	Reserved  int64
	Available int64
	Version   uint64
	Verified  vaultnet.Time
	Grants    []wireGrant
	Permits   []Outstanding
}

// MaxAnswer is the longest answer to a query, in bytes.
const MaxAnswer = 1 << 20

// Read answers a query with the canonical encoding of a [View], at most [MaxAnswer] bytes, or NoSuchAccount.
func (a *Account) Read(q Query) ([]byte, error) {
	if a == nil {
		return nil, refusal.New(refusal.NoSuchAccount)
	}
	w := wireView{Done: a.done, Reserved: a.reserved, Available: a.available, Version: a.version, Verified: a.verified}
	if q.Grants {
		w.Grants = make([]wireGrant, 0, a.grants.Len())
		for _, g := range a.grants.All() {
			w.Grants = append(w.Grants, wireGrant{Key: g.Key, Terms: termsToWire(&g.Terms), Created: g.Created, Since: g.Since,
				Used: g.LastUsed, Verified: g.LastVerified, Term: g.Term, UsesLeft: g.UsesLeft, Out: g.Out})
		}
	}
	if q.Permits {
		w.Permits = make([]Outstanding, 0, a.permits.Len())
		for key, o := range a.permits.All() {
			w.Permits = append(w.Permits, Outstanding{Permit: vaultnet.Digest([]byte(key[8:])), Requester: o.requester,
				Expires: o.expires, Reserved: o.left})
		}
	}
	return canonical.Marshal(&w), nil
}

// DecodeView reads what [Account.Read] gives; anything else is InvalidRequest.
func DecodeView(b []byte) (*View, error) {
	var w wireView
	if err := canonical.Unmarshal(b, &w, MaxAnswer); err != nil {
		return nil, err
	}
	if len(w.Grants) > vaultnet.MaxGrants || len(w.Permits) > vaultnet.MaxPermits {
		return nil, refusal.Invalid("account: %d grants, %d permits", len(w.Grants), len(w.Permits))
	}
	if min(w.Done, w.Reserved, w.Available) < 0 {
		return nil, refusal.Invalid("account: a negative balance")
	}
	v := &View{Done: w.Done, Reserved: w.Reserved, Available: w.Available, Version: w.Version, Verified: w.Verified,
		Permits: w.Permits}
	for i := range w.Grants {
		g := &w.Grants[i]
		terms, err := g.Terms.terms()
		if err == nil {
			err = terms.Validate()
		}
		if err != nil {
			return nil, err
		}
		v.Grants = append(v.Grants, Grant{Key: g.Key, Terms: terms, Created: g.Created, Since: g.Since, LastUsed: g.Used,
			LastVerified: g.Verified, Term: g.Term, UsesLeft: g.UsesLeft, Out: g.Out})
	}
	return v, nil
}
