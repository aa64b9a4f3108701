package sim

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/internal/canonical"
	"vaultnet/mutabledata"
)

// shelf is a directory of the play's, and what is known of it.
type shelf struct {
	name   string
	lives  map[container.ID]int // the version of the record that first led to a container: it grows with each re-keying
	public bool
	banned []int64 // since when, in µs, each app is certainly without permission here; math.MaxInt64: it is not
}

func (p *play) newShelf(name string, public bool) *shelf {
	s := &shelf{name: name, lives: map[container.ID]int{}, public: public}
	for range p.apps {
		s.banned = append(s.banned, math.MaxInt64)
	}
	return s
}

// open finds a shelf's container by its path.
func (p *play) open(n *reach, by auth.Actor, s *shelf) (*container.Container, error) {
	info, err := container.NewFileSystem(n.config(by), p.top).Stat(context.Background(), s.name)
	if err != nil {
		return nil, err
	}
	ref, ok := info.Target()
	if !ok {
		return nil, &container.Error{Op: "open", Name: s.name, Kind: container.NotDirectory}
	}
	if _, ok := s.lives[ref.ID]; !ok {
		s.lives[ref.ID] = int(info.Version())
	}
	return container.Open(n.config(by), ref), nil
}

// visitor is somebody who works on a shelf.
type visitor struct {
	*reach
	p    *play
	s    *shelf
	by   auth.Actor
	app  int // −1: the owner's key
	c    *container.Container
	life int
	has  map[string]mutabledata.Version // as far as it knows
}

func (p *play) visitor(n *reach, s *shelf, k int) *visitor {
	v := &visitor{reach: n, p: p, s: s, by: p.own(), app: -1, has: map[string]mutabledata.Version{}}
	if k%2 == 1 {
		v.app = k / 2 % len(p.apps)
		v.by = p.app(v.app)
	}
	return v
}

// enter opens the container, unless the visitor has it open and trusts that.
func (v *visitor) enter() bool {
	for v.c == nil || v.u.random.IntN(6) == 0 {
		c, err := v.p.open(v.reach, v.by, v.s)
		if err == nil {
			v.c, v.life = c, v.s.lives[c.Ref().ID]
			return true
		}
		if v.p.over {
			return false
		}
		v.u.sleep(500 * time.Millisecond)
	}
	return true
}

// apply makes changes and notes what it is told.
func (v *visitor) apply(changes ...container.Change) []container.Changed {
	var notes []*word
	for _, ch := range changes {
		notes = append(notes, v.p.books.begin(v.u, ch.Name, ch.Do, ch.Version, string(ch.Content), v.life))
	}
	done := v.c.Apply(context.Background(), changes...)
	for i, r := range done {
		notes[i].finish(v.u, r.Version, r.Err)
		if r.Err == nil && v.app >= 0 && notes[i].begin > v.s.banned[v.app] {
			v.p.w.check.fail(Confined, nil, "%s changed %q with the key of an app whose permissions were taken away %v before", v.u.name,
				changes[i].Name, time.Duration(notes[i].begin-v.s.banned[v.app])*time.Microsecond)
		}
		var e *container.Error
		switch {
		case r.Err == nil && changes[i].Do == container.Delete:
			delete(v.has, changes[i].Name)
		case r.Err == nil:
			v.has[changes[i].Name] = r.Version
		case errors.Is(r.Err, container.NotExist):
			delete(v.has, changes[i].Name)
		case errors.Is(r.Err, container.Exist), errors.Is(r.Err, container.Conflict):
			errors.As(r.Err, &e)
			v.has[changes[i].Name] = e.Version
		case errors.Is(r.Err, container.Moved):
			v.c = nil
		}
	}
	return done
}

// look looks names up.
func (v *visitor) look(names ...string) {
	var notes []*word
	for _, name := range names {
		notes = append(notes, v.p.books.begin(v.u, name, 0, 0, "", v.life))
	}
	for i, f := range v.c.GetAll(context.Background(), names...) {
		notes[i].saw(v.u, f.Entry, f.Err)
		if f.Err == nil {
			v.has[f.Name] = f.Version
		}
		if errors.Is(f.Err, container.Moved) {
			v.c = nil
		}
	}
}

// list lists all, and looks whether a name comes twice. Names that are known to be used and do not come were absent at
// some moment, for none ever moves.
func (v *visitor) list(known []string) bool {
	var notes []*word
	for _, name := range known {
		notes = append(notes, v.p.books.begin(v.u, name, 0, 0, "", v.life))
	}
	all := map[string]container.Entry{}
	for e, err := range v.c.List(context.Background()) {
		if err != nil {
			if errors.Is(err, container.Moved) {
				v.c = nil
			}
			for _, x := range notes {
				x.told = nothing
			}
			return false
		}
		if old, twice := all[e.Name]; twice {
			v.p.w.check.fail(OnePlace, nil, "%s lists %q twice, with versions %d and %d", v.u.name, e.Name, old.Version, e.Version)
		}
		all[e.Name] = e
	}
	for i, name := range known {
		e, ok := all[name]
		var err error
		if !ok {
			err = &container.Error{Kind: container.NotExist}
		}
		notes[i].saw(v.u, e, err)
	}
	return true
}

// writers has eight users insert, update and delete in one container, each now and then crashing, while its owner grants,
// revokes and re-keys, and something that knows nothing of seals fills it to the last place.
func (p *play) writers() {
	s := p.newShelf("d", p.random.IntN(3) == 0)
	if s.public {
		p.top.Key = container.Key{}
	}
	var names []string
	for i := range 110 + p.random.IntN(60) {
		names = append(names, fmt.Sprint("name ", i))
	}
	rounds := max(2, p.w.options.Ops/60)
	steps := p.plan()
	p.live(func(n *reach) {
		if !p.made && !p.found(n, s.name) {
			return
		}
		for len(*steps) > 0 && !p.over {
			n.u.sleep(time.Duration(n.u.random.IntN(4000)) * time.Millisecond)
			if !(*steps)[0](n, s) {
				return
			}
			*steps = (*steps)[1:]
		}
	})
	for k := range 8 {
		left := rounds
		p.live(func(n *reach) {
			if !p.wait(n) {
				return
			}
			v := p.visitor(n, s, k)
			for ; left > 0 && !p.over; left-- {
				if !v.enter() {
					return
				}
				v.round(names)
				n.u.sleep(time.Duration(n.u.random.IntN(1500)) * time.Millisecond)
			}
		})
	}
	p.live(func(n *reach) { p.overfill(n, s, names) })
	p.audits = append(p.audits, func(u *user) { p.auditShelf(&reach{u: u}, s, names) })
}

// round is one call of a visitor's.
func (v *visitor) round(names []string) {
	r := v.u.random
	some := func(n int) []string {
		var list []string
		for _, i := range r.Perm(len(names))[:n] {
			list = append(list, names[i])
		}
		return list
	}
	switch r.IntN(8) {
	case 0:
		v.look(some(1 + r.IntN(20))...)
		return
	case 1:
		v.list(names)
		return
	}
	var changes []container.Change
	for _, name := range some(1 + r.IntN(40)) {
		ch := container.Change{Name: name, Do: container.Insert, Content: fmt.Appendf(nil, "%s at %d of %s", v.u.name, v.u.w.now, name)}
		if version, there := v.has[name]; there {
			ch.Do, ch.Version = container.Update, version
			if r.IntN(3) == 0 {
				ch.Do, ch.Content = container.Delete, nil
			}
		}
		changes = append(changes, ch)
	}
	v.apply(changes...)
}

// plan is what the owner does with a shelf, in this order; a step that a crash interrupts is done again.
func (p *play) plan() *[]func(*reach, *shelf) bool {
	ctx := context.Background()
	files := func(n *reach) *container.FileSystem { return container.NewFileSystem(n.config(p.own()), p.top) }
	forbid := func(n *reach, s *shelf) bool {
		user := mutabledata.UserOf(p.apps[1].Public())
		ok := p.until(n, func() error { return files(n).Forbid(ctx, s.name, user, true) })
		n.u.sleep(p.w.params.PermitLifetime + 2*p.w.params.Skew) // until the last permit that was out has expired
		ok = ok && p.until(n, func() error {
			c, err := p.open(n, p.own(), s)
			if err == nil {
				_, err = c.Sweep(ctx)
			}
			return err
		})
		if ok {
			s.banned[1] = p.w.now
		}
		return ok
	}
	permit := func(n *reach, s *shelf) bool {
		s.banned[1] = math.MaxInt64
		return p.until(n, func() error {
			return files(n).Permit(ctx, s.name, mutabledata.UserOf(p.apps[1].Public()), mayWrite, true)
		})
	}
	rekey := func(n *reach, s *shelf) bool {
		return s.public && p.random.IntN(2) == 0 || p.until(n, func() error { return files(n).Rekey(ctx, s.name) })
	}
	check := func(n *reach, s *shelf) bool {
		return p.until(n, func() error {
			_, err := files(n).Check(ctx, s.name, false, true)
			return err
		})
	}
	all := []func(*reach, *shelf) bool{forbid, permit, rekey, check, rekey, forbid}
	var steps []func(*reach, *shelf) bool
	for range 1 + p.random.IntN(3) {
		steps = append(steps, all[p.random.IntN(len(all))])
	}
	return &steps
}

// stored is what is kept under a name of a public container.
type stored struct {
	Name    string
	Content []byte
}

// overfill puts entries into the first node, up to its last place, as a program would that knows of marks and not of the
// room that has to be left for them.
func (p *play) overfill(n *reach, s *shelf, names []string) {
	if !p.wait(n) {
		return
	}
	for tries := 0; tries < 4 && !p.over; tries++ {
		n.u.sleep(time.Duration(n.u.random.IntN(1+500*tries)) * time.Millisecond)
		c, err := p.open(n, p.own(), s)
		if err != nil {
			continue
		}
		data, at := n.Data(p.own()), c.Ref().Address()
		o, ok := data.Do(context.Background(), []container.Step{container.Read{Address: at, Query: mutabledata.GetObject{}}})[0].Value.(*mutabledata.Object)
		if !ok {
			continue
		}
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "full", Do: mutabledata.ExpectAbsent}, {Key: "seal", Do: mutabledata.ExpectAbsent}, {Key: "moved", Do: mutabledata.ExpectAbsent}}}
		var notes []*word
		var keysOf []mutabledata.Key // of the notes
		for i := o.Len(); i < 100; i++ {
			name := fmt.Sprint("overfilled ", tries, " ", i)
			if s.public && len(names) > 0 {
				name = names[n.u.random.IntN(len(names))]
			}
			k := sha256.Sum256([]byte(name))
			if _, there := o.Entry(mutabledata.Key(k[:])); there || slices.ContainsFunc(m.Actions, func(a mutabledata.EntryAction) bool { return a.Key == mutabledata.Key(k[:]) }) {
				continue
			}
			content := []byte("overfilled")
			a := mutabledata.EntryAction{Key: mutabledata.Key(k[:]), Do: mutabledata.InsertEntry, Content: content}
			if s.public {
				a.Content = canonical.Marshal(&stored{Name: name, Content: content})
				notes = append(notes, p.books.begin(n.u, name, container.Insert, 0, string(content), s.lives[c.Ref().ID]))
				keysOf = append(keysOf, a.Key)
			}
			m.Actions = append(m.Actions, a)
		}
		mutabledata.Sort(m)
		a := data.Do(context.Background(), []container.Step{container.Mutate{Address: at, Mutation: m}})[0]
		r, _ := a.Value.(mutabledata.Result)
		versions := map[mutabledata.Key]mutabledata.Version{}
		for _, act := range m.Actions {
			if act.Do == mutabledata.InsertEntry && len(r.Versions) > 0 {
				versions[act.Key], r.Versions = r.Versions[0], r.Versions[1:]
			}
		}
		for _, x := range notes {
			x.end = n.u.w.now
		}
		if a.Err != nil && !passing(a.Err) {
			for _, x := range notes {
				x.told = nothing
			}
			continue
		}
		if a.Err == nil {
			p.w.report.Kinds["overfilled"]++
			for i, x := range notes {
				x.told, x.version = isDone, versions[keysOf[i]]
			}
			return
		}
	}
}

// auditShelf demands that nothing is left that a check would repair, and looks at everything once more.
func (p *play) auditShelf(n *reach, s *shelf, names []string) {
	ctx := context.Background()
	v := p.visitor(n, s, 0)
	var err error
	for range 20 {
		var c *container.Container
		if c, err = p.open(n, p.own(), s); err == nil {
			v.c, v.life = c, s.lives[c.Ref().ID]
			if _, err = c.Check(ctx, true); err == nil {
				break
			}
		}
		n.u.sleep(3 * time.Second)
	}
	if err != nil {
		p.unaudited(n, s.name, err)
		return
	}
	r, err := v.c.Check(ctx, true)
	if err != nil {
		p.unaudited(n, s.name, err)
		return
	}
	for _, f := range r.Findings {
		if f.Repaired || f.Name != "" {
			p.w.check.fail(OnePlace, nil, "after a repair %s still has: %s %q", s.name, f.What, f.Name)
		}
	}
	if !v.list(names) {
		p.unaudited(n, s.name, errors.New("it cannot be listed"))
		return
	}
	v.look(names...)
	p.w.report.Kinds["audited"]++
}

// unaudited is called where what is there cannot be compared with what users were told: in liveness mode that is a promise
// broken.
func (p *play) unaudited(n *reach, what string, err error) {
	p.w.trace.line(n.u.name, "cannot audit %s: %v", what, err)
	p.w.report.Kinds["not audited"]++
	if p.w.options.Mode == Liveness && p.made {
		p.w.check.fail(Answered, nil, "%s of a healed network cannot be looked through: %v", what, err)
	}
}

// contest has twenty users make the same names at the same time: each name comes once, and who lost is told so.
func (p *play) contest() {
	s := p.newShelf("d", false)
	var names []string
	for i := range 105 {
		names = append(names, fmt.Sprint("name ", i))
	}
	p.live(func(n *reach) { p.found(n, s.name) })
	for k := range 20 {
		left := 5
		p.live(func(n *reach) {
			if !p.wait(n) {
				return
			}
			v := p.visitor(n, s, k)
			for ; left > 0 && !p.over; left-- {
				if !v.enter() {
					return
				}
				var changes []container.Change
				for i := range len(names) / 5 {
					name := names[(left-1)*len(names)/5+i]
					changes = append(changes, container.Change{Name: name, Do: container.Insert, Content: []byte(v.u.name + " makes " + name)})
				}
				v.apply(changes...)
			}
		})
	}
	p.audits = append(p.audits, func(u *user) { p.auditShelf(&reach{u: u}, s, names) })
}
