package container

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
)

// Config is what containers work with. Data and Payer are needed.
type Config struct {
	Data   Data
	Payer  vaultnet.PublicKey   // owner of the account that pays for what Data changes: new nodes belong to it
	Random io.Reader            // for keys and nonces; default crypto/rand
	Clock  func() vaultnet.Time // for the times of files; default the system's

	Parallel  int // chunks moved at once, each of some MiB of memory in all; default [DefaultParallel], at most 256
	ChunkSize int // of new files, bytes; default and at most [MaxChunk], at least 64

	// Wait returns at a time, or when the context ends: for those who come to a full node while another makes those below.
	// nil: they do not wait, and soon make them, too, which costs operations.
	Wait func(context.Context, vaultnet.Time)

	// Stale lets paths go through directories as they were so long ago, for a round trip less on each level. 0: never.
	Stale time.Duration
}

// DefaultParallel is how many chunks of a file are moved at once.
const DefaultParallel = 12

func (c Config) filled() Config {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Clock == nil {
		c.Clock = func() vaultnet.Time { return vaultnet.Time(time.Now().UnixMilli()) }
	}
	if c.Parallel <= 0 {
		c.Parallel = DefaultParallel
	}
	c.Parallel = min(c.Parallel, maxBatch)
	if c.ChunkSize <= 0 {
		c.ChunkSize = MaxChunk
	}
	c.ChunkSize = max(64, min(c.ChunkSize, MaxChunk))
	return c
}

// Container is a map from names to contents, of any number, whose nodes are objects of at most a hundred entries
// (semantics §5). Safe for concurrent use; each method is also safe beside those of other clients.
type Container struct {
	cfg Config
	ref Ref
	box box

	mu    sync.Mutex
	known map[site]knowledge
	root  *mutabledata.Shell // when it was last read

	copying bool // it is being copied to: its nodes say so, and only for that they are changed
}

// knowledge is what is true of a node for ever.
type knowledge struct {
	sealed bool
	salt   string // of the nodes below
	owned  bool   // it belongs to the root's owner
}

// maxKnown is of how many nodes a container remembers what is true for ever; then it begins anew.
const maxKnown = 1 << 16

// Open returns the container that a reference leads to. It asks nobody: whether it is there shows when it is used.
func Open(cfg Config, ref Ref) *Container {
	return &Container{cfg: cfg.filled(), ref: ref, box: ref.box(), known: map[site]knowledge{}}
}

// NewRef makes the reference of a container that is not there yet: a random id, and a random key for a private one.
// random may be nil.
func NewRef(random io.Reader, private, flat bool) (Ref, error) {
	if random == nil {
		random = rand.Reader
	}
	r := Ref{Flat: flat}
	if _, err := io.ReadFull(random, r.ID[:]); err != nil {
		return Ref{}, fail("create", "container", err)
	}
	if private {
		if _, err := io.ReadFull(random, r.Key[:]); err != nil {
			return Ref{}, fail("create", "container", err)
		}
	}
	return r, nil
}

// Create makes the container of a reference, empty, owned by the payer and with permissions for others. That it is there
// already and belongs to the payer is no error, so that an interrupted creation can be repeated.
func Create(ctx context.Context, cfg Config, ref Ref, permissions map[mutabledata.User]mutabledata.PermissionSet) (*Container, error) {
	c := Open(cfg, ref)
	return c, c.create(ctx, permissions)
}

func (c *Container) create(ctx context.Context, permissions map[mutabledata.User]mutabledata.PermissionSet) error {
	put := &mutabledata.Put{Owner: c.cfg.Payer}
	for _, u := range slices.Sorted(maps.Keys(permissions)) {
		put.Permissions = append(put.Permissions, mutabledata.Permission{User: u, Set: permissions[u]})
	}
	put.Entries = c.birthMarks()
	return c.put(ctx, put)
}

// Ref returns the container's reference, key included.
func (c *Container) Ref() Ref { return c.ref }

func (c *Container) knows(s site) knowledge {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[s]
}

func (c *Container) learn(s site, k knowledge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.known[s]
	if k.owned = k.owned || old.owned; !k.sealed {
		k.sealed, k.salt = old.sealed, old.salt
	}
	if k == old {
		return
	}
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[s] = k
}

// doubtAll forgets what is known: a node is not there, or somebody else's, below a seal. A check may have mended that.
func (c *Container) doubtAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}

func (c *Container) read(s site, q mutabledata.Query) Read {
	return Read{Address: c.ref.ID.address(s), Query: q}
}

func (c *Container) mutate(s site, m mutabledata.Mutation) Mutate {
	mutabledata.Sort(m)
	return Mutate{Address: c.ref.ID.address(s), Mutation: m}
}

// guard is the action that every change of names carries: the container is in use, or is being copied to.
func (c *Container) guard() mutabledata.EntryAction {
	if c.copying {
		return mutabledata.EntryAction{Key: movedMark, Do: mutabledata.ExpectVersion}
	}
	return mutabledata.EntryAction{Key: movedMark, Do: mutabledata.ExpectAbsent}
}

// barred reports whether a node's moved mark stands against changes.
func (c *Container) barred(moved *mutabledata.Value) bool {
	if c.copying {
		return !closedFor(moved, arriving) || moved.Version != 0
	}
	return moved != nil
}

// birthMarks are the marks of new nodes.
func (c *Container) birthMarks() (marks []mutabledata.Entry) {
	if c.copying {
		marks = []mutabledata.Entry{{Key: movedMark, Value: mutabledata.Value{Content: arriving}}}
	}
	return marks
}

func (c *Container) do(ctx context.Context, steps ...Step) []Answer {
	return do(ctx, c.cfg.Data, steps, maxBatch)
}
