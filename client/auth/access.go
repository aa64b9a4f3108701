package auth

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/account"
)

// Bounds of one grant.
const (
	MaxContainers = 32
	MaxObjects    = 32
	MaxPath       = 512 // bytes of a container's path
)

// ContainerAccess is what an app may do in a container.
type ContainerAccess struct {
	Path   string // from the root container, e.g. "_documents" or "_documents/trip"
	Rights Rights
}

// ObjectAccess is what an app may do with a single object of the account's.
type ObjectAccess struct {
	Address vaultnet.Address
	Rights  Rights
	Label   string // for people
}

// Terms are how long and how often an app may use its access.
type Terms struct {
	Expires   vaultnet.Time // the last moment; 0: until revoked
	Uses      uint64        // operations in all; 0: any number
	Idle      time.Duration // ends when not used for so long; 0: never
	Offline   time.Duration // how long it can work while the account's managers are out of reach; 0: as the network has it
	Temporary bool          // goes with [Account.RevokeTemporary]
}

// Access is what an app asks for, and what it is given. The zero Access is to spend the account's operations, and nothing
// else.
type Access struct {
	Containers []ContainerAccess // by path, none twice, at most [MaxContainers]
	Objects    []ObjectAccess    // by address, none twice, at most [MaxObjects]
	Own        bool              // a container of its own, "apps/" and the app's id, with all rights
	Terms      Terms
}

// Sort puts the lists into their order.
func (a *Access) Sort() {
	slices.SortFunc(a.Containers, func(a, b ContainerAccess) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(a.Objects, func(a, b ObjectAccess) int { return a.Address.Compare(b.Address) })
}

// Equal reports whether two are the same; a difference in order counts.
func (a *Access) Equal(b *Access) bool {
	return a.Own == b.Own && a.Terms == b.Terms && slices.Equal(a.Containers, b.Containers) && slices.Equal(a.Objects, b.Objects)
}

// equalRights is Equal but for the terms and for labels.
func (a *Access) equalRights(b *Access) bool {
	same := func(x, y ObjectAccess) bool { return x.Address == y.Address && x.Rights == y.Rights }
	return a.Own == b.Own && slices.Equal(a.Containers, b.Containers) && slices.EqualFunc(a.Objects, b.Objects, same)
}

func (a *Access) check(op string) error {
	if len(a.Containers) > MaxContainers || len(a.Objects) > MaxObjects {
		return refuse(op, "", TooLarge)
	}
	for i, c := range a.Containers {
		switch {
		case c.Path == RootPath && c.Rights != Read:
			return invalid(op, c.Path, "the root container can only be read: its names are the authenticator's")
		case checkPath(c.Path) != nil:
			return checkPath(c.Path)
		case !c.Rights.valid():
			return invalid(op, c.Path, "no such rights")
		case i > 0 && a.Containers[i-1].Path >= c.Path:
			return invalid(op, c.Path, "containers twice or out of order")
		}
	}
	for i, o := range a.Objects {
		switch {
		case o.Address.Kind != vaultnet.KindMutableData:
			return invalid(op, o.Address.String(), "only mutable data can be shared")
		case !o.Rights.valid() || checkLabel(op, o.Label) != nil || len(o.Label) > MaxName:
			return invalid(op, o.Address.String(), "rights or label")
		case i > 0 && a.Objects[i-1].Address.Compare(o.Address) >= 0:
			return invalid(op, o.Address.String(), "objects twice or out of order")
		}
	}
	t := a.Terms.account("")
	if err := t.Validate(); err != nil || a.Terms.Expires < 0 {
		return &Error{Op: op, Subject: "terms", Kind: Invalid, Cause: err}
	}
	return nil
}

// RootPath is the root container's own path. An app that may read it can open everything that hangs in it.
const RootPath = "."

// checkPath refuses what is no path of a container.
func checkPath(path string) error {
	const op = "container"
	if path == RootPath {
		return nil
	}
	if path == "" || len(path) > MaxPath || !utf8.ValidString(path) {
		return invalid(op, "", "a container's path is text of 1 to 512 bytes")
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return invalid(op, path, "a path has no empty parts, no . and no ..")
		}
	}
	return nil
}

// ownFolder is the name, in the root, of the directory with the apps' own containers.
const ownFolder = "apps"

// all are the containers, the own one among them.
func (a *Access) all(app App) []ContainerAccess {
	list := slices.Clone(a.Containers)
	if a.Own {
		path := ownFolder + "/" + app.ID
		list = slices.DeleteFunc(list, func(c ContainerAccess) bool { return c.Path == path })
		list = append(list, ContainerAccess{path, allRights})
	}
	slices.SortFunc(list, func(a, b ContainerAccess) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

// account is what the account's grant says.
func (t *Terms) account(label string) account.Terms {
	return account.Terms{Label: label, Expires: t.Expires, Uses: t.Uses, Idle: t.Idle, Temporary: t.Temporary, PermitLifetime: t.Offline}
}

// Difference is what a change of access adds and takes away.
type Difference struct {
	More, Less []ContainerAccess // rights in each
	MoreOf     []ObjectAccess
	LessOf     []ObjectAccess
	Terms      bool // they change
}

// None reports whether nothing changes.
func (d *Difference) None() bool {
	return len(d.More)+len(d.Less)+len(d.MoreOf)+len(d.LessOf) == 0 && !d.Terms
}

// Grows reports whether something is added: what a person has to be asked about.
func (d *Difference) Grows() bool { return len(d.More)+len(d.MoreOf) > 0 || d.Terms }

// Compare tells what changes when an app that has one access is given another.
func Compare(app App, has, gets Access) Difference {
	d := Difference{Terms: has.Terms != gets.Terms}
	paths := map[string][2]Rights{}
	for i, a := range []*Access{&has, &gets} {
		for _, c := range a.all(app) {
			p := paths[c.Path]
			p[i] |= c.Rights
			paths[c.Path] = p
		}
	}
	for path, p := range paths {
		if r := p[1] &^ p[0]; r != 0 {
			d.More = append(d.More, ContainerAccess{path, r})
		}
		if r := p[0] &^ p[1]; r != 0 {
			d.Less = append(d.Less, ContainerAccess{path, r})
		}
	}
	objects := map[vaultnet.Address][2]ObjectAccess{}
	for i, a := range []*Access{&has, &gets} {
		for _, o := range a.Objects {
			p := objects[o.Address]
			p[i] = o
			objects[o.Address] = p
		}
	}
	for at, p := range objects {
		if r := p[1].Rights &^ p[0].Rights; r != 0 {
			d.MoreOf = append(d.MoreOf, ObjectAccess{at, r, p[1].Label})
		}
		if r := p[0].Rights &^ p[1].Rights; r != 0 {
			d.LessOf = append(d.LessOf, ObjectAccess{at, r, p[0].Label})
		}
	}
	more, less := Access{Containers: d.More, Objects: d.MoreOf}, Access{Containers: d.Less, Objects: d.LessOf}
	more.Sort()
	less.Sort()
	return d
}
