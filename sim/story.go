package sim

import (
	"fmt"
	"strings"

	"vaultnet/internal/wire"
)

// story writes one line for each message that is sent: from whom, to whom, what it says in short, what becomes of it.
func (w *world) story(from, to int32, messages []wire.Message, f flight, after int64) {
	fate := fmt.Sprintf("arrives +%.3fms", float64(f.delay+after)/1000)
	if !f.arrive {
		fate = "LOST"
	} else if f.again >= 0 {
		fate += " twice"
	}
	for _, m := range messages {
		w.trace.line(w.nodes[from].label(), "→ %-10s %s (%s)", w.nodes[to].label(), brief(m), fate)
	}
}

// brief says in a few words what a message says.
func brief(m wire.Message) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", m), "*wire.")
	switch m := m.(type) {
	case *wire.Bundle:
		var parts []string
		add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
		if p := m.Proposal; p != nil {
			add("proposal of %d mutations at height %d round %d (polka %d)", len(p.Header.Mutations), p.Header.Height, p.Round, p.PolkaRound)
		}
		for _, v := range m.Votes {
			add("%v %v h%d r%d by %s", v.Ballot.Type, v.Ballot.Block, v.Ballot.Height, v.Ballot.Round, v.By.Signer.Short())
		}
		if c := m.Polka; c != nil {
			add("polka of round %d", c.Ballot.Round)
		}
		if c := m.Commit; c != nil {
			add("certificate of height %d", c.Ballot.Height)
		}
		if d := m.Decided; d != nil {
			add("decided height %d", d.Header.Height)
		}
		if s := m.State; s != nil {
			add("state part %d/%d", s.From, s.Total)
		}
		if len(m.Requests) > 0 {
			add("%d requests", len(m.Requests))
		}
		if len(m.Withdraw) > 0 {
			add("%d withdrawals", len(m.Withdraw))
		}
		if len(m.Need) > 0 {
			add("needs %d bodies", len(m.Need))
		}
		if x := m.Want; x != nil {
			add("wants what is above %d", x.Have)
		}
		for _, x := range m.Wishes {
			add("wish to add %s and drop %s at height %d by %s", x.Add.Short(), x.Drop.Short(), x.Height, x.By.Signer.Short())
		}
		if m.Following > 0 {
			add("follows at height %d", m.Following)
		}
		return fmt.Sprintf("bundle %v at %d: %s", m.Address, m.Height, strings.Join(parts, ", "))
	case *wire.Submit:
		return fmt.Sprintf("submit %v of %v", m.Request.ID, m.Request.Address)
	case *wire.Withdraw:
		return fmt.Sprintf("withdraw of %v", m.Withdraw.Address)
	case *wire.Read:
		return fmt.Sprintf("read %v", m.Address)
	case *wire.Reply:
		s := fmt.Sprintf("reply %v of %v: outcome %d at height %d", m.ID, m.Address, m.Outcome, m.Height)
		if m.Err != nil {
			s += ": " + m.Err.Error()
		}
		return s
	case *wire.ReadAnswer:
		s := fmt.Sprintf("answer at height %d", m.Height)
		if m.Err != nil {
			s += ": " + m.Err.Error()
		}
		return s
	case *wire.GetSet:
		return fmt.Sprintf("who holds %v", m.Address)
	case *wire.SetAnswer:
		s := fmt.Sprintf("set of %v at height %d, settled %v: none", m.Address, m.Height, m.Settled)
		if m.Set != nil {
			s = fmt.Sprintf("set of %v at height %d, settled %v: number %d, %d members", m.Address, m.Height, m.Settled, m.Set.Number,
				len(m.Set.Members))
		}
		return s
	case *wire.GetOutcome:
		return fmt.Sprintf("what became of %v at %v", m.ID, m.Address)
	case *wire.OutcomeAnswer:
		return fmt.Sprintf("outcome %d at height %d, set %d, clear %v", m.Outcome, m.Height, m.Set.Number, m.Clear)
	case *wire.ViewAnswer:
		s := fmt.Sprintf("view of %v: %d members", m.Address, len(m.Members))
		if m.Err != nil {
			s += ": " + m.Err.Error()
		}
		return s
	case *wire.Invite:
		return fmt.Sprintf("invite to %v", m.Address)
	case *wire.Leaving:
		return fmt.Sprintf("leaving: %v", m.Going)
	case *wire.Pointers:
		return fmt.Sprintf("%d pointers, done %v, ask %v", len(m.List), m.Done, m.Ask)
	}
	return name
}
