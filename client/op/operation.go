package op

import (
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/permit"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultDeadline = 10 * time.Second
)

// Options are common to all operations. The zero value is the usual.
type Options struct {
	// Timeout is of the whole operation: by then it has completed. 30 s where it is 0. The last 3 s of it, a quarter at
	// most, are kept for making the outcome certain.
	Timeout time.Duration
	// Deadline is of one signed request: no block with a later time contains it. 10 s where it is 0, at most
	// [vaultnet.MaxDeadline]; never later than the end of the operation.
	Deadline time.Duration
	// NoRetry has a retryable refusal be the answer.
	NoRetry bool
	// Permit says where the permit of a mutation comes from; zero: the client fetches and renews it.
	Permit Permit
}

// Permit says where the permit of a mutation comes from.
type Permit struct {
	none  bool
	given *permit.Permit
}

// PermitNone sends a mutation without a permit.
func PermitNone() Permit { return Permit{none: true} }

// PermitGiven sends a mutation with this permit and never fetches another.
func PermitGiven(p *permit.Permit) Permit { return Permit{given: p} }

// Operation is one of the types below.
type Operation interface {
	// begin makes the operation of ticket t, or completes it at once.
	begin(c *Client, t Ticket)
}

// The operations. A requester signs; the account is its owner's key, the requester's own where it is zero.
type (
	// Mutate changes a MutableData. Result: mutabledata.Result.
	Mutate struct {
		As       vaultnet.Signer
		Account  vaultnet.PublicKey // who pays
		Address  vaultnet.Address
		Mutation mutabledata.Mutation // not changed afterwards
		Options
	}
	// Operate changes an account. Result: the operation's account.Result. An IssuePermit that is asked for so gives its
	// permits to the asker: result [Issued].
	Operate struct {
		As        vaultnet.Signer
		Owner     vaultnet.PublicKey
		Operation account.Operation // not changed afterwards
		Options
	}
	// Read reads a MutableData; nobody has to be anybody for that. Result: what the query's Decode gives.
	Read struct {
		Address vaultnet.Address
		Query   mutabledata.Query
		Options
	}
	// ReadAccount reads the account of its owner, after settling what is due. Result: [AccountRead].
	ReadAccount struct {
		As    vaultnet.Signer
		Query account.Query
		// Unsettled has the account be read as it is: nothing is settled before.
		Unsettled bool
		Options
	}
	// PutChunk stores content of at most [vaultnet.MaxSize] bytes. Result: its vaultnet.Name.
	PutChunk struct {
		As      vaultnet.Signer
		Account vaultnet.PublicKey
		Content []byte        // not changed afterwards
		Name    vaultnet.Name // of the content, where it is known; zero: it is computed
		// Spread has it wait, once A have stored the chunk, for the other vaults, a second at most: who puts one chunk after
		// another does not leave the slower vaults behind.
		Spread bool
		Options
	}
	// GetChunk fetches a chunk by its name. Result: its content, a []byte.
	GetChunk struct {
		Name vaultnet.Name
		Options
	}
	// Outcome settles what became of a request whose completion said that it is unknown. Result: [Became].
	Outcome struct {
		Address  vaultnet.Address
		Identity vaultnet.Digest
		Deadline vaultnet.Time
		Options
	}
	// SettleAll closes and settles the permits that this client holds under an account. Result: nil.
	SettleAll struct {
		As      vaultnet.Signer
		Account vaultnet.PublicKey
		// Unused leaves alone what was used up: there nothing is given back, only sooner known. And it waits for no permit
		// that only its expiry ends, since nothing is at its address.
		Unused bool
		Options
	}
)

// Issued is the result of an IssuePermit that was asked for: the permits to give to [PermitGiven], one for each
// allowance, in the operation's order.
type Issued struct {
	Result  *account.Issued
	Permits []*permit.Permit
}

// AccountRead is the result of ReadAccount.
type AccountRead struct {
	View *account.View
	Time vaultnet.Time // of the block at which it was so
}

// Became is what became of a request.
type Became struct {
	Known   bool            // false: its members remember it no more
	Applied bool            // where it is known
	Height  vaultnet.Height // applied: of the block
	Result  []byte          // applied: encoded, of the object's kind
}

// operation is an operation under way.
type operation struct {
	c      *Client
	ticket Ticket
	name   string
	cancel func() // ends it soon
}

// under makes an operation of the client; cancel is set by whoever calls.
func (c *Client) under(t Ticket, name string) *operation {
	o := &operation{c: c, ticket: t, name: name}
	c.operations[t] = o
	return o
}

// complete reports the end of an operation.
func (o *operation) complete(d Completion) {
	if o.c.operations[o.ticket] != o {
		return
	}
	delete(o.c.operations, o.ticket)
	d.Ticket = o.ticket
	o.c.out.Done = append(o.c.out.Done, d)
}
