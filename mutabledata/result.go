package mutabledata

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Result is what an applied mutation gave.
type Result struct {
	_ struct{} `cbor:",toarray"`
	// Versions are those of the entries that a MutateEntries inserted or updated, in order of their keys; empty for every
	// other mutation, whose effect its author knows.
	Versions []Version
}

// maxResult bounds an encoded result, in bytes: 200 versions of 9 bytes and two heads are 1803.
const maxResult = 2 << 10

// Encode returns the canonical encoding: at most 2 KiB.
func (r Result) Encode() []byte { return canonical.Marshal(&r) }

// DecodeResult reads what [Result.Encode] wrote; anything else is InvalidRequest.
func DecodeResult(b []byte) (Result, error) {
	var r Result
	if err := canonical.Unmarshal(b, &r, maxResult); err != nil {
		return Result{}, err
	}
	if len(r.Versions) > vaultnet.MaxActions {
		return Result{}, refusal.Invalid("result: %d versions", len(r.Versions))
	}
	return r, nil
}
