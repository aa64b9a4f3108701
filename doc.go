// Package vaultnet is the vocabulary of the vault network: the names, keys, digests, times and limits that every other
// package speaks in, and the exact bytes that signatures cover. It decides nothing and imports nothing but the standard
// library.
//
// # The system in one page
//
// A vault is a node on a Kademlia DHT. Every piece of mutable data has an [Address] and is held by its close group: the
// [Parameters.GroupSize] vaults nearest to [Address.Location] by XOR distance. Vaults are run by strangers: of 8 members
// any 2 may lie, and nothing is lost, forged or forked ([Faults], [Quorum], [Weak], [Answers]).
//
// Each object is a small replicated state machine. A block holds at most [MaxInFlight] mutations, no two on one entry
// key. The members agree on each block with Tendermint's rules (arXiv 1807.04938), started on demand and silent when
// there is nothing to decide (package agreement). Two kinds of object use that machinery: MutableData (package
// mutabledata; its group are its data managers) and Account (package account; its group are the owner's client
// managers). Content-addressed ImmutableData (package immutabledata) needs no agreement.
//
// An app mutates data with a permit: a short-lived certificate that the client managers issue and the data managers
// check without asking anyone (package permit).
//
// Everything that decides anything is a pure core: inputs in, outputs out, no goroutine, clock, socket, disk or global
// random source. Package vault/core is a vault's, package client/op a client's; package sim drives exactly that code
// through simulated years of faults.
//
// # What is signed
//
// A person or app signs a [Request] over its [Request.Identity]. A vault signs once per turn of its loop: the root of a
// Merkle tree over everything it has to state (votes, permits, statements of use, views, wishes), see [TurnMessage] and
// package internal/merkle. Every use of a key has its own [Domain].
package vaultnet
