package sim

import (
	"errors"
	"math"

	"github.com/anishathalye/porcupine"

	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// books are what users of containers were told of names: of each name a history of its own.
type books struct {
	names map[string][]*word
}

// word is one thing that one user did with one name, and what it was told.
type word struct {
	who        string
	do         container.Do // 0: it looked
	asked      mutabledata.Version
	content    string // of an insert or update; of a look what was there
	life       int    // of the container: how often it had been re-keyed
	begin, end int64  // µs; end 0: it has not been answered
	told       told
	version    mutabledata.Version // that it was told
}

// told is what an answer says.
type told uint8

const (
	unanswered told = iota // it may take effect at any later moment, or never
	nothing                // it has no effect, and says nothing
	isDone                 // it took effect; a look: it is there
	isThere                // not done: the name is there
	isAbsent               // not done, or a look: the name is not there
)

func newBooks() *books { return &books{names: map[string][]*word{}} }

// begin notes what somebody is about to do.
func (b *books) begin(u *user, name string, do container.Do, asked mutabledata.Version, content string, life int) *word {
	x := &word{who: u.name, do: do, asked: asked, content: content, life: life, begin: u.w.now}
	b.names[name] = append(b.names[name], x)
	return x
}

// finish notes what a change was told.
func (x *word) finish(u *user, version mutabledata.Version, err error) {
	x.end, x.version, x.told = u.w.now, version, outcomeOf(err)
	if e := (*container.Error)(nil); x.told == isThere && errors.As(err, &e) {
		x.version = e.Version
	}
}

// outcomeOf is what the error of a change says.
func outcomeOf(err error) told {
	var r *refusal.Error
	switch {
	case err == nil:
		return isDone
	case errors.As(err, &r) && (r.Detail.OutcomeUnknown || r.Kind == refusal.Unavailable):
		return unanswered
	case errors.Is(err, container.Exist), errors.Is(err, container.Conflict):
		return isThere
	case errors.Is(err, container.NotExist) && r == nil:
		return isAbsent
	}
	return nothing
}

// saw notes a look that found the name, or did not.
func (x *word) saw(u *user, e container.Entry, err error) {
	x.end, x.version, x.content = u.w.now, e.Version, string(e.Content)
	var r *refusal.Error
	switch {
	case err == nil:
		x.told = isDone
	case errors.Is(err, container.NotExist) && !errors.As(err, &r):
		x.told = isAbsent
	default:
		x.told = nothing
	}
}

// entry is a name of a container as the model has it.
type entry struct {
	there   bool
	version int64 // −1: above top, not known yet
	top     int64 // greatest version that the name ever had, −1: none
	content string
	life    int
}

// matches takes a version that somebody was told of for the present one.
func (s *entry) matches(v mutabledata.Version) bool {
	if s.version < 0 && int64(v) > s.top {
		s.version, s.top = int64(v), int64(v)
	}
	return s.version == int64(v)
}

// entryModel is a name of a container as semantics §5 has it: it is there with a version and a content, or it is not, and
// a version never comes twice.
var entryModel = porcupine.Model{
	Init: func() any { return entry{version: -1, top: -1} },
	Step: func(state, input, _ any) (bool, any) {
		s, x := state.(entry), input.(*word)
		if x.told == unanswered {
			return true, s.perhaps(x)
		}
		switch {
		case x.life < s.life:
			return false, s // what was re-keyed neither changes nor answers any more
		case x.life > s.life:
			s.life = x.life
			if s.there && s.version >= 0 { // a copy has the version, or a later one
				s.top, s.version = s.version-1, -1
			}
		}
		switch x.told {
		case isAbsent:
			return !s.there, s
		case isThere:
			return s.there && s.matches(x.version) && (x.do == container.Insert || x.version != x.asked), s
		}
		switch x.do {
		case 0:
			return s.there && s.matches(x.version) && s.content == x.content, s
		case container.Insert:
			ok := !s.there && int64(x.version) > s.top
			return ok, entry{true, int64(x.version), int64(x.version), x.content, s.life}
		case container.Update:
			ok := s.there && s.matches(x.asked) && x.version == x.asked+1
			return ok, entry{true, int64(x.version), int64(x.version), x.content, s.life}
		}
		ok := s.there && s.matches(x.asked)
		return ok, entry{false, -1, int64(x.asked) + 1, "", s.life}
	},
}

// perhaps is the entry after a change that nobody was answered: where it fits, it took effect. That it never does is the
// order in which it comes last.
func (s entry) perhaps(x *word) entry {
	switch x.do {
	case container.Insert:
		if !s.there {
			return entry{true, -1, s.top, x.content, s.life}
		}
	case container.Update:
		if s.there && s.matches(x.asked) {
			return entry{true, int64(x.asked) + 1, int64(x.asked) + 1, x.content, s.life}
		}
	case container.Delete:
		if s.there && s.matches(x.asked) {
			return entry{false, -1, int64(x.asked) + 1, "", s.life}
		}
	}
	return s
}

// check demands of each name an order of all that was done with it in which every answer is right.
func (b *books) check(c *checker) {
	for _, name := range keys(b.names) {
		if c.violation != nil {
			return
		}
		var ops []porcupine.Operation
		unknown := 0
		for _, x := range b.names[name] {
			if x.told == nothing || x.told == unanswered && x.do == 0 {
				continue
			}
			o := porcupine.Operation{ClientId: len(ops), Input: x, Call: x.begin, Return: x.end}
			if x.told == unanswered {
				o.Return = math.MaxInt64
				unknown++
			}
			ops = append(ops, o)
		}
		if unknown > maxUnknown || len(ops) > maxHistory {
			c.totals.GivenUp++
			continue
		}
		switch porcupine.CheckOperationsTimeout(entryModel, ops, historyTime) {
		case porcupine.Ok:
			c.totals.Names++
		case porcupine.Unknown:
			c.totals.GivenUp++
		case porcupine.Illegal:
			c.fail(Kept, nil, "no order of the %d things done with the name %q of a container fits what users were told", len(ops), name)
			if c.trace.on() {
				for _, x := range b.names[name] {
					c.trace.line("KEPT", "%q: %s did %v, asked %d, told %d, version %d, life %d, from %d to %d: %.20q", name, x.who, x.do, x.asked,
						x.told, x.version, x.life, x.begin, x.end, x.content)
				}
			}
		}
	}
}
