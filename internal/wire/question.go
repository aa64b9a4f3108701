package wire

import (
	"vaultnet"
	"vaultnet/mutabledata"
)

const maxQuery = mutabledata.MaxQuery // bytes; those of accounts are shorter

func submit(c *coder, m *Submit) {
	request(c, &m.Request)
	height(c, &m.Seen, "seen")
}

func withdrawal(c *coder, m *Withdraw) { withdraw(c, &m.Withdraw) }

func call(c *coder, x *Call) { number(c, x, 0, 1<<64-1, "call") }

func read(c *coder, m *Read) {
	call(c, &m.Call)
	object(c, &m.Address)
	c.bytes(&m.Query, 1, maxQuery, "query")
	c.bool(&m.Full, "full")
	optional(c, &m.Ask, ask, "ask")
	if c.err == nil && (m.Ask != nil) != (m.Address.Kind == vaultnet.KindAccount) {
		c.fail("read: of %v, asker given: %t", m.Address.Kind, m.Ask != nil)
	}
}

func ask(c *coder, a *Ask) {
	c.array(4, "ask")
	c.fixed(a.Asker[:], "asker")
	timestamp(c, &a.Deadline, "deadline")
	c.fixed(a.Nonce[:], "nonce")
	c.fixed(a.Signature[:], "signature")
}

func getOutcome(c *coder, m *GetOutcome) {
	call(c, &m.Call)
	object(c, &m.Address)
	timestamp(c, &m.Deadline, "deadline")
	digest(c, &m.ID)
}

func getView(c *coder, m *GetView) {
	call(c, &m.Call)
	object(c, &m.Address)
}

func getSet(c *coder, m *GetSet) {
	call(c, &m.Call)
	object(c, &m.Address)
}

func getStatement(c *coder, m *GetStatement) {
	call(c, &m.Call)
	object(c, &m.Address)
	digest(c, &m.Permit)
	timestamp(c, &m.Expires, "expires")
}

func putChunk(c *coder, m *PutChunk) {
	call(c, &m.Call)
	c.content(&m.Content)
	required(c, &m.Permit, shownPermit, "permit")
}

func getChunk(c *coder, m *GetChunk) {
	call(c, &m.Call)
	name(c, &m.Name)
	c.bool(&m.Full, "full")
}
