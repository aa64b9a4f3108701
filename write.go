package vaultnet

// Write is one change of a vault's store.
type Write struct {
	Key   []byte
	Value []byte // nil deletes the key; an empty value that is not nil is kept
	Given bool   // nobody else has the value or will: who is handed it may keep it as it is
}
