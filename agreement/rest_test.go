package agreement

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRest gives up the last block's bodies and keeps what proves the state: a member that missed the block, and asks
// when the others rest, takes the state from them; a restart finds what it left.
func TestRest(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	c.run(1_000)
	late := c.members[7]
	c.drop = func(p parcel) bool { return p.from == late.key || p.to == late.key }
	c.all(c.request("1=a", 1))
	c.run(1_000)
	for _, m := range c.members[:7] {
		before := *m.object.Decided()
		m.object.Rest()
		after := m.object.Decided()
		switch {
		case m.object.Height() != 2 || !m.object.Idle():
			t.Fatalf("height %d, idle %v", m.object.Height(), m.object.Idle())
		case len(before.Bodies) != 1 || len(after.Bodies) != 0:
			t.Errorf("%d bodies, %d at rest", len(before.Bodies), len(after.Bodies))
		case !cmp.Equal(before.Certificate, after.Certificate):
			t.Errorf("another certificate:\n%s", cmp.Diff(before.Certificate, after.Certificate))
		}
	}
	c.drop = nil
	if late.object.Height() != 1 {
		t.Fatalf("height %d of the member that is cut off", late.object.Height())
	}
	c.step(late, Input{From: c.members[0].key, Bundle: &Bundle{Address: c.address, Height: 2}})
	c.run(10_000)
	if h := late.object.Height(); h != 2 || late.object.HeaderDigest() != c.members[0].object.HeaderDigest() {
		t.Errorf("height %d after asking those at rest", h)
	}
	c.restart(c.members[0])
	c.all(c.request("2=b", 1))
	c.run(1_000)
	c.height(3)
}
