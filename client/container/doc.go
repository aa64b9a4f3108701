// Package container keeps names, files and directories in the network: any number, of any size, private or public.
//
// A [Container] is a map from names to contents. Its [Ref] leads to it and opens it:
//
//	ref, err := container.NewRef(nil, true, false)               // private; a directory of a tree
//	c, err := container.Create(ctx, cfg, ref, nil)
//	version, err := c.Insert(ctx, "title", []byte("Notes"))
//	entry, err := c.Get(ctx, "title")
//	version, err = c.Update(ctx, "title", []byte("My notes"), entry.Version)
//
// # How a container is kept
//
// In MutableData objects, the nodes of a sealed trie (semantics §5), whose addresses follow from the container's id. A name
// is found without listing, by the HMAC of it under the container's key; of a public container by its SHA-256. What is
// stored under it is sealed with XChaCha20-Poly1305 under a random nonce, bound to container and name. A node takes 96
// names; then it is sealed, for ever, and further names go to one of 32 nodes below it. Nothing else ever moves: so a name
// has one place, whoever writes at the same time and whoever crashes, and a lookup reads all levels at once.
//
// # Concurrency
//
// A Container is safe for concurrent use, and many clients change one at the same time: a change names the version that was
// read, and [Conflict] says that there is another. The package starts no goroutine: what can be done at once goes to [Data]
// in one batch. Time and randomness are handed in. Nothing that can change is cached; that a node is sealed, and whose it
// is, cannot.
//
// # Where to look
//
//	data.go                        what it needs of the network
//	ref.go place.go value.go       how a container is named, where a name lives, how it is sealed
//	survey.go lookup.go list.go    finding names
//	change.go group.go birth.go    changing them, in batches by node
//	relieve.go                     a node that something overfilled
//	align.go                       nodes get the root's permissions
package container
