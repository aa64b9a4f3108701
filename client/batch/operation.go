package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Operation is one operation, decoded from a line or set by flags; [Runner.Do] carries it out. It is used once.
type Operation struct {
	Verb    *Verb
	action  action
	members []*member
	options options
}

// action is what an operation does and the members that say how; each kind of operation is one type.
type action interface {
	members() []*member
	// run carries it out. Whatever the network refuses is a *refusal.Error; a misunderstanding is an operation that
	// should not have been asked for.
	run(ctx context.Context, r *task) ([]Field, error)
}

// options are the members that any operation may have.
type options struct {
	timeout, deadline time.Duration // 0: unset
	noRetry           bool
	retrySaid         bool // noRetry was given, false or true
	noPermit          bool
}

// or is o, and what it leaves unset from the outer options.
func (o options) or(outer options) options {
	if o.timeout == 0 {
		o.timeout = outer.timeout
	}
	if o.deadline == 0 {
		o.deadline = outer.deadline
	}
	if !o.retrySaid {
		o.noRetry, o.retrySaid = outer.noRetry, outer.retrySaid
	}
	o.noPermit = o.noPermit || outer.noPermit
	return o
}

func (o *options) members() []*member {
	noRetry := boolean("no-retry", "have a retryable refusal be the answer", &o.noRetry)
	said := func(read func() error) error {
		o.retrySaid = true
		return read()
	}
	read, set := noRetry.read, noRetry.flags[0].Set
	noRetry.read = func(raw json.RawMessage) error { return said(func() error { return read(raw) }) }
	noRetry.flags[0].Set = func(s string) error { return said(func() error { return set(s) }) }
	return []*member{
		optional(duration("timeout", "of the whole operation (default 30s)", time.Millisecond, &o.timeout)),
		optional(duration("deadline", "of one signed request: it is not applied later (default 10s, at most 2m)", time.Millisecond, &o.deadline)),
		noRetry,
		optional(scalar("permit", "none", `"none" sends without a permit, to see what is said then`, &o.noPermit, parseNone)),
	}
}

func parseNone(s string) (bool, error) {
	if s != "none" {
		return false, fmt.Errorf(`want "none", not %q`, clip(s))
	}
	return true, nil
}

// New returns an operation without any members; flags give it some.
func (v *Verb) New() *Operation {
	o := &Operation{Verb: v, action: v.make()}
	o.members = o.action.members()
	for _, m := range o.options.members() {
		if o.member(m.name) == nil { // insert-grant has a "permit" of its own
			o.members = append(o.members, m)
		}
	}
	return o
}

func (o *Operation) member(name string) *member {
	i := slices.IndexFunc(o.members, func(m *member) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	return o.members[i]
}

// Decode reads one operation: a JSON object, strictly. The error says what is wrong with it, in one line.
func Decode(line []byte) (*Operation, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("a line of more than %d bytes", MaxLine)
	}
	if err := checkText(line); err != nil {
		return nil, err
	}
	return decode(line)
}

func decode(line []byte) (*Operation, error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, fmt.Errorf("want a JSON object, not an empty line")
	}
	all, err := readObject(line)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(p pair) bool { return p.name == "op" })
	if at < 0 {
		return nil, fmt.Errorf(`no member "op"`)
	}
	name, err := readString(all[at].value)
	if err != nil {
		return nil, inMember("op", err)
	}
	v := Find(name)
	if v == nil {
		return nil, fmt.Errorf("no operation %q", clip(name))
	}
	o := v.New()
	for i, p := range all {
		if i == at {
			continue
		}
		m := o.member(p.name)
		if m == nil {
			return nil, fmt.Errorf("%s: unknown member %q", name, clip(p.name))
		}
		if err := m.read(p.value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, inMember(p.name, err))
		}
		m.given = true
	}
	for _, m := range o.members {
		if m.needed && !m.given {
			return nil, fmt.Errorf("%s: no member %q", name, m.name)
		}
	}
	return o, nil
}

// Flags are those by which a command line gives the operation's members, in the order of the members.
func (o *Operation) Flags() []Flag {
	var all []Flag
	for _, m := range o.members {
		all = append(all, m.flags...)
	}
	return all
}
