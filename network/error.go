package network

import "strings"

// Error says which file is not as it should be, where in it, and what helps.
type Error struct {
	Path   string // of the file; empty where there is none, as in [Decode]
	Field  string // e.g. "parameters.skew"; empty: the file as a whole
	Wrong  string // what is wrong, for people; never anything secret
	Remedy string // what helps; may be empty
	Cause  error  // of the operating system; may be nil
}

// Error is one line for people: file, field, what is wrong; what helps.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Path, e.Field, e.Wrong} {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(part)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause: errors.Is(err, fs.ErrNotExist) tells that there is no such file.
func (e *Error) Unwrap() error { return e.Cause }
