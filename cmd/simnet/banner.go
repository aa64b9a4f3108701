package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/network"
	"vaultnet/sim/localnet"
)

// banner says what runs and what to do with it.
func (u *up) banner(w io.Writer, f *network.File, file, keys string) {
	const shown = 2
	kept := "in memory: gone when it stops (-data DIR keeps it)"
	if u.data != "" {
		kept = "in " + u.data
	}
	fmt.Fprintf(w, "Network %q: %s on this machine, ready after %.1f s\n\n", u.name, count(u.vaults, "vault", "vaults"), time.Since(u.begun).Seconds())
	line := func(title, format string, args ...any) {
		fmt.Fprintf(w, "  %-13s %s\n", title, fmt.Sprintf(format, args...))
	}
	for i, a := range f.Bootstrap[:min(shown, len(f.Bootstrap))] {
		title := ""
		if i == 0 {
			title = "bootstrap"
		}
		line(title, "%s", a)
	}
	line("ports", "127.0.0.1:%d to %d", u.port, u.port+u.vaults-1)
	line("data", "%s", kept)
	if u.liars > 0 {
		line("liars", "the last %s (%d to %d): corrupted data, contradictions", count(u.liars, "vault", "vaults"), u.vaults-u.liars, u.vaults-1)
	}
	if n := min(u.vaults, f.Parameters.GroupSize); u.liars > vaultnet.Faults(n) {
		line("note", "of %d that hold an object at most %d may fail or lie", n, vaultnet.Faults(n))
	}
	line("network file", "%s", file)
	line("accounts", "%s; %s operations each", labels(f.Sample.Accounts, nil), grouped(max(localnet.DefaultOperations, f.Parameters.AccountOperations)))
	line("apps", "%s", labels(f.Sample.Apps, f.Sample.Accounts))
	line("keys", "%s/LABEL.key", keys)
	line("", "FOR TESTING ONLY: everybody can compute them")
	where := ""
	if u.name != network.DefaultName {
		where = " -network " + u.name
	}
	if u.out != "" {
		where = " -network " + file
	}
	fmt.Fprintf(w, `
Try, in another terminal:

  go run ./cmd/safe data put%[1]s -as sample-1 -name notes -tag 15000 -entry first=hello
  go run ./cmd/safe data get-entries%[1]s -name notes -tag 15000
  go run ./cmd/simnet status%[2]s
  go run ./cmd/simnet stop%[2]s %[3]d        a vault that is gone is not missed; start%[2]s %[3]d brings it back

or in Go:

  c, err := %[4]s

Ctrl-C stops it.`, where, u.nameFlag(), min(3, u.vaults-1), u.goConnect(file))
	if u.quiet {
		fmt.Fprintln(w)
	} else {
		fmt.Fprintf(w, " Each mutation, and each refusal, is a line from here on.\n\n")
	}
}

// goConnect is the Go expression that connects to the network.
func (u *up) goConnect(file string) string {
	switch {
	case u.out != "":
		return fmt.Sprintf("client.Connect(ctx, client.ConfigOf(f)), with f, err := network.Read(%q)", file)
	case u.name != network.DefaultName:
		return fmt.Sprintf("client.Local(ctx, %q)", u.name)
	}
	return "client.Local(ctx)"
}

// labels names samples, and apps' owners; of many the first and the last.
func labels(list, owners []network.Person) string {
	const few = 3
	var all []string
	for _, p := range list {
		name := p.Label
		for _, o := range owners {
			if o.Key == p.Owner {
				name += " (granted by " + o.Label + ")"
			}
		}
		all = append(all, name)
	}
	if len(all) > few {
		return all[0] + " to " + all[len(all)-1]
	}
	return strings.Join(all, ", ")
}

// grouped is a number for people.
func grouped(n int64) string {
	if n == math.MaxInt64 {
		return "any number of"
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
