package main

import (
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/batch"
	"vaultnet/internal/commandline"
)

// newAccount makes the usual operations on accounts, under short names.
func newAccount(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "account",
		ShortUsage: "safe account <subcommand> [flags]",
		ShortHelp:  "Make and read accounts, which pay for changes.",
		LongHelp: `EXAMPLES
  safe account create -as alice
  safe account show -as alice
  safe account top-up -as alice -operations 10000

Apps are let in with safe data insert-grant, and out with safe data delete-grant.`,
		FlagSet:   commandline.NewFlagSet("safe account"),
		UsageFunc: commandline.Usage,
		Exec:      noSubcommand("safe account"),
		Subcommands: []*ffcli.Command{
			newVerbCommand(s, "safe account", "create", batch.Find("create-account"), "  safe account create -as alice"),
			newVerbCommand(s, "safe account", "show", batch.Find("account"), "  safe account show -as alice"),
			newVerbCommand(s, "safe account", "top-up", batch.Find("top-up"), "  safe account top-up -as alice -operations 10000"),
		},
	}
}
