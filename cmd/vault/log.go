package main

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/refusal"
	"vaultnet/vault"
	"vaultnet/vault/core"
)

// print writes a line of JSON.
func (r *runner) print(value any) error { return json.NewEncoder(r.stdout).Encode(value) }

// observer logs what somebody who runs a vault wants to know: what is wrong always, what is usual where asked for.
func observer(log *slog.Logger) vault.Observer {
	return vault.Observer{
		Join:   func(err error) { log.Warn("did not find the network; trying again", "err", err) },
		Failed: func(err error) { log.Error(err.Error()) },
		Unsent: func(to vaultnet.PublicKey, err error) {
			log.Error("a message was out of bounds", "to", to.Short(), "err", err)
		},
		Peer: func(k vaultnet.PublicKey, up bool) {
			if up {
				log.Debug("a vault came up", "peer", k.Short())
			} else {
				log.Debug("a peer went", "peer", k.Short())
			}
		},
		Frame: func(f vault.Frame) {
			if f.Err != nil {
				log.Debug("refused a frame", "from", f.From.Short(), "bytes", f.Bytes, "err", f.Err)
			}
		},
		Core: core.Observer{
			Damaged: func(a vaultnet.Address, err error) { log.Error("damaged", "address", a.String(), "err", err) },
			Refused: func(a vaultnet.Address, e *refusal.Error) { log.Debug("refused", "address", a.String(), "err", e) },
			Members: func(a vaultnet.Address, before, after *agreement.Set) {
				log.Debug("set changed", "address", a.String(), "set", fmt.Sprint(number(before), " to ", number(after)), "members", members(after))
			},
		},
	}
}

func number(s *agreement.Set) uint64 {
	if s == nil {
		return 0
	}
	return s.Number
}

func members(s *agreement.Set) int {
	if s == nil {
		return 0
	}
	return len(s.Members)
}
