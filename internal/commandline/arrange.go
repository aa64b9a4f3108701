package commandline

import (
	"flag"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"
)

// Arrange puts the flags of the subcommand that is meant before its other arguments, so that people may write them in any
// order. What comes after "--" is no flag. Of a command with subcommands nothing changes.
func Arrange(root *ffcli.Command, args []string) []string {
	at, n := root, 0
	for n < len(args) {
		next := Chosen(&ffcli.Command{Subcommands: at.Subcommands}, args[n:n+1])
		if next.FlagSet == nil || strings.HasPrefix(args[n], "-") {
			break
		}
		at, n = next, n+1
	}
	if len(at.Subcommands) > 0 {
		return args
	}
	var flags, others []string
	dashes := false
	for rest := args[n:]; len(rest) > 0; {
		a := rest[0]
		rest = rest[1:]
		name, _, whole := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "=")
		switch {
		case a == "--":
			others, rest = append(others, rest...), nil
			dashes = true
		case a == "-" || !strings.HasPrefix(a, "-"):
			others = append(others, a)
		default:
			flags = append(flags, a)
			if !whole && TakesValue(at.FlagSet.Lookup(name)) {
				if len(rest) == 0 {
					return append(append([]string{}, args[:n]...), a) // no other argument is its value: package flag says so
				}
				flags, rest = append(flags, rest[0]), rest[1:]
			}
		}
	}
	arranged := append(append([]string{}, args[:n]...), flags...)
	if dashes {
		arranged = append(arranged, "--")
	}
	return append(arranged, others...)
}

// TakesValue reports whether a flag is followed by a value; false for none.
func TakesValue(f *flag.Flag) bool {
	if f == nil {
		return false
	}
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}
