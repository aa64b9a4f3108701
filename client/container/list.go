package container

import (
	"context"
	"errors"
	"iter"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// List goes through all names, in no order that means anything. A name that is there throughout comes exactly once; one
// that comes or goes meanwhile may come or not. What does not open is left out. An error ends
// the list.
func (c *Container) List(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for n, err := range c.nodes(ctx) {
			if err != nil {
				yield(Entry{}, fail("list", c.ref.String(), err))
				return
			}
			if n.above == nil && n.closedFor(away) {
				yield(Entry{}, refuse("list", c.ref.String(), Moved))
				return
			}
			for k, v := range n.object.Entries() {
				if e, ok := c.entry(n, k, v); ok && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// node is a node as a whole, at one height.
type node struct {
	site   site
	object *mutabledata.Object
	height vaultnet.Height
	above  *node // nil: the root
}

// entry opens an entry of a node; false for marks, for what does not open, and for names that were met in a node above, from
// where they went while the list was read.
func (c *Container) entry(n *node, k mutabledata.Key, v mutabledata.Value) (Entry, bool) {
	if isMark(k) {
		return Entry{}, false
	}
	p := place([]byte(k))
	opened, ok := c.box.open(&c.ref, p, v.Content)
	if !ok || !p.in(n.site.at) {
		return Entry{}, false
	}
	for a := n.above; a != nil; a = a.above {
		if _, ok := a.object.Entry(k); ok {
			return Entry{}, false
		}
	}
	return Entry{Name: opened.Name, Content: opened.Content, Version: v.Version}, true
}

// closedFor reports whether the node's moved mark says that.
func (n *node) closedFor(why []byte) bool {
	v, ok := n.object.Entry(movedMark)
	return ok && closedFor(&v, why)
}

func (n *node) sealed() bool {
	_, ok := n.object.Entry(sealMark)
	return ok
}

// nodes goes through all nodes, each after the one above it: a batch of siblings is read at once.
func (c *Container) nodes(ctx context.Context) iter.Seq2[*node, error] {
	return c.nodesBut(ctx, gaps{})
}

// gaps are told of what is not as seals say.
type gaps struct {
	foreign func(site) // a node of another owner; nil: that is an error
	missing func(site) // no node; nil: as if there were an empty one
}

// nodesBut leaves out nodes of other owners, and what is below them.
func (c *Container) nodesBut(ctx context.Context, gaps gaps) iter.Seq2[*node, error] {
	return func(yield func(*node, error) bool) {
		root, err := c.siblings(ctx, nil, []site{{}}, gaps)
		if err == nil && len(root) == 0 {
			err = refusal.New(refusal.NoSuchData)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		c.below(ctx, root, gaps, yield)
	}
}

func (c *Container) below(ctx context.Context, nodes []*node, gaps gaps, yield func(*node, error) bool) bool {
	for _, n := range nodes {
		if !yield(n, nil) {
			return false
		}
		seal, sealed := n.object.Entry(sealMark)
		if !sealed || n.site.level() >= maxLevel {
			continue
		}
		var ways []site
		for i := range fanOut {
			ways = append(ways, n.site.below(i, string(seal.Content)))
		}
		children, err := c.siblings(ctx, n, ways, gaps)
		if err != nil {
			yield(nil, err)
			return false
		}
		if !c.below(ctx, children, gaps, yield) {
			return false
		}
	}
	return true
}

// siblings reads those of some nodes that there are.
func (c *Container) siblings(ctx context.Context, above *node, ways []site, gaps gaps) ([]*node, error) {
	var steps []Step
	for _, p := range ways {
		steps = append(steps, c.read(p, mutabledata.GetObject{}))
	}
	var all []*node
	for i, a := range c.do(ctx, steps...) {
		o, err := answer[*mutabledata.Object](a)
		if errors.Is(err, refusal.NoSuchData) {
			if above != nil && gaps.missing != nil {
				gaps.missing(ways[i])
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		n := &node{site: ways[i], object: o, height: a.Height, above: above}
		root := n
		for root.above != nil {
			root = root.above
		}
		if o.Owner() != root.object.Owner() {
			if gaps.foreign != nil {
				gaps.foreign(n.site)
				continue
			}
			return nil, refuse("list", c.ref.String(), Foreign)
		}
		seal, sealed := o.Entry(sealMark)
		c.learn(n.site, knowledge{sealed: sealed, salt: string(seal.Content)})
		all = append(all, n)
	}
	return all, nil
}
