package container

import (
	"context"
	"slices"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Do is what a [Change] does with a name.
type Do uint8

// What can be done.
const (
	Insert Do = iota + 1 // the name has to be absent
	Update               // the name has to have Change.Version
	Delete               // the name has to have Change.Version
)

var doNames = [...]string{"change", "insert", "update", "delete"}

func (d Do) String() string {
	if int(d) < len(doNames) {
		return doNames[d]
	}
	return "change"
}

// Change is a change of one name.
type Change struct {
	Name    string
	Do      Do
	Content []byte              // of Insert and Update; with the name at most [MaxContent] bytes
	Version mutabledata.Version // of Update and Delete: the one that was read

	least mutabledata.Version // of Insert: the version has to be at least that
}

// Changed is what became of a change: the entry's version now, or why nothing changed.
type Changed struct {
	Version mutabledata.Version
	Err     error // nil or an *Error: Exist, NotExist, Conflict …
}

// Insert makes a name: Exist where it is there already.
func (c *Container) Insert(ctx context.Context, name string, content []byte) (mutabledata.Version, error) {
	r := c.Apply(ctx, Change{Name: name, Do: Insert, Content: content})[0]
	return r.Version, r.Err
}

// Update replaces what is stored under a name that has still the version that was read: Conflict where it has another.
func (c *Container) Update(ctx context.Context, name string, content []byte, version mutabledata.Version) (mutabledata.Version, error) {
	r := c.Apply(ctx, Change{Name: name, Do: Update, Content: content, Version: version})[0]
	return r.Version, r.Err
}

// Delete removes a name that has still the version that was read.
func (c *Container) Delete(ctx context.Context, name string, version mutabledata.Version) error {
	return c.Apply(ctx, Change{Name: name, Do: Delete, Version: version})[0].Err
}

// maxRounds bounds how often one call looks again because others changed the nodes that it was about to change.
const maxRounds = 256

// Apply makes many changes, each by itself and at most one for a name, and answers in their order. Those that fall into
// one node go there together: about a mutation for each 96 names inserted.
func (c *Container) Apply(ctx context.Context, changes ...Change) []Changed {
	out := make([]Changed, len(changes))
	todo := c.prepare(changes, out)
	j := &job{c: c, mine: map[site]bool{}, waited: map[site]int{}}
	for round := 0; len(todo) > 0; round++ {
		if round == maxRounds {
			for _, t := range todo {
				t.fail(refusal.New(refusal.TooManyMutations))
			}
			break
		}
		walks := make([]*walk, len(todo))
		for i, t := range todo {
			walks[i] = t.walk
		}
		c.survey(ctx, walks)
		j.work(ctx, todo)
		todo = slices.DeleteFunc(todo, func(t *task) bool { return t.done })
	}
	return out
}

// task is a change under way.
type task struct {
	*walk
	change *Change
	out    *Changed
	stored []byte // what an insert or update stores
	done   bool
}

func (t *task) fail(err error) {
	t.out.Err, t.done = fail(t.change.Do.String(), t.change.Name, err), true
}

// refuse ends the task with a kind, and the version that the name has.
func (t *task) refuse(k Kind, v mutabledata.Version) {
	t.fail(&Error{Op: t.change.Do.String(), Name: t.change.Name, Kind: k, Version: v})
}

func (t *task) succeed(v mutabledata.Version) { t.out.Version, t.done = v, true }

func (c *Container) prepare(changes []Change, out []Changed) []*task {
	var todo []*task
	seen := make(map[string]bool, len(changes))
	for i := range changes {
		ch := &changes[i]
		t := &task{change: ch, out: &out[i], walk: &walk{shells: true, floor: ch.least}}
		if err := c.check(ch, seen); err != nil {
			t.fail(err)
			continue
		}
		seen[ch.Name] = true
		t.at = c.ref.place(ch.Name)
		if ch.Do != Delete {
			var err error
			if t.stored, err = c.box.seal(c.cfg.Random, t.at, ch.Name, ch.Content); err != nil {
				t.fail(err)
				continue
			}
		}
		todo = append(todo, t)
	}
	return todo
}

func (c *Container) check(ch *Change, seen map[string]bool) error {
	op := ch.Do.String()
	switch {
	case ch.Do < Insert || ch.Do > Delete:
		return invalid(op, ch.Name, "insert, update or delete")
	case seen[ch.Name]:
		return invalid(op, ch.Name, "twice in one call")
	case len(ch.Name)+len(ch.Content) > MaxContent && len(ch.Name) <= MaxName:
		return refuse(op, ch.Name, TooLarge)
	case ch.Do != Insert && ch.Version >= 1<<63:
		return invalid(op, ch.Name, "no such version")
	}
	return checkName(op, ch.Name)
}
