package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/auth"
	"vaultnet/internal/commandline"
)

func newRequest(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe request")
	c := common{streams: s}
	flags.BoolVar(&c.json, "json", false, "answer in JSON")
	var x accessFlags
	x.flags(flags)
	var kind, ref, answer, out, networkOut string
	flags.StringVar(&kind, "kind", "auth", "`KIND`: auth (all that it is to have), containers or share (more, for an app that has access), unregistered (only how to reach the network), ping")
	flags.StringVar(&ref, "ref", "", "an `ID` that comes back with the answer")
	flags.StringVar(&answer, "answer", "", "read the answer in `FILE`, - for the standard input, instead of writing a request")
	flags.StringVar(&out, "out", "", "of an answer: write the credentials to `FILE`, which only you may read (mode 0600)")
	flags.StringVar(&networkOut, "network-out", "", "of an answer: write the network file to `FILE`")
	return &ffcli.Command{
		Name:       "request",
		ShortUsage: "safe request [flags] APP",
		ShortHelp:  "Be an app: write what asks for access, as a URI, and read the answer.",
		LongHelp: `EXAMPLES
  safe request org.example.notes -name Notes -container _documents=read,insert -own > request.txt
  safe answer -out answer.txt "$(cat request.txt)"                  the person, or a machine with -policy
  safe request org.example.notes -answer answer.txt -out notes.json
  safe ls -app notes.json

Requests and answers are those of RFC 46: safe-auth:ACTION:APP:… and safe-auth-APP:ACTION:…. A request is no secret; an
answer that grants access contains the app's keys.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(_ context.Context, args []string) error {
			if err := one(args, "APP, such as org.example.notes"); err != nil {
				return err
			}
			app, err := x.named(args[0])
			if err != nil {
				return err
			}
			if answer != "" {
				return c.readAnswer(app, answer, out, networkOut)
			}
			if out != "" || networkOut != "" {
				return usageError("-out and -network-out go with -answer")
			}
			access, err := x.access(time.Now())
			if err != nil {
				return err
			}
			m := auth.Message{App: app.ID, Ref: ref}
			switch kind {
			case "auth":
				m.Action, m.Payload = auth.AskAuth, &auth.AuthRequest{App: app, Access: access}
			case "unregistered":
				m.Action, m.Payload = auth.AskAuth, &auth.AuthRequest{App: app, Unregistered: true}
			case "containers":
				m.Action, m.Payload = auth.AskContainers, &auth.ContainersRequest{App: app, Containers: access.Containers}
			case "share":
				m.Action, m.Payload = auth.AskShare, &auth.ShareRequest{App: app, Objects: access.Objects}
			case "ping":
				m.Action = auth.AskPing
			default:
				return usageError("-kind %s: want auth, containers, share, unregistered or ping", kind)
			}
			uri, err := m.Request()
			if err != nil {
				return usageError("%w", err)
			}
			if c.json {
				return answerJSON(c.out, struct {
					Request string `json:"request"`
				}{uri})
			}
			_, err = fmt.Fprintln(c.out, uri)
			return err
		},
	}
}

// readText reads a URI from a file or the standard input.
func readText(s streams, path string) (string, error) {
	r := s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", exit{code: exitUsage, err: err}
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, auth.MaxURI+2))
	return strings.TrimSpace(string(b)), err
}

// readAnswer is what an app does with the answer to its request.
func (c *common) readAnswer(app auth.App, from, out, networkOut string) error {
	text, err := readText(c.streams, from)
	if err != nil {
		return err
	}
	m, err := auth.ParseAnswer(app.ID, text)
	if err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	told := struct {
		Action      string          `json:"action"`
		Ref         string          `json:"ref,omitempty"`
		Credentials string          `json:"credentials,omitempty"`
		Network     string          `json:"network-file,omitempty"`
		Containers  []answeredRight `json:"containers,omitempty"`
		Objects     []objectShown   `json:"objects,omitempty"`
	}{Action: string(m.Action), Ref: m.Ref}
	switch p := m.Payload.(type) {
	case *auth.ErrorAnswer:
		return p
	case *auth.AuthAnswer:
		if len(p.Credentials) > 0 {
			if out == "" {
				return usageError("the answer has credentials: say where they go, -out FILE")
			}
			if err := mayWriteCredentials(out, p.Credentials[0].App); err != nil {
				return err
			}
			if err := writeCredentials(out, &p.Credentials[0], ""); err != nil {
				return err
			}
			told.Credentials = out
		}
		if networkOut != "" {
			if len(p.Network) == 0 {
				return errors.New("the answer has no network file")
			}
			if err := writeNew(networkOut, p.Network); err != nil {
				return err
			}
			told.Network = networkOut
		}
	case *auth.ContainersAnswer:
		for _, x := range p.Containers {
			told.Containers = append(told.Containers, answeredRight{x.Path, x.Rights.String()})
		}
	case *auth.ShareAnswer:
		v := appShown{}
		v.access(&auth.Access{Objects: p.Objects})
		told.Objects = v.Objects
	}
	denied := strings.HasSuffix(told.Action, "-denied")
	if c.json {
		if err := answerJSON(c.out, told); err != nil || !denied {
			return err
		}
		return exit{code: exitRefused}
	}
	if denied {
		return errors.New("denied")
	}
	fmt.Fprintln(c.out, told.Action)
	for _, x := range told.Containers {
		fmt.Fprintf(c.out, "may  %s: %s\n", x.Path, x.Rights)
	}
	return nil
}

type answeredRight struct {
	Path   string `json:"path"`
	Rights string `json:"rights"`
}

func newAnswer(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe answer")
	p := people{common: common{streams: s}}
	p.flags(flags)
	var policyFile, out string
	var yes, deny bool
	flags.StringVar(&policyFile, "policy", "", "decide as the policy in `FILE` says: for a machine where nobody sits")
	flags.BoolVar(&yes, "yes", false, "give what is asked for, without asking you")
	flags.BoolVar(&deny, "deny", false, "deny it, without asking you")
	flags.StringVar(&out, "out", "", "write the answer to `FILE`, which only you may read (mode 0600); - is the standard output")
	return &ffcli.Command{
		Name:       "answer",
		ShortUsage: "safe answer [flags] REQUEST",
		ShortHelp:  "Answer an app that asks for access: show what it asks for, and ask you.",
		LongHelp: `EXAMPLES
  safe answer -out answer.txt 'safe-auth:auth:b3JnLm…'
  safe answer -policy policy.json -out - - < request.txt     unattended, the request from the standard input

A policy is JSON; the first rule that fits an app decides, and what none fits is denied:

  {"format": 1, "rules": [
    {"app": "org.example.backup", "scope": "*", "containers": {"_documents": "read"}, "expires": "720h"},
    {"app": "org.example.*", "own": true, "uses": 1000, "less": true}
  ]}

It gives nothing that was not asked for; with "less" an app that asks for more gets what the rule has. What an app has
already, exactly so, is answered without asking. Who is denied three times asks no more, until safe apps lift. An answer
that grants access contains the app's keys: it goes to the app and nowhere else.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if err := one(args, "REQUEST, a URI, or - for the standard input"); err != nil {
				return err
			}
			switch {
			case out == "":
				return usageError("-out is missing: an answer may contain keys; -out - is the standard output")
			case yes && deny, (yes || deny) && policyFile != "":
				return usageError("-yes, -deny or -policy, not several")
			}
			uri := args[0]
			var err error
			if uri == "-" {
				if uri, err = readText(s, "-"); err != nil {
					return err
				}
			}
			var policy *auth.Policy
			if policyFile != "" {
				text, err := os.ReadFile(policyFile)
				if err == nil {
					policy, err = auth.ParsePolicy(text)
				}
				if err != nil {
					return exit{code: exitUsage, err: fmt.Errorf("%s: %w", policyFile, err)}
				}
			}
			return p.asPerson(ctx, func(a *acting) error {
				decide := a.askPerson
				switch {
				case policy != nil:
					decide = a.account.Ask(policy)
				case yes:
					decide = func(_ context.Context, q auth.Question) (auth.Access, bool, error) { return q.Access, true, nil }
				case deny:
					decide = func(context.Context, auth.Question) (auth.Access, bool, error) { return auth.Access{}, false, nil }
				}
				return a.answerRequest(ctx, uri, out, decide)
			})
		},
	}
}

func (a *acting) answerRequest(ctx context.Context, uri, out string, decide auth.Decide) error {
	public := *a.file
	public.Sample = nil // keys of a local network's ready accounts are nothing that an app gets
	file, err := public.Encode()
	if err != nil {
		return err
	}
	text, failed := a.account.Answer(ctx, uri, file, decide)
	if text == "" {
		return failed
	}
	if out == "-" {
		_, err = fmt.Fprintln(a.out, text)
	} else {
		err = writeSecret(out, []byte(text+"\n"))
	}
	if err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	action := answered(text)
	if a.json && out != "-" {
		err = a.answer(struct {
			Action string `json:"action"`
			Answer string `json:"answer"`
		}{action, out})
	} else if out != "-" {
		_, err = fmt.Fprintln(a.out, action)
	}
	if err == nil && strings.HasSuffix(action, "-denied") {
		err = exit{code: exitRefused}
	}
	return err
}

// answered is the action of an answer.
func answered(uri string) string {
	parts := strings.SplitN(uri, ":", 3)
	if len(parts) < 2 {
		return ""
	}
	action, _, _ := strings.Cut(parts[1], "?")
	return action
}

var errNobody = errors.New("nobody can be asked: there is no terminal; -policy FILE, -yes or -deny decides without")

// askPerson shows what an app asks for, and asks.
func (a *acting) askPerson(ctx context.Context, q auth.Question) (auth.Access, bool, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s asks", oneLine(q.App.String()))
	if q.App.Name != "" {
		fmt.Fprintf(&b, ", which calls itself %q", oneLine(q.App.Name))
		if q.App.Vendor != "" {
			fmt.Fprintf(&b, " by %q", oneLine(q.App.Vendor))
		}
	}
	if q.Unregistered {
		b.WriteString(" how to reach the network.\n")
	} else {
		b.WriteString(" for:\n")
		for _, line := range rightsText(q.App, &q.Asked) {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		if q.Action == auth.AskAuth {
			fmt.Fprintf(&b, "  %s\n", termsText(&q.Asked.Terms, nil))
		}
		if q.Judgement.Known {
			for _, line := range lessText(&q.Judgement.Difference) {
				fmt.Fprintf(&b, "It would lose %s\n", line)
			}
		}
	}
	fmt.Fprint(a.err, b.String())
	yes, asked := confirm(ctx, a.streams, "Give it?")
	if !asked {
		return auth.Access{}, false, errNobody
	}
	return q.Access, yes, nil
}
