package vaultnet

// Write is one change of a vault's store. Keys and values are not changed after they are handed over.
type Write struct {
	Key   []byte
	Value []byte // nil deletes the key; an empty value that is not nil is kept
}
