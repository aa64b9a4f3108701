package sim

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"vaultnet"
	"vaultnet/client/op"
)

// Bounds of the check of one object's history: beyond them the search would take too long, and it is given up.
const (
	maxUnknown  = 6 // operations that may still take effect
	maxHistory  = 120
	historyTime = 2 * time.Second // of the machine's own clock
)

// linearize checks the users' operations on each MutableData, without looking at heights or blocks: there is an order of
// them, each at one moment between its beginning and its end, in which every answer is right (Herlihy and Wing, 1990).
// A mutation whose outcome is unknown may take effect at any later moment, or never. Refused mutations change nothing and
// are left out: a refusal speaks of a height, and it need not be the newest ([checker.toldRefused] judges them by that).
func (c *checker) linearize() {
	for _, w := range c.order {
		if c.violation != nil {
			return
		}
		if w.address.Kind != vaultnet.KindMutableData || w.split() {
			continue
		}
		var ops []porcupine.Operation
		unknown, reads := 0, 0
		for _, a := range w.history.acts {
			o := porcupine.Operation{ClientId: len(ops), Input: a, Call: a.begin, Return: a.end}
			switch a.operation.(type) {
			case op.Mutate:
				if a.unknown() || a.user.misled { // whatever it was told
					unknown++
					o.Return = math.MaxInt64
				} else if a.completion.Err != nil {
					continue
				}
			case op.Read:
				if a.user.misled || a.completion.Err != nil && a.completion.Height == 0 && (!absent(a) || a.apart) {
					continue
				}
				reads++
			default:
				continue
			}
			ops = append(ops, o)
		}
		for _, a := range w.history.open {
			if _, ok := a.operation.(op.Mutate); ok {
				unknown++
				ops = append(ops, porcupine.Operation{ClientId: len(ops), Input: a, Call: a.begin, Return: math.MaxInt64})
			}
		}
		if reads == 0 || len(ops) < 2 {
			continue
		}
		if unknown > maxUnknown || len(ops) > maxHistory {
			c.totals.GivenUp++
			continue
		}
		switch porcupine.CheckOperationsTimeout(objectModel, ops, historyTime) {
		case porcupine.Ok:
			c.totals.Histories++
		case porcupine.Unknown:
			c.totals.GivenUp++
		case porcupine.Illegal:
			c.fail(Linearizable, w, "no order of the %d operations on it fits what users were told", len(ops))
		}
	}
}

// objectModel is a MutableData as porcupine wants it.
var objectModel = porcupine.Model{
	Init: func() any { return (*naive)(nil) },
	Step: func(state, input, _ any) (bool, any) {
		o, a := state.(*naive), input.(*act)
		if a.query != nil {
			want, kind := o.answer(a.query)
			if e := a.refused(); kind != 0 || e != nil {
				return e != nil && e.Kind == kind, o
			}
			return sameAnswer(want, a.completion.Result), o
		}
		next, err := o.mutate(a.mutation, a.requester, a.payer)
		switch {
		case err == nil:
			return true, next
		case !a.over || a.unknown() || a.user.misled:
			return true, o // it never takes effect
		}
		return false, o
	},
	Equal: func(a, b any) bool { return a.(*naive).equal(b.(*naive)) },
}

// equal reports whether two objects are alike.
func (o *naive) equal(p *naive) bool {
	if o == p {
		return true
	}
	if o == nil || p == nil || o.owner != p.owner || o.version != p.version || o.floor != p.floor ||
		len(o.rights) != len(p.rights) || len(o.entries) != len(p.entries) {
		return false
	}
	for u, s := range o.rights { // any order
		if t, ok := p.rights[u]; !ok || s != t {
			return false
		}
	}
	for k, e := range o.entries { // any order
		if f, ok := p.entries[k]; !ok || e != f {
			return false
		}
	}
	return true
}
