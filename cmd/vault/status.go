package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
	"vaultnet/vault"
)

// status is a running vault as status -json prints it.
type status struct {
	Key       string    `json:"key"`
	Network   string    `json:"network"`
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"`
	PID       int       `json:"pid"`
	Started   time.Time `json:"started"`
	Uptime    string    `json:"uptime"`
	Settled   bool      `json:"settled"`
	Sync      string    `json:"sync"`
	Peers     int       `json:"peers"`       // vaults
	Connected int       `json:"connections"` // vaults and clients
	Contacts  int       `json:"contacts"`    // vaults known
	Objects   int       `json:"objects"`
	Chunks    int       `json:"chunks"`
	Bytes     int64     `json:"bytes"`
	Capacity  int64     `json:"capacity"` // 0: any amount
	Loaded    int64     `json:"loaded-bytes"`
	Memory    int64     `json:"memory"`
	Height    uint64    `json:"greatest-height"`
	Blocks    uint64    `json:"blocks"` // since it started
	Waiting   int       `json:"waiting-inputs"`
	Held      int       `json:"held-peers"`
	List      []object  `json:"objects-held,omitempty"`
}

// object is one object that a vault holds.
type object struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Tag     uint64 `json:"tag"`
	Height  uint64 `json:"height"`
	Digest  string `json:"digest"` // of the block at Height, which covers the whole state
	Set     uint64 `json:"set"`
	Members int    `json:"members"`
	Member  bool   `json:"member"`
	Bytes   int64  `json:"bytes"`
}

func statusOf(v *vault.Vault, objects bool) (*status, error) {
	s, err := v.Status()
	if err != nil {
		return nil, err
	}
	answer := &status{Key: s.Key.String(), Network: s.Name, ID: fmt.Sprintf("%x", s.Network[:]), Addresses: s.Addresses, PID: os.Getpid(),
		Started: s.Started.UTC(), Uptime: time.Since(s.Started).Round(time.Second).String(), Settled: s.Settled, Sync: "never",
		Peers: s.Peers, Connected: s.Routing.Peers, Contacts: s.Contacts, Objects: s.Objects, Chunks: s.Chunks, Bytes: s.Bytes,
		Capacity: s.Capacity, Loaded: s.Loaded, Memory: s.Memory, Height: uint64(s.Height), Blocks: s.Blocks,
		Waiting: s.Queue.Inputs, Held: s.Queue.Held}
	if s.Sync {
		answer.Sync = "always"
	}
	if !objects {
		return answer, nil
	}
	held, err := v.Holdings()
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		answer.List = append(answer.List, object{Kind: h.Address.Kind.String(), Name: fmt.Sprintf("%x", h.Address.Name[:]), Tag: uint64(h.Address.Tag),
			Height: uint64(h.Height), Digest: fmt.Sprintf("%x", h.Header[:]), Set: h.Set.Number, Members: len(h.Set.Members), Member: h.Member, Bytes: h.Bytes})
	}
	return answer, nil
}

func newStatus(stdout io.Writer) *ffcli.Command {
	fs := commandline.NewFlagSet("vault status")
	data := dataFlag(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	objects := fs.Bool("objects", false, "list the objects it holds, with height and digest")
	return &ffcli.Command{
		Name:       "status",
		ShortUsage: "vault status -data FOLDER [flags]",
		ShortHelp:  "Ask the vault that runs on a data folder how it is.",
		FlagSet:    fs,
		UsageFunc:  commandline.Usage,
		Options:    []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return wrongUsage(fmt.Errorf("status: what is %q?", args[0]))
			}
			path := "/status"
			if *objects {
				path += "?objects"
			}
			var s status
			if err := ask(ctx, folder(*data), "GET", path, &s); err != nil {
				return err
			}
			if *asJSON {
				return json.NewEncoder(stdout).Encode(s)
			}
			return s.write(stdout)
		},
	}
}

// write is the status for people.
func (s *status) write(to io.Writer) error {
	var b strings.Builder
	line := func(name, format string, a ...any) { fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, a...)) }
	settled := "no: it does not know yet who holds what near it"
	if s.Settled {
		settled = "yes"
	}
	line("vault", "%s", s.Key)
	line("network", "%s %.8s", s.Network, s.ID)
	line("addresses", "%s", strings.Join(s.Addresses, " "))
	line("up", "%s, pid %d, sync %s", s.Uptime, s.PID, s.Sync)
	line("settled", "%s", settled)
	line("peers", "%d vaults connected of %d known, %d connections", s.Peers, s.Contacts, s.Connected)
	room := "any amount"
	if s.Capacity > 0 {
		room = fmt.Sprint(s.Capacity)
	}
	line("holds", "%d objects, %d chunks, %d bytes of %s; greatest height %d", s.Objects, s.Chunks, s.Bytes, room, s.Height)
	line("decided", "%d blocks since it started", s.Blocks)
	if s.Waiting > 0 || s.Held > 0 {
		line("waiting", "%d inputs, %d peers held back", s.Waiting, s.Held)
	}
	for _, o := range s.List {
		fmt.Fprintf(&b, "  %s %s/%d height %d digest %.16s set %d of %d\n", o.Kind, o.Name, o.Tag, o.Height, o.Digest, o.Set, o.Members)
	}
	_, err := io.WriteString(to, b.String())
	return err
}
