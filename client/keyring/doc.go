// Package keyring finds the private keys of people and apps under the labels that programs call them by: a folder of key
// files (package network), or memory.
//
//	ring, err := keyring.Open(dir, keyring.MakeMissing)
//	alice, err := ring.Key("alice")            // DIR/alice.key, made on first use
//	other, err := ring.Key("./somewhere.key")  // a name with a slash is a file
//	label, ok := ring.Label(alice.Public())    // "alice"
//
// A [Ring] is safe for concurrent use, also by several processes with one folder. Private keys are in no error, print or
// log. Nothing here encrypts them: whoever can read the file has the key.
package keyring
