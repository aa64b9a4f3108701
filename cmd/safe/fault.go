package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/refusal"
)

// fault is the error that ends a command of a person's or an app's: what went wrong, with which thing, and what helps.
func (p *people) fault(ctx context.Context, a *acting, err error) error {
	if err == nil {
		return nil
	}
	var e exit
	if errors.As(err, &e) {
		return p.common.failed(err)
	}
	if a != nil && a.cred != nil {
		err = a.newest(ctx, err)
	}
	code := exitRefused
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		err = errors.New("interrupted: repeat the command to go on, or to be sure of the outcome")
	case errors.Is(err, refusal.Unavailable):
		code = exitUnavailable
	}
	kind, remedy := diagnose(a, err)
	if p.json {
		told := struct {
			OK      bool   `json:"ok"`
			Kind    string `json:"kind"`
			Message string `json:"message"`
			Remedy  string `json:"remedy,omitempty"`
		}{false, kind, err.Error(), remedy}
		text, wrong := marshal(told)
		if wrong != nil {
			return wrong
		}
		fmt.Fprintln(p.out, text)
		return exit{code: code}
	}
	text := clipped(err.Error())
	if remedy != "" {
		text += "\n" + remedy
	}
	return exit{code: code, err: errors.New(text)}
}

// clipped leaves out the middle of words that nobody reads, such as a name of 4 KiB, and what would move the cursor.
func clipped(s string) string {
	const most = 100
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		words := strings.Split(oneLine(line), " ")
		for k, w := range words {
			if r := []rune(w); len(r) > most {
				words[k] = string(r[:most/2]) + "…" + string(r[len(r)-most/4:])
			}
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}

// newest has an app's error say whether its access was taken back, where newer rights or keys would mend it.
func (a *acting) newest(ctx context.Context, err error) error {
	var known *auth.Error
	if errors.As(err, &known) {
		return err
	}
	again := auth.Try(ctx, a.data(), a.cred, func(*auth.Given) error { return err })
	if errors.Is(again, auth.AskAgain) && errors.As(again, &known) {
		var c *container.Error
		if errors.As(err, &c) && c.Kind == container.Permission {
			short := *c
			short.Cause = nil // AccessDenied of an object that says nothing to a person
			err = &short
		}
		return &auth.Error{Op: "act as", Subject: a.cred.App.String(), Kind: auth.AskAgain, Cause: err}
	}
	return again
}

// diagnose names the kind of an error, and what helps against it.
func diagnose(a *acting, err error) (kind, remedy string) {
	app := a != nil && a.cred != nil
	var r *refusal.Error
	if errors.As(err, &r) {
		switch {
		case r.Kind == refusal.LowBalance && app:
			return r.Kind.String(), "The account that gave the app access has no operations left: its owner has to see to it."
		case r.Kind == refusal.LowBalance:
			return r.Kind.String(), "The account has no operations left: safe account show. In a local network: safe account top-up -operations N"
		case r.Kind == refusal.NoSuchAccount && a != nil:
			return r.Kind.String(), ""
		}
	}
	var w *auth.Error
	if errors.As(err, &w) {
		return authKinds[w.Kind], authRemedies[w.Kind]
	}
	var c *container.Error
	if errors.As(err, &c) {
		return containerKinds[c.Kind], containerRemedies[c.Kind]
	}
	if r != nil {
		return r.Kind.String(), remedies[r.Kind]
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrExist) {
		return "LocalFile", ""
	}
	return "Failed", ""
}

// authKinds names the kinds of package auth in answers, and authRemedies what helps.
var (
	authKinds = map[auth.Kind]string{
		auth.WrongCredentials: "WrongCredentials", auth.Exists: "AccountExists", auth.Invalid: "InvalidRequest", auth.Changed: "PasswordChanged",
		auth.NoContainer: "NoContainer", auth.NoObject: "NoObject", auth.NoApp: "NoApp", auth.TooLarge: "TooLarge", auth.Denied: "Denied",
		auth.Revoked: "Revoked", auth.AskAgain: "AskAgain", auth.Corrupt: "Corrupt", auth.Busy: "Busy", auth.Failed: "Failed",
	}
	authRemedies = map[auth.Kind]string{
		auth.WrongCredentials: "Both the name and the password have to be right, capitals included. A new account: safe account create NAME",
		auth.Exists:           "Open it: safe account login NAME. Another password makes another account of the same name.",
		auth.Changed:          "safe account login NAME",
		auth.NoContainer:      "safe ls shows what there is; safe mkdir makes a directory, which can be given like a container.",
		auth.NoObject:         "An object can be shared by its owner, or by who may manage its permissions.",
		auth.NoApp:            "safe apps lists those that have, or had, access.",
		auth.Revoked:          "The app has to ask again: safe request, or its owner runs safe authorise.",
		auth.AskAgain:         "The app has to ask for it: safe request, or its owner runs safe authorise.",
		auth.Busy:             "Try again.",
		auth.Corrupt:          "safe check -repair looks for what can be mended.",
	}
	containerKinds = map[container.Kind]string{
		container.NotExist: "NotExist", container.Exist: "Exist", container.Invalid: "InvalidRequest", container.Permission: "Permission",
		container.Conflict: "Conflict", container.NotDirectory: "NotDirectory", container.IsDirectory: "IsDirectory", container.NotEmpty: "NotEmpty",
		container.ContainerFull: "ContainerFull", container.Moved: "Moved", container.Foreign: "Foreign", container.Corrupt: "Corrupt",
		container.TooLarge: "TooLarge", container.Failed: "Failed",
	}
	containerRemedies = map[container.Kind]string{
		container.Conflict:      "Somebody else changed it at the same time. Nothing of theirs is lost: look, and try again.",
		container.IsDirectory:   "-r takes a directory with all that is in it.",
		container.NotEmpty:      "-r removes a directory with all that is in it.",
		container.ContainerFull: "Whose account it is makes room: safe container grow PATH",
		container.Moved:         "It was re-keyed or removed meanwhile. Try again.",
		container.Foreign:       "safe check PATH tells more.",
		container.Corrupt:       "safe check PATH tells more.",
	}
)
