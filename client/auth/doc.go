// Package auth is accounts for people, and the authenticator that gives apps access to them (semantics §5, RFC 46).
//
//	a, err := auth.Create(ctx, cfg, "Daily", password, "my daily account")
//	a, err := auth.Login(ctx, cfg, "Daily", password)
//	cred, err := a.Authorise(ctx, app, auth.Access{Containers: []auth.ContainerAccess{{"_documents", auth.Read | auth.Insert}}})
//	revocation, err := a.Revoke(ctx, app)
//
// The main type is [Account]. An account is found and opened with a locator and a password, and lives on the network alone:
// both are stretched with Argon2id to the address of a small sealed packet, the key that owns it and the key that opens it;
// the packet holds the keys of the account proper. Everything else hangs in two containers: the root, with the person's
// directories and the apps' own, and the records of what apps were given.
//
// An app keeps its [Credentials], and finds what it may do in its access record on the network ([Given]):
//
//	err := auth.Try(ctx, data, &cred, func(g *auth.Given) error { … }) // reads it again where the network refuses
//
// What an app has is three things: a grant, with which it can pay; permissions in containers and objects; and their keys.
// The network's grants and permissions are the truth; the records tell where to look for them. Whatever is going to be
// given is recorded before it is given, so that it can be taken back whatever happens in between. Every step of everything
// here can be repeated after a crash, and repeating completes it; [Account.Tidy] completes what nobody repeats.
//
// Requests and answers travel as URIs ([ParseRequest], [Account.Answer]); a [Policy] answers where nobody can be asked.
//
// # Concurrency
//
// An Account is safe for concurrent use, also by several devices: what is stored is compared and swapped, with what others
// changed merged in. Nothing here starts a goroutine, reads a clock or draws random numbers: [Config] hands them in.
//
// # What it does not do
//
// It does not reach the network ([Network] does; package client has one), keep files, or ask a person anything. It cannot
// make anybody forget what he has read: see [Account.Rekey] for what is written later. Who knows both locator and password
// has the account, for ever: a change of password shuts out only who comes later.
package auth
