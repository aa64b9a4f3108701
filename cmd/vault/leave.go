package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
	"vaultnet/vault"
)

// left is what leave -json prints.
type left struct {
	Objects int `json:"objects"`
	Taken   int `json:"taken-over"`
	Chunks  int `json:"chunks"`
}

func leftOf(l vault.Left) left { return left{Objects: l.Objects, Taken: l.Taken, Chunks: l.Chunks} }

func newLeave(stdout io.Writer) *ffcli.Command {
	fs := commandline.NewFlagSet("vault leave")
	data := dataFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	wait := fs.Duration("wait", 5*time.Minute, "how long to wait for others to take over")
	return &ffcli.Command{
		Name:       "leave",
		ShortUsage: "vault leave -data FOLDER [flags]",
		ShortHelp:  "Take the vault that runs on a data folder out of its network, and stop it.",
		FlagSet:    fs,
		UsageFunc:  commandline.Usage,
		Options:    []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return wrongUsage(fmt.Errorf("leave: what is %q?", args[0]))
			}
			var l left
			if err := ask(ctx, folder(*data), "POST", fmt.Sprintf("/leave?wait=%v", *wait), &l); err != nil {
				return err
			}
			if *asJSON {
				return json.NewEncoder(stdout).Encode(l)
			}
			_, err := fmt.Fprintf(stdout, "left: others have taken over %d of %d objects\n", l.Taken, l.Objects)
			return err
		},
	}
}
