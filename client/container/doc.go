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
// A [FileSystem] is a container seen as a directory, with everything that hangs from it:
//
//	files := container.NewFileSystem(cfg, ref)
//	err := files.MkdirAll(ctx, "trip/photos")
//	file, err := files.Create(ctx, "trip/photos/sea.jpg")
//	_, err = io.Copy(file, photo)                                // of any size, in bounded memory
//	err = file.Close()                                           // now it is there
//	err = files.Rename(ctx, "trip/photos/sea.jpg", "sea.jpg")
//	err = fs.WalkDir(files.FS(ctx), ".", visit)                  // io/fs for reading
//
// Over a running network cfg is client.Client.Containers.
//
// # How a container is kept
//
// In MutableData objects, the nodes of a sealed trie (semantics §5). A name is found without listing, by the HMAC of it
// under the container's key; of a public container by its SHA-256. What is stored under it is sealed with
// XChaCha20-Poly1305 under a random nonce, bound to container and name. A node takes 96 names; then it is full and sealed,
// for ever, and further names go to one of 32 nodes below it. Nothing else ever moves: so a name has one place, whoever
// writes at the same time and whoever crashes, and a lookup reads all levels at once.
//
// The address of the first node follows from the container's id, that of each other one from id, way and a random salt in
// the seal above it. All 32 are made before the seal is: so nobody can have made one of them but who may insert, though
// anybody may make objects, and those with the id can compute addresses.
//
// # How files are kept
//
// By the NFS convention: a name's content is a record of a file, a directory or a link. In a tree each directory is a
// container of its own, whose id and key are in its record; in a flat container names are whole paths and directories
// implied. A file of up to 4 KiB is in its record; a longer one in ImmutableData chunks of nearly 1 MiB, sealed with the
// file's own key, whose names are listed in the record and, from 32 MiB on, in chunks of names. Runs of zeros that were
// never written take no room. Chunks are never deleted: the network has no such request.
//
// # Concurrency
//
// Containers and file systems are safe for concurrent use, an open [File] is not. Many clients change a container at the
// same time: a change names the version that was read, and [Conflict] says that there is another. A version of a name
// never comes twice. The package starts no goroutine: what can be done at once goes to [Data] in one batch. Time and
// randomness are handed in. Nothing that can change is cached, unless Config.Stale asks for it; that a node is sealed, and
// whose it is, cannot. Of a container that was re-keyed nobody is told what was there: [Moved].
//
// # What it does not do
//
// It hides names and contents, not how many there are, how long they are and when they change. Who has a container's key
// and may write can write nonsense, which others then are told of as [Corrupt]. It does not know accounts, apps or the
// sharing of keys: package auth does.
//
// # Where to look
//
//	data.go                                   what it needs of the network
//	ref.go place.go value.go mark.go          how a container is named, where a name lives, how it is sealed, what is no name
//	survey.go lookup.go list.go               finding names
//	change.go group.go birth.go relieve.go    changing them, in batches by node; new nodes and seals; a node that was overfilled
//	grow.go permissions.go align.go           making room for others; rights in all nodes
//	close.go rekey.go check.go                taking no more names; a new id and key; finding and repairing
//	record.go info.go                         what is kept of a file
//	blob.go geometry.go chunk.go stream.go    its content, and how it comes and goes while others are under way
//	filesystem.go readdir.go ways.go iofs.go  paths, lists, io/fs
//	file.go draft.go directory.go rename.go   reading, writing, uploads that go on, renames that a crash never loses
package container
