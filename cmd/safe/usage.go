package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"
)

// newFlagSet makes a flag set that leaves all printing to run.
func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// chosen is the subcommand that the arguments name, or the innermost of those above it that there is.
func chosen(root *ffcli.Command, args []string) *ffcli.Command {
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

// usage is the help text of a command.
func usage(c *ffcli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "USAGE\n  %s\n\n%s\n", c.ShortUsage, c.ShortHelp)
	if len(c.Subcommands) > 0 {
		b.WriteString("\nSUBCOMMANDS\n")
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-20s  %s\n", s.Name, s.ShortHelp)
		}
	}
	b.WriteString(flagsUsage(c.FlagSet))
	if c.LongHelp != "" {
		fmt.Fprintf(&b, "\n%s\n", c.LongHelp)
	}
	return strings.TrimRight(b.String(), "\n")
}

// widestFlag is how wide a flag may be to have what it does beside it, not below.
const widestFlag = 26

// flagsUsage lists the flags: name and value, and what they do beside it.
func flagsUsage(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		if v, ok := f.Value.(*value); ok { // its texts are the table's
			name, text = v.flag.Value, v.flag.About
		}
		if name != "" {
			name = " " + name
		}
		name = "-" + f.Name + name
		if f.DefValue != "" && f.DefValue != "false" {
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
