package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/batch"
	"vaultnet/internal/commandline"
)

// verb is a subcommand that carries out one operation of the table.
type verb struct {
	common
	operation *batch.Operation
	needed    []string        // flags that have to be given
	given     map[string]bool // flags that were
}

// newVerb makes the flags of an operation.
func newVerb(s streams, v *batch.Verb, flags *flag.FlagSet) *verb {
	c := &verb{common: common{streams: s}, operation: v.New(), given: map[string]bool{}}
	for _, f := range c.operation.Flags() {
		if f.Needed {
			c.needed = append(c.needed, f.Name)
		}
		flags.Var(&value{flag: f, given: c.given}, f.Name, f.About)
	}
	c.flags(flags)
	return c
}

// value has package flag set a member of an operation.
type value struct {
	flag  batch.Flag
	given map[string]bool
	text  string // as it was given last
}

func (v *value) String() string   { return "" }
func (v *value) IsBoolFlag() bool { return v.flag.Value == "" && v.flag.Set != nil }

func (v *value) Set(s string) error {
	if v.given[v.flag.Name] && !v.flag.Many {
		return fmt.Errorf("given twice")
	}
	v.given[v.flag.Name], v.text = true, s
	return v.flag.Set(s)
}

// check refuses a command line that leaves out what is needed.
func (c *verb) check() error {
	var missing []string
	for _, name := range c.needed {
		if !c.given[name] {
			missing = append(missing, "-"+name)
		}
	}
	if missing != nil {
		return usageError("%s is missing", strings.Join(missing, ", "))
	}
	return nil
}

func (c *verb) exec(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError("%q: no arguments but flags", args[0])
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.perform(ctx, c.operation, func(a *batch.Answer) error { return printAnswer(c.out, a) })
}

// newVerbCommand makes the subcommand of an operation, under a name of its own.
func newVerbCommand(s streams, under, name string, v *batch.Verb, examples string) *ffcli.Command {
	flags := commandline.NewFlagSet(under + " " + name)
	c := newVerb(s, v, flags)
	long := "In a batch: " + v.Example
	if examples != "" {
		long = "EXAMPLES\n" + examples + "\n\n" + long
	}
	return &ffcli.Command{
		Name:       name,
		ShortUsage: under + " " + name + " [flags]",
		ShortHelp:  sentence(v.About),
		LongHelp:   long,
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec:       c.exec,
	}
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// newData makes a subcommand of each operation that the network carries out.
func newData(s streams) *ffcli.Command {
	root := &ffcli.Command{
		Name:       "data",
		ShortUsage: "safe data <operation> [flags]",
		ShortHelp:  "Read and change data: one operation of safe batch.",
		LongHelp: strings.TrimSpace(`
Objects are named by -name NAME and -tag N. Who asks is -as KEY: a label ("safe key new LABEL" makes its key) or a key file
(a name with a slash). Contents are text, hex:DIGITS or @FILE; text that begins like one of these is written text:TEXT.
Keys that hold @, = or what cannot be printed are written hex:DIGITS.

EXAMPLES
  safe data put -as alice -name notes -tag 15000 -entry first=hello -allow anyone:insert,update -deny bob:update
  safe data mutate -as alice -name notes -tag 15000 -update first@1=again -delete old@3 -insert new=@file -expect x@absent
  safe data set-permissions -as alice -name notes -tag 15000 -user bob -allow insert -version 1
  safe data get-entries -name notes -tag 15000 -json

` + exitCodes),
		FlagSet:   commandline.NewFlagSet("safe data"),
		UsageFunc: commandline.Usage,
		Exec:      noSubcommand("safe data"),
	}
	for i, v := range batch.Verbs() {
		if v.Group != batch.Control {
			root.Subcommands = append(root.Subcommands, newVerbCommand(s, "safe data", v.Name, &batch.Verbs()[i], examples[v.Name]))
		}
	}
	return root
}

// examples are of those operations whose flags do not say it all.
var examples = map[string]string{
	"put": `  safe data put -as alice -name notes -tag 15000 -entry first=hello -entry photo=@photo.jpg -allow anyone:insert
  safe data put -as app -account alice -name shared                        an app makes it, alice owns and pays`,
	"mutate": `  safe data mutate -as alice -name notes -insert a=1 -update b@4=2 -delete c@2     all three or none
  safe data mutate -as alice -name notes -insert a=1 -expect seal@absent           only while there is no "seal"
  safe data mutate -as alice -name notes -insert hex:00ff=hex:c0ffee               any bytes`,
	"set-permissions": `  safe data set-permissions -as alice -name notes -user bob -allow insert,update -deny delete -version 1`,
	"get-entries":     `  safe data get-entries -name notes -key first -key second`,
	"insert-grant":    `  safe data insert-grant -as alice -key app -version 1 -label 'Notes on my phone' -idle 720h`,
	"revoke-all":      `  safe data revoke-all -as alice -except app -except other`,
}

// Describe is what help says of the flag: the table's words.
func (v *value) Describe() (name, about string) { return v.flag.Value, v.flag.About }
