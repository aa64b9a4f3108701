// Package mutabledata holds the rules of MutableData: what an object is, who may change it and how, its limits, its
// errors and its encodings (semantics §1, after RFC 47 and RFC 48). Deadlines, signatures, permits and the order of
// blocks are not its business.
//
// The main type is [Object], an immutable value. Applying a [Mutation] gives the next value or a refusal:
//
//	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
//		{Key: "title", Do: mutabledata.UpdateEntry, Content: []byte("Notes"), Version: 4},
//	}}
//	next, result, err := object.Apply(m, mutabledata.Context{Requester: app, Payer: owner})
//	if errors.Is(err, refusal.InvalidEntryActions) { … }
//
// A nil *Object is an address that holds nothing; every method takes it. A refused mutation changes nothing.
//
// # Encodings
//
// Everything is an array in the canonical CBOR of package internal/canonical; keys, contents, users and public keys are
// byte strings; lists are in strictly ascending order of their keys' bytes, which is the order of everything here that
// has one. The canonical encoding of an object, whose length is its size, is
//
//	[owner, version, [[user, permission set]…], [[key, [content, version]]…]]
//
// with versions as integers in their shortest form. Floor is not part of it. Size and digest are kept while the object
// changes: a change costs what it changes, not what the object holds.
//
// # Concurrency
//
// Objects, mutations and queries are safe for concurrent use as long as nobody changes the slices they were made of.
package mutabledata
