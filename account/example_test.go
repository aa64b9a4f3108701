package account_test

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/permit"
)

func named(s string) (k vaultnet.PublicKey) {
	copy(k[:], s)
	return k
}

// An owner makes an account and grants an app; the app asks for a permit and settles it.
func Example() {
	owner, app := named("owner"), named("app")
	parameters := vaultnet.DefaultParameters()
	now := vaultnet.Time(1_700_000_000_000)
	var a *account.Account
	apply := func(by vaultnet.PublicKey, op account.Operation) account.Result {
		op, err := account.Decode(account.Encode(op)) // as it travels
		if err != nil {
			fmt.Println(err)
			return nil
		}
		a = a.Advance(now, parameters)
		var result account.Result
		a, result, err = a.Apply(op, account.Context{Requester: by, Owner: owner, At: now, Parameters: parameters})
		if err != nil {
			fmt.Println(err)
		}
		return result
	}

	apply(owner, &account.CreateAccount{})
	apply(owner, &account.InsertGrant{Key: app, Terms: account.Terms{Label: "editor", Idle: time.Hour}, Version: 1})
	notes := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(named("notes"))}
	ask := &account.IssuePermit{Allowances: []permit.Allowance{{Address: notes, Count: 8}}}
	issued := apply(app, ask).(*account.Issued)
	fmt.Println("permit for", issued.Body.Total, "operations, lives", issued.Body.Expires.Sub(issued.Body.Issued))
	fmt.Println(a.Balance())

	now = now.Add(2 * time.Minute) // nobody showed what was used
	a = a.Advance(now, parameters)
	fmt.Println(a.Balance())
	apply(named("somebody"), ask)
	// Output:
	// permit for 8 operations, lives 10s
	// 0 8 992
	// 8 0 992
	// GrantInvalid (never-granted)
}

func ExampleAccount_Read() {
	owner := named("owner")
	by := account.Context{Requester: owner, Owner: owner, Parameters: vaultnet.DefaultParameters()}
	var none *account.Account
	a, _, _ := none.Apply(&account.CreateAccount{}, by)
	a, _, _ = a.Apply(&account.InsertGrant{Key: named("app"), Terms: account.Terms{Label: "editor"}, Version: 1}, by)
	answer, _ := a.Read(account.Query{Grants: true})
	view, _ := account.DecodeView(answer)
	fmt.Println(view.Available, view.Version, view.Grants[0].Terms.Label)
	// Output: 1000 1 editor
}

func ExampleAccount_Diff() {
	owner := named("owner")
	by := account.Context{Requester: owner, Owner: owner, Parameters: vaultnet.DefaultParameters()}
	var none *account.Account
	a, _, _ := none.Apply(&account.CreateAccount{}, by)
	b, _, _ := a.Apply(&account.InsertGrant{Key: named("app"), Version: 1}, by)
	fmt.Println(len(b.Diff(a)), "records written of", len(b.Records()))
	loaded, err := account.Load(b.Records())
	fmt.Println(loaded.Digest() == b.Digest(), err)
	// Output:
	// 2 records written of 2
	// true <nil>
}

func ExampleInFlight() {
	pending := []account.Operation{&account.InsertGrant{Key: named("app"), Version: 1}}
	fmt.Println(account.InFlight(pending, &account.RevokeAll{}))
	fmt.Println(account.InFlight(pending, &account.Verify{}))
	// Output:
	// MutationInProgress (keys [], shell)
	// <nil>
}
