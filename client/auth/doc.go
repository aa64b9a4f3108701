// Package auth is accounts for people and the authenticator that gives apps access to them (semantics §5, RFC 46).
//
//	a, err := auth.Create(ctx, cfg, "Daily", password, "my daily account")
//	a, err := auth.Login(ctx, cfg, "Daily", password)
//
// The main type is [Account]: an account is found and opened with a locator and a password, and lives on the network
// alone. Both are stretched with Argon2id to the address of a small sealed packet, the key that owns it and the key that
// opens it; the packet holds the keys of the account proper. Every step of everything here can be repeated after a crash,
// and repeating it completes it.
//
// # Concurrency
//
// An Account is safe for concurrent use, also by several devices: what is stored is compared and swapped, with what
// others changed merged in. Nothing here starts a goroutine, reads a clock or draws random numbers: [Config] hands them in.
//
// # What it does not do
//
// It does not reach the network ([Network] does), keep files, or ask a person anything.
package auth
