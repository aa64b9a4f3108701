package agreement

import (
	"fmt"
	"testing"
)

// Restart at every persist/send boundary there is in the life of two blocks: before a turn is durable and after, at each
// member, at each of its turns. Nobody votes twice, and the blocks are decided.
func TestAttack05RestartAtEveryBoundary(t *testing.T) {
	for _, where := range []crash{unsaved, unsent} {
		for k := 0; ; k++ {
			c := newCluster(t, 4)
			w := c.watched(t, fmt.Sprintf("crash %d at turn %d", where, k))
			n, hit := 0, (*member)(nil)
			c.crash = func(m *member) crash {
				if n++; n == k+1 {
					hit = m
					return where
				}
				return alive
			}
			c.all(c.request("0=a", 1))
			c.run(600)
			c.up()[0].object.Height()
			c.all(c.request("1=b", 1))
			c.run(400)
			c.crash = nil
			if hit == nil {
				if k < 40 {
					t.Fatalf("only %d turns", k)
				}
				break
			}
			c.restart(hit)
			c.all(c.request("2=c", 1))
			c.run(30_000)
			if h := c.members[0].object.Height(); h < 2 {
				t.Fatalf("%s: height %d", w.where, h)
			}
			c.height(c.members[0].object.Height())
			c.silent()
		}
	}
}

// The same where two members die at once, and one of four is a liar that is silent: what they had promised holds.
func TestAttack05EverybodyRestartsAtOnce(t *testing.T) {
	for k := range 60 {
		c := newCluster(t, 8)
		c.watched(t, fmt.Sprintf("turn %d", k))
		c.create()
		n := 0
		c.crash = func(m *member) crash {
			n++
			if n > 5*k && n%2 == k%2 {
				return unsent
			}
			return alive
		}
		c.all(c.request("1=a", 1))
		c.run(300)
		c.crash, c.wire = nil, nil
		for _, m := range c.members {
			c.restart(m)
		}
		c.run(70_000)
		c.all(c.request("2=a", 1))
		c.run(10_000)
		h := c.members[0].object.Height()
		if h < 2 {
			t.Fatalf("turn %d: height %d", k, h)
		}
		c.height(h)
		c.silent()
	}
}
