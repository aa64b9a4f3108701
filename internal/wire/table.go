package wire

import (
	"fmt"
	"strings"

	"vaultnet"
	"vaultnet/refusal"
)

// Persona is who handles a message: what a node is to the address that the message is about. A set of bits.
type Persona uint8

// The personas.
const (
	DataManager   Persona = 1 << iota // a member of a MutableData's set, or one of the vaults nearest to a chunk
	ClientManager                     // a member of an account's set
	AnyVault                          // whoever is asked
	Client                            // whoever asked
)

// String lists the personas.
func (p Persona) String() string {
	return names(uint8(p), "data manager", "client manager", "any vault", "client")
}

// Sender is who may send a message. A set of bits.
type Sender uint8

// The senders. A vault may send whatever a client may: it asks others on its own account.
const (
	FromClient Sender = 1 << iota
	FromVault
)

// String lists the senders.
func (s Sender) String() string { return names(uint8(s), "client", "vault") }

func names(bits uint8, all ...string) string {
	var some []string
	for i, n := range all {
		if bits&(1<<i) != 0 {
			some = append(some, n)
		}
	}
	return strings.Join(some, ", ")
}

// Row is what is to be known of one type of message.
type Row struct {
	Name    string // the type's
	Code    uint8  // first element of its encoding; append-only
	Persona Persona
	From    Sender
	MaxSize int    // bytes of its encoding; follows from the bounds of its fields, or from a frame's
	Counts  string // the bounds of its lists, for people
	Purpose string

	fields int
	fresh  func() Message
	walk   func(*coder, Message)
}

// row makes a Row out of what is checked and what is generic.
func row[T any, M interface {
	*T
	Message
}](r Row, fields int, walk func(*coder, *T)) Row {
	var zero *T
	r.Name = strings.TrimPrefix(fmt.Sprintf("%T", zero), "*wire.")
	r.fields = 1 + fields
	r.fresh = func() Message { return M(new(T)) }
	r.walk = func(c *coder, m Message) {
		t, ok := m.(M)
		if !ok || t == nil {
			c.fail("%s: missing", r.Name)
			return
		}
		walk(c, t)
	}
	return r
}

// counts writes pairs of a list's name and its bound.
func counts(pairs ...any) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, fmt.Sprintf("%v %d", pairs[i], pairs[i+1]))
	}
	return strings.Join(parts, ", ")
}

const (
	small    = 4 << 10
	managers = DataManager | ClientManager
	anyone   = FromClient | FromVault
)

// Table lists every type of message by code. It is read only.
var Table = []Row{
	row(Row{Code: 1, Persona: AnyVault | Client, From: anyone, MaxSize: small,
		Purpose: "first on a connection: the sender's network parameters"}, 9, hello),
	row(Row{Code: 2, Persona: AnyVault | Client, From: anyone, MaxSize: maxRefusal,
		Purpose: "why the sender wants nothing more from this peer"}, 1, goodbye),
	row(Row{Code: 3, Persona: managers, From: FromClient, MaxSize: maxOpened,
		Purpose: "apply a request"}, 2, submit),
	row(Row{Code: 4, Persona: managers, From: FromClient, MaxSize: small,
		Purpose: "never apply a request"}, 1, withdrawal),
	row(Row{Code: 5, Persona: managers, From: FromClient, MaxSize: maxQuery + small,
		Purpose: "read a part of an object"}, 5, read),
	row(Row{Code: 6, Persona: managers, From: FromClient, MaxSize: small,
		Purpose: "what became of a request"}, 4, getOutcome),
	row(Row{Code: 7, Persona: AnyVault, From: FromClient, MaxSize: small,
		Purpose: "a signed view of a free address's set"}, 2, getView),
	row(Row{Code: 8, Persona: AnyVault, From: anyone, MaxSize: small,
		Purpose: "who holds an address"}, 2, getSet),
	row(Row{Code: 9, Persona: DataManager, From: FromClient, MaxSize: small,
		Purpose: "a signed statement of the use of a permit"}, 4, getStatement),
	row(Row{Code: 10, Persona: DataManager, From: anyone, MaxSize: vaultnet.MaxSize + 5*small,
		Purpose: "store a chunk"}, 3, putChunk),
	row(Row{Code: 11, Persona: DataManager, From: anyone, MaxSize: small,
		Purpose: "a chunk, or whether it is held"}, 3, getChunk),
	row(Row{Code: 12, Persona: Client, From: FromVault, MaxSize: maxRefusal + maxResult + small,
		Counts: counts("nearer", maxNearer), Purpose: "a member's word on a request"}, 10, reply),
	row(Row{Code: 13, Persona: Client, From: FromVault, MaxSize: maxRefusal + maxValue + small,
		Counts: counts("nearer", maxNearer), Purpose: "a member's answer to a read"}, 11, readAnswer),
	row(Row{Code: 14, Persona: Client, From: FromVault, MaxSize: maxResult + small,
		Purpose: "what a member knows of a request"}, 8, outcomeAnswer),
	row(Row{Code: 15, Persona: Client, From: FromVault, MaxSize: maxRefusal + small, Counts: counts("members", maxMembers),
		Purpose: "a view of a free address's set, or why there is none"}, 6, viewAnswer),
	row(Row{Code: 16, Persona: Client | AnyVault, From: FromVault, MaxSize: small, Counts: counts("members", maxMembers, "nearer", maxNearer),
		Purpose: "who holds an address, as far as a vault knows"}, 6, setAnswer),
	row(Row{Code: 17, Persona: Client, From: FromVault, MaxSize: maxRefusal + small,
		Purpose: "a signed statement of use"}, 6, statementAnswer),
	row(Row{Code: 18, Persona: Client | DataManager, From: FromVault, MaxSize: maxRefusal + vaultnet.MaxSize + small,
		Counts: counts("nearer", maxNearer), Purpose: "a chunk, or what became of it"}, 6, chunkAnswer),
	row(Row{Code: 19, Persona: managers | Client, From: anyone, MaxSize: maxMessage,
		Counts: counts("votes", maxBundleVotes, "requests", maxBundleRequests, "withdrawals", maxBundleWithdraws, "wishes", maxMembers,
			"needs", vaultnet.MaxInFlight, "bodies", vaultnet.MaxInFlight, "links", maxLinks, "records", maxPartRecords),
		Purpose: "agreement about one object; a client asks for decided blocks and passes them to members that are behind"},
		bundleFields, bundle),
	row(Row{Code: 20, Persona: AnyVault, From: FromVault, MaxSize: maxMessage, Counts: counts("pointers", maxPointers),
		Purpose: "who holds what near the receiver"}, 3, pointers),
	row(Row{Code: 21, Persona: AnyVault, From: FromVault, MaxSize: small,
		Purpose: "fetch an object and follow it: a set block is to add the receiver"}, 2, invite),
	row(Row{Code: 22, Persona: DataManager, From: FromVault, MaxSize: maxChunkNames*34 + small, Counts: counts("names", maxChunkNames),
		Purpose: "chunks the sender holds near the receiver"}, 2, chunks),
	row(Row{Code: 23, Persona: AnyVault, From: FromVault, MaxSize: small,
		Purpose: "the sender wants to go: find it successors; or that it stays"}, 3, leaving),
}

// maxRefusal is the most bytes that a refusal takes: its keys or problems name many entries.
const maxRefusal = refusal.MaxProblems*(vaultnet.MaxKeySize+16) + small

// maxOpened is the most bytes that a request takes with what travels with it.
const maxOpened = maxRequest + maxAttached + small

// maxMessage is the most that fits a frame.
const maxMessage = vaultnet.MaxFrame - 16

// RowOf finds the row of a message. It is nil for nil and for what is not in the table.
func RowOf(m Message) *Row {
	i := -1
	switch m.(type) {
	case *Hello:
		i = 1
	case *Goodbye:
		i = 2
	case *Submit:
		i = 3
	case *Withdraw:
		i = 4
	case *Read:
		i = 5
	case *GetOutcome:
		i = 6
	case *GetView:
		i = 7
	case *GetSet:
		i = 8
	case *GetStatement:
		i = 9
	case *PutChunk:
		i = 10
	case *GetChunk:
		i = 11
	case *Reply:
		i = 12
	case *ReadAnswer:
		i = 13
	case *OutcomeAnswer:
		i = 14
	case *ViewAnswer:
		i = 15
	case *SetAnswer:
		i = 16
	case *StatementAnswer:
		i = 17
	case *ChunkAnswer:
		i = 18
	case *Bundle:
		i = 19
	case *Pointers:
		i = 20
	case *Invite:
		i = 21
	case *Chunks:
		i = 22
	case *Leaving:
		i = 23
	default:
		return nil
	}
	return &Table[i-1]
}

// rowByCode is nil for an unknown code.
func rowByCode(code uint64) *Row {
	if code < 1 || code > uint64(len(Table)) {
		return nil
	}
	return &Table[code-1]
}
