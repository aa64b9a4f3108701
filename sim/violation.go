package sim

import (
	"fmt"
	"time"
)

// Violation is a broken promise: what a run is for.
type Violation struct {
	Invariant   string        // its name in the list of [Invariants]
	Description string        // what was seen, in full sentences
	At          time.Duration // of virtual time
	Object      string        // which object, "" for none
	Seed        uint64
	Options     string // text form: [Parse] reads it
}

// Error is one line for people.
func (v *Violation) Error() string {
	s := fmt.Sprintf("seed %d at %.6fs: %s", v.Seed, v.At.Seconds(), v.Invariant)
	if v.Object != "" {
		s += ": " + v.Object
	}
	return s + ": " + v.Description
}

// Is makes errors.Is(err, &Violation{Invariant: name}) true for a violation of that invariant.
func (v *Violation) Is(target error) bool {
	t, ok := target.(*Violation)
	return ok && t.Invariant == v.Invariant
}
