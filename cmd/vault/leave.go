package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
	"vaultnet/vault"
	"vaultnet/vault/core"
)

// handover is a line of what leave -json prints: how far it has come, and at last that it has left, or why it has not.
type handover struct {
	Event   string `json:"event"`            // "leaving", "left" or "stayed"
	Objects int    `json:"objects"`          // leaving, stayed: left to hand over; left: handed over
	Stuck   int    `json:"stuck,omitempty"`  // of those: the rules let their sets lose no member, and no other vault is there
	Chunks  int    `json:"chunks"`           // as of objects
	Viewed  bool   `json:"viewed,omitempty"` // it waits for an object that may be founded on what it said a moment ago
	Error   string `json:"error,omitempty"`  // stayed: why
}

// leaveVault has a vault leave, for as long as anything moves within wait (0: for ever), and tells how far it is. It
// reports whether the vault has left.
func leaveVault(ctx context.Context, v *vault.Vault, wait time.Duration, to lines) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var patience *time.Timer
	if wait > 0 {
		patience = time.AfterFunc(wait, cancel)
		defer patience.Stop()
	}
	left, err := v.Leave(ctx, func(d core.Departure) {
		if patience != nil {
			patience.Reset(wait)
		}
		to.write(handover{Event: "leaving", Objects: d.Objects, Stuck: d.Stuck, Chunks: d.Chunks, Viewed: d.Viewed})
	})
	var stayed *vault.StayedError
	switch {
	case errors.As(err, &stayed):
		d := stayed.Departure
		to.write(handover{Event: "stayed", Objects: d.Objects, Stuck: d.Stuck, Chunks: d.Chunks, Error: err.Error()})
		return false
	case errors.Is(err, vault.ErrLeaving), errors.Is(err, vault.ErrStopped):
		to.write(handover{Event: "stayed", Error: err.Error()})
		return false
	}
	h := handover{Event: "left", Objects: left.Objects, Chunks: left.Chunks}
	if err != nil {
		h.Error = err.Error() // it has left, and could not be closed well
	}
	to.write(h)
	return true
}

func newLeave(stdout io.Writer) *ffcli.Command {
	fs := commandline.NewFlagSet("vault leave")
	data := dataFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON, a line for each step")
	wait := fs.Duration("wait", 2*time.Minute, "give up when nothing could be handed over for so long; 0: never")
	return &ffcli.Command{
		Name:       "leave",
		ShortUsage: "vault leave -data FOLDER [flags]",
		ShortHelp:  "Have the vault that runs on a data folder hand over what it holds, and then stop.",
		LongHelp: strings.TrimSpace(`
It goes on serving until other vaults have taken its place everywhere and hold its chunks. Ctrl-C ends the leaving, not
the vault. An object on the fewest vaults that it may be on waits until another vault has come.`),
		FlagSet:   fs,
		UsageFunc: commandline.Usage,
		Options:   []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return wrongUsage(fmt.Errorf("leave: what is %q?", args[0]))
			}
			if *wait < 0 {
				return wrongUsage(fmt.Errorf("leave: -wait %v: want at least 0", *wait))
			}
			err := call(ctx, folder(*data), "POST", fmt.Sprintf("/leave?wait=%v", *wait), func(d *json.Decoder) error {
				return follow(d, stdout, *asJSON)
			})
			if ctx.Err() != nil {
				return errors.New("leave: cancelled; the vault goes on serving")
			}
			return err
		},
	}
}

// follow prints how far a vault's leaving has come, until it ends.
func follow(d *json.Decoder, stdout io.Writer, asJSON bool) error {
	for {
		var h handover
		if err := d.Decode(&h); err != nil {
			return fmt.Errorf("leave: the vault stopped meanwhile: %w", err)
		}
		if asJSON {
			if err := json.NewEncoder(stdout).Encode(h); err != nil {
				return err
			}
		} else if h.Event != "stayed" {
			if err := h.print(stdout); err != nil {
				return err
			}
		}
		switch {
		case h.Event == "leaving":
		case h.Error != "":
			return errors.New(h.Error)
		default:
			return nil
		}
	}
}

// print is a line for people.
func (h *handover) print(to io.Writer) (err error) {
	switch {
	case h.Event == "left":
		_, err = fmt.Fprintf(to, "left: %d objects and %d chunks handed over\n", h.Objects, h.Chunks)
	case h.Stuck > 0:
		_, err = fmt.Fprintf(to, "%d objects left, %d chunks; %d of the objects wait for another vault\n", h.Objects, h.Chunks, h.Stuck)
	case h.Objects == 0 && h.Chunks == 0 && h.Viewed:
		_, err = fmt.Fprintln(to, "nothing left; a moment for an object that may be founded on it")
	default:
		_, err = fmt.Fprintf(to, "%d objects left, %d chunks\n", h.Objects, h.Chunks)
	}
	return err
}
