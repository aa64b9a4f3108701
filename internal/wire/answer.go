package wire

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Bounds of answers.
const (
	maxResult = 16 << 10                                      // bytes of an applied request's result: as much as a ledger keeps
	maxValue  = max(mutabledata.MaxAnswer, account.MaxAnswer) // bytes of what is read
	maxNearer = 16
)

func setRef(c *coder, r *SetRef) {
	c.array(2, "set reference")
	number(c, &r.Number, 0, maxHeight, "set number")
	c.fixed(r.Digest[:], "set digest")
	if c.err == nil && r.Number == 0 && !r.Digest.IsZero() {
		c.fail("set reference: digest of no set")
	}
}

// refused is the encoding of a refusal.Wire.
func refused(c *coder, e *refusal.Error) {
	c.array(2, "refusal")
	number(c, &e.Kind, uint64(refusal.InvalidRequest), uint64(refusal.Unavailable), "kind of refusal")
	d := &e.Detail
	c.array(10, "details")
	c.key(&d.What, refusal.MaxWhat, "what")
	number(c, &d.Reason, 0, uint64(refusal.Closed), "reason")
	number(c, &d.Current, 0, 1<<64-1, "current")
	number(c, &d.Max, 0, 1<<64-1, "max")
	signed(c, &d.Size, 0, 1<<63-1, "size")
	signed(c, &d.Limit, 0, 1<<63-1, "limit")
	list(c, &d.Entries, 0, refusal.MaxProblems, problem, "problems")
	list(c, &d.Keys, 0, refusal.MaxProblems, entryKey, "keys")
	c.bool(&d.Shell, "shell")
	c.bool(&d.OutcomeUnknown, "outcome unknown")
	if c.err == nil {
		w := e.Wire()
		if err := w.Validate(); err != nil {
			c.keep(asRefusal(err))
		}
	}
}

func entryKey(c *coder, k *string) { c.key(k, vaultnet.MaxKeySize, "entry key") }

func problem(c *coder, p *refusal.Problem) {
	c.array(3, "problem")
	entryKey(c, &p.Key)
	number(c, &p.Kind, uint64(refusal.InvalidRequest), uint64(refusal.EntryExists), "kind of problem")
	number(c, &p.Version, 0, 1<<64-1, "version")
}

func reply(c *coder, m *Reply) {
	object(c, &m.Address)
	digest(c, &m.ID)
	number(c, &m.Outcome, uint64(agreement.Applied), uint64(agreement.Stranger), "outcome")
	height(c, &m.Height, "height")
	setRef(c, &m.Set)
	c.bytes(&m.Result, 0, maxResult, "result")
	optional(c, &m.Err, refused, "refusal")
	optional(c, &m.Members, set, "members")
	optional(c, &m.Permit, attestation, "attestation of a permit")
	list(c, &m.Nearer, 0, maxNearer, publicKey, "nearer vaults")
	if c.err != nil {
		return
	}
	if (m.Err != nil) != (m.Outcome == agreement.Refused) {
		c.fail("reply: outcome %d, refusal given: %t", m.Outcome, m.Err != nil)
	}
	if m.Outcome != agreement.Applied && (m.Result != nil || m.Permit != nil) {
		c.fail("reply: outcome %d with a result", m.Outcome)
	}
}

func readAnswer(c *coder, m *ReadAnswer) {
	call(c, &m.Call)
	height(c, &m.Height, "height")
	setRef(c, &m.Set)
	c.fixed(m.Header[:], "header digest")
	timestamp(c, &m.Time, "block time")
	optional(c, &m.Err, refused, "refusal")
	c.fixed(m.Digest[:], "value digest")
	c.bytes(&m.Value, 0, maxValue, "value")
	optional(c, &m.Members, set, "members")
	list(c, &m.Nearer, 0, maxNearer, publicKey, "nearer vaults")
	c.bool(&m.Member, "member")
}

func outcomeAnswer(c *coder, m *OutcomeAnswer) {
	call(c, &m.Call)
	number(c, &m.Outcome, 0, uint64(agreement.Stranger), "outcome")
	height(c, &m.Height, "height")
	setRef(c, &m.Set)
	c.bytes(&m.Result, 0, maxResult, "result")
	c.bool(&m.Clear, "clear")
	c.bool(&m.Final, "final")
	optional(c, &m.Members, set, "members")
}

func viewAnswer(c *coder, m *ViewAnswer) {
	call(c, &m.Call)
	object(c, &m.Address)
	list(c, &m.Members, 0, maxMembers, publicKey, "members")
	optional(c, &m.View, view, "view")
	optional(c, &m.Err, refused, "refusal")
	optional(c, &m.Set, set, "set")
	if c.err == nil && (m.View != nil) != (len(m.Members) > 0) {
		c.fail("view: it and its members do not go together")
	}
}

func setAnswer(c *coder, m *SetAnswer) {
	call(c, &m.Call)
	object(c, &m.Address)
	height(c, &m.Height, "height")
	optional(c, &m.Set, set, "set")
	c.bool(&m.Settled, "settled")
	list(c, &m.Nearer, 0, maxNearer, publicKey, "nearer vaults")
}

func statement(c *coder, s *permit.Statement) {
	c.array(5, "statement")
	object(c, &s.Address)
	c.fixed(s.Permit[:], "permit digest")
	timestamp(c, &s.Expires, "expires")
	number(c, &s.Used, 0, vaultnet.MaxPermitCount, "used")
	c.bool(&s.Closed, "closed")
}

func statementAnswer(c *coder, m *StatementAnswer) {
	call(c, &m.Call)
	setRef(c, &m.Set)
	var given *permit.Statement // nil where there is none to speak of
	if m.Statement != (permit.Statement{}) {
		given = &m.Statement
	}
	if optional(c, &given, statement, "statement"); c.mode == decoding && given != nil {
		m.Statement = *given
	}
	optional(c, &m.By, attestation, "attestation")
	optional(c, &m.Members, set, "members")
	optional(c, &m.Err, refused, "refusal")
	if c.err == nil && m.By != nil && m.Statement == (permit.Statement{}) {
		c.fail("statement: attested, but not given")
	}
}

func chunkAnswer(c *coder, m *ChunkAnswer) {
	call(c, &m.Call)
	name(c, &m.Name)
	c.bool(&m.Stored, "stored")
	c.content(&m.Content)
	optional(c, &m.Err, refused, "refusal")
	list(c, &m.Nearer, 0, maxNearer, publicKey, "nearer vaults")
}
