package commandline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
)

func TestFlagsInAnyOrder(t *testing.T) {
	leaf := commandline.NewFlagSet("put")
	leaf.Bool("r", false, "")
	leaf.String("o", "", "")
	exec := func(context.Context, []string) error { return nil }
	root := &ffcli.Command{Name: "safe", FlagSet: commandline.NewFlagSet("safe"), Exec: exec, Subcommands: []*ffcli.Command{
		{Name: "put", FlagSet: leaf, Exec: exec},
		{Name: "data", FlagSet: commandline.NewFlagSet("data"), Subcommands: []*ffcli.Command{{Name: "put", FlagSet: leaf, Exec: exec}}},
	}}
	for args, want := range map[string]string{
		"":                 "",
		"put":              "put",
		"put a b -r":       "put -r a b",
		"put a -o x b --r": "put -o x --r a b",
		"put a -o=x - b":   "put -o=x a - b",
		"put a -o -r b":    "put -o -r a b", // -r is the value, as package flag has it
		"put a -- -r -o":   "put -- a -r -o",
		"put -r -- -x":     "put -r -- -x",
		"put a -unknown b": "put -unknown a b",
		"put a -o":         "put -o",
		"data put x -r":    "data put -r x",
		"data fly -r":      "data fly -r",
		"fly x -r":         "fly x -r",
		"-h put a -r":      "-h put a -r",
		"data -h put a -r": "data -h put a -r",
		"put a -h":         "put -h a",
	} {
		if got := strings.Join(commandline.Arrange(root, strings.Fields(args)), " "); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
