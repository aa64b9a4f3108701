package auth

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what apps say of themselves, in bytes.
const (
	MaxAppID = 200
	MaxScope = 50
	MaxName  = 100 // of an app or vendor
)

// App is what an app says of itself. Nothing proves it: what a person is asked shows all of it.
type App struct {
	ID     string // e.g. "org.example.notes": printable, no slash, no spaces
	Scope  string // tells grants of one app apart, one per device or purpose; may be empty
	Name   string // for people
	Vendor string // for people
}

// String is for people and logs.
func (a App) String() string {
	s := a.ID
	if a.Scope != "" {
		s += "@" + a.Scope
	}
	return s
}

func (a App) check(op string) error {
	switch {
	case !word(a.ID, MaxAppID) || a.ID == "" || a.ID == "." || a.ID == "..":
		return invalid(op, "app id", "want 1 to 200 bytes of printable text without space and slash")
	case !word(a.Scope, MaxScope):
		return invalid(op, "scope", "want at most 50 bytes of printable text without space and slash")
	case checkLabel(op, a.Name) != nil || len(a.Name) > MaxName || checkLabel(op, a.Vendor) != nil || len(a.Vendor) > MaxName:
		return invalid(op, "name of app or vendor", "want at most 100 bytes of printable text")
	}
	return nil
}

func word(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f })
}
