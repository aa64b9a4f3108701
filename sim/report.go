package sim

import (
	"time"

	"vaultnet/refusal"
)

// Report is what a run did.
type Report struct {
	Options   string        `json:"options"`   // text form: [Parse] reads it
	Hash      uint64        `json:"hash"`      // of the trace: the same on every run of these options
	Simulated time.Duration `json:"simulated"` // virtual time that passed, ns
	Totals
	Violation *Violation `json:"violation,omitempty"`
	Faults    []Fault    `json:"-"` // that took part
}

// Totals are what runs count and what sums over runs.
type Totals struct {
	Events     uint64         `json:"events"`
	Messages   uint64         `json:"messages"`   // frames sent
	Turns      uint64         `json:"turns"`      // of vaults
	Blocks     uint64         `json:"blocks"`     // decided, counted once each
	Empty      uint64         `json:"empty"`      // of them: without mutations
	SetBlocks  uint64         `json:"set-blocks"` // of them: changed the set
	Mutations  uint64         `json:"mutations"`  // applied, counted once each
	Rounds     uint64         `json:"rounds"`     // in which the blocks were decided, the first of a height being 1
	Loads      uint64         `json:"loads"`      // objects that honest vaults had unloaded and read again
	Unchecked  uint64         `json:"unchecked"`  // blocks whose bodies no honest vault showed
	Splits     uint64         `json:"splits"`     // second objects that a split network put at an address
	Stranded   uint64         `json:"stranded"`   // of them: with too few honest members on their chain to go on
	Departed   uint64         `json:"departed"`   // vaults that left and had handed over everything
	Overrun    uint64         `json:"overrun"`    // objects with a set of more liars than it stands: less is promised of them
	Misled     uint64         `json:"misled"`     // users cut off with more liars than so few vaults stand: promised nothing
	Histories  uint64         `json:"histories"`  // checked to the end
	Names      uint64         `json:"names"`      // of containers, whose histories were checked to the end
	GivenUp    uint64         `json:"given-up"`   // histories whose check took too long
	Injected   map[string]int `json:"faults"`     // by kind
	Lies       map[string]int `json:"lies"`       // that liars told, by act
	Refusals   map[string]int `json:"refusals"`   // that users were told, by kind
	Operations map[string]int `json:"operations"` // by outcome
	Kinds      map[string]int `json:"kinds"`      // of operations
}

// Outcomes of operations, as [Totals.Operations] counts them.
const (
	Done    = "done"    // applied, or read
	Refused = "refused" // definitely not
	Unknown = "unknown" // no quorum in time: it may still happen
)

func newTotals() Totals {
	return Totals{Injected: map[string]int{}, Lies: map[string]int{}, Refusals: map[string]int{}, Operations: map[string]int{}, Kinds: map[string]int{}}
}

// Add adds what another run counted.
func (t *Totals) Add(u *Totals) {
	t.Events += u.Events
	t.Messages += u.Messages
	t.Turns += u.Turns
	t.Blocks += u.Blocks
	t.Empty += u.Empty
	t.SetBlocks += u.SetBlocks
	t.Departed += u.Departed
	t.Mutations += u.Mutations
	t.Rounds += u.Rounds
	t.Loads += u.Loads
	t.Unchecked += u.Unchecked
	t.Splits += u.Splits
	t.Stranded += u.Stranded
	t.Overrun += u.Overrun
	t.Misled += u.Misled
	t.Histories += u.Histories
	t.Names += u.Names
	t.GivenUp += u.GivenUp
	for _, m := range []struct {
		to   *map[string]int
		from map[string]int
	}{{&t.Injected, u.Injected}, {&t.Lies, u.Lies}, {&t.Refusals, u.Refusals}, {&t.Operations, u.Operations}, {&t.Kinds, u.Kinds}} {
		if *m.to == nil {
			*m.to = map[string]int{}
		}
		for k, n := range m.from { // any order
			(*m.to)[k] += n
		}
	}
}

func (t *Totals) refusal(k refusal.Kind) { t.Refusals[k.String()]++ }
