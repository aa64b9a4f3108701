package commandline

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"
)

// NewFlagSet makes a flag set that leaves all printing to its command.
func NewFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// Chosen is the subcommand that the arguments name, or the innermost of those above it that there is.
func Chosen(root *ffcli.Command, args []string) *ffcli.Command {
	at := root
	for _, a := range args {
		if strings.HasPrefix(a, "-") {
			return at
		}
		next := at
		for _, c := range at.Subcommands {
			if c.Name == a {
				next = c
			}
		}
		if next == at {
			return at
		}
		at = next
	}
	return at
}

// Described is a flag's value that says itself what is shown for it, instead of what the flag was made with.
type Described interface{ Describe() (name, about string) }

// widestFlag is how wide a flag may be to have what it does beside it, not below.
const widestFlag = 26

// Usage is the help text of a command.
func Usage(c *ffcli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "USAGE\n  %s\n\n%s\n", c.ShortUsage, c.ShortHelp)
	if len(c.Subcommands) > 0 {
		b.WriteString("\nSUBCOMMANDS\n")
		widest := 0
		for _, s := range c.Subcommands {
			widest = max(widest, len(s.Name))
		}
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-*s  %s\n", widest, s.Name, s.ShortHelp)
		}
	}
	b.WriteString(flags(c.FlagSet))
	if c.LongHelp != "" {
		fmt.Fprintf(&b, "\n%s\n", c.LongHelp)
	}
	return strings.TrimRight(b.String(), "\n")
}

// flags lists the flags: name and value, and what they do beside it.
func flags(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		if d, ok := f.Value.(Described); ok {
			name, text = d.Describe()
		}
		if name == "value" {
			name = ""
		}
		if name != "" {
			name = " " + name
		}
		name = "-" + f.Name + name
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			text += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		if len(name) > widestFlag {
			fmt.Fprintf(&b, "  %s\n  %-*s  %s\n", name, widestFlag, "", text)
		} else {
			fmt.Fprintf(&b, "  %-*s  %s\n", widestFlag, name, text)
		}
	})
	if b.Len() == 0 {
		return ""
	}
	return "\nFLAGS\n" + b.String()
}
