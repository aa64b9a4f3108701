// Package immutabledata holds the rules of ImmutableData (semantics §2): content of at most 1 MiB, named by its SHA-256.
// It needs no agreement, for the name proves the content. Every vault and client checks whatever it is given, from
// whomever:
//
//	name := immutabledata.NameOf(content)
//	if err := immutabledata.Check(name, content); err != nil { … } // a *refusal.Error
package immutabledata

import (
	"crypto/sha256"
	"fmt"

	"vaultnet"
	"vaultnet/refusal"
)

// NameOf is the name of the chunk with this content.
func NameOf(content []byte) vaultnet.Name { return sha256.Sum256(content) }

// Check refuses content of more than [vaultnet.MaxSize] bytes with DataTooLarge and content that does not hash to name
// with CorruptData. It looks at the size first, so that it never hashes more than the limit. Empty content is a chunk as
// good as any.
func Check(name vaultnet.Name, content []byte) error {
	if len(content) > vaultnet.MaxSize {
		return refusal.TooLarge(int64(len(content)), vaultnet.MaxSize)
	}
	if got := NameOf(content); got != name {
		return &refusal.Error{Kind: refusal.CorruptData,
			Detail: refusal.Detail{What: fmt.Sprintf("content hashes to %x…, not %x…", got[:4], name[:4])}}
	}
	return nil
}
