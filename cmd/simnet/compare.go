package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/bench"
	"vaultnet/internal/commandline"
)

// newCompare is the subcommand of bench that sets saved results against each other.
func newCompare(stdout io.Writer) *ffcli.Command {
	f := commandline.NewFlagSet("simnet bench compare")
	report := f.String("report", "", "write a page of plots to `FILE`")
	return &ffcli.Command{
		Name:       "compare",
		ShortUsage: "simnet bench compare [flags] A.json B.json …",
		ShortHelp:  "Set saved results against the first of them.",
		FlagSet:    f,
		UsageFunc:  commandline.Usage,
		Exec: func(_ context.Context, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("bench compare: name two results or more, as -out keeps them")}
			}
			var all []*bench.Result
			labels := map[string]bool{}
			for _, path := range args {
				r, err := bench.ReadResult(path)
				if err != nil {
					return err
				}
				if labels[r.Label] { // the file's name tells them apart
					r.Label = fmt.Sprintf("%s (%s)", r.Label, filepath.Base(path))
				}
				labels[r.Label] = true
				all = append(all, r)
			}
			bench.WriteComparison(stdout, all...)
			if *report == "" {
				return nil
			}
			return bench.SaveReport(*report, all...)
		},
	}
}
