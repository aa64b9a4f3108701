package main

import (
	"errors"
	"fmt"
	"strings"

	"vaultnet/client/batch"
	"vaultnet/refusal"
)

// remedies say what helps against a kind of refusal.
var remedies = map[refusal.Kind]string{
	refusal.NoSuchAccount:      "An account pays for every change. Make one: safe account create -as KEY. An app names its owner's: -account OWNER.",
	refusal.LowBalance:         "The account has no operations left. In a local network: safe account top-up -as OWNER -operations N",
	refusal.GrantInvalid:       "The account's owner lets an app use it: safe data insert-grant -as OWNER -key APP -version N",
	refusal.AccountExists:      "safe account show -as KEY reads it.",
	refusal.DataExists:         "safe data get-shell tells whose it is; safe data mutate changes its entries.",
	refusal.TooManyMutations:   "Others are changing this object. Try again, or leave out -no-retry.",
	refusal.MutationInProgress: "Somebody is changing the same entry. Try again, or leave out -no-retry.",
	refusal.Unavailable:        "Too few vaults answered in time. Are they running? simnet status. A greater -timeout gives them longer.",
	refusal.NotSettled:         "The vaults do not know yet who holds this: they have just started, or too few of them run (simnet status). Try again in a few seconds.",
	refusal.NetworkFull:        "The vaults that would hold it have no room.",
}

// refused tells of a refusal, and what helps; it is the error that ends the command.
func (c *common) refused(a *batch.Answer) error {
	e := a.Refusal
	code := exitRefused
	switch {
	case a.Misunderstood:
		code = exitUsage
	case e.Kind == refusal.Unavailable:
		code = exitUnavailable
	}
	if c.json {
		return exit{code: code} // the answer says it
	}
	text := e.Error()
	if a.Misunderstood {
		text = e.Detail.What
	}
	if e.Kind == refusal.InvalidEntryActions {
		var lines []string
		for _, p := range e.Detail.Entries {
			lines = append(lines, "  "+problem(p))
		}
		text = fmt.Sprintf("%v:\n%s", e.Kind, strings.Join(lines, "\n"))
	}
	if e.Kind == refusal.InvalidSuccessor {
		text += fmt.Sprintf("\nThe version to name is %d.", e.Detail.Current+1)
	}
	if remedy := remedies[e.Kind]; remedy != "" {
		text += "\n" + remedy
	}
	return exit{code: code, err: errors.New(text)}
}

// failed is the error that ends a command before anything was asked of the network. With -json it is told as an answer.
func (c *common) failed(err error) error {
	var e exit
	if !c.json || !errors.As(err, &e) {
		return err
	}
	r := &refusal.Error{Kind: refusal.InvalidRequest, Detail: refusal.Detail{What: err.Error()}}
	if e.code == exitNoNetwork {
		r = &refusal.Error{Kind: refusal.Unavailable, Cause: err}
	}
	a := batch.Answer{Refusal: r}
	fmt.Fprintf(c.out, "%s\n", a.JSON())
	return exit{code: e.code}
}

// problem says what was wrong with the action on one entry.
func problem(p refusal.Problem) string {
	key := keyText(p.Key)
	switch p.Kind {
	case refusal.EntryExists:
		return fmt.Sprintf("%s is there already, version %d", key, p.Version)
	case refusal.NoSuchEntry:
		return fmt.Sprintf("%s is not there", key)
	case refusal.InvalidSuccessor:
		return fmt.Sprintf("%s has version %d", key, p.Version)
	case refusal.InvalidVersion:
		return fmt.Sprintf("%s: the version may be at most %d", key, p.Version)
	}
	return fmt.Sprintf("%s: %v", key, p.Kind)
}
