package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// closedLoop is five clients that send their next request a millisecond after a block with their last one.
func (c *cluster) closedLoop(blocks int) (sizes []int) {
	c.delay = func(parcel) vaultnet.Time { return 1 }
	for i := range 5 {
		c.all(c.request(fmt.Sprintf("%d=x", i), 1))
		if i == 1 {
			c.run(1) // these come too late for the first block
		}
	}
	m := c.members[0]
	for len(sizes) < blocks {
		n := len(m.decided)
		for i := 0; len(m.decided) == n; i++ {
			if c.run(1); i > 1_000 {
				c.t.Fatal("nothing is decided any more")
			}
		}
		d := m.decided[len(m.decided)-1]
		sizes = append(sizes, len(d.Bodies))
		c.run(1)
		for range d.Bodies {
			c.all(c.request(fmt.Sprintf("%d=x", c.nonce%50), 1))
		}
	}
	return sizes
}

// Clients that wait for their answers come to share blocks.
func TestLinger(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	sizes := c.closedLoop(20)
	for i, n := range sizes {
		if i >= 4 && n != vaultnet.MaxInFlight {
			t.Errorf("blocks of %v requests, want %d soon", sizes, vaultnet.MaxInFlight)
			break
		}
	}
}

// Who is alone is not made to wait; after a block of several, once.
func TestLingerAlone(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	took := func(requests int) vaultnet.Time {
		var rs []*Request
		for i := range requests {
			rs = append(rs, c.request(fmt.Sprintf("%d=x", i), 1))
		}
		begun, h := c.now, c.members[0].object.Height()
		c.all(rs...)
		for c.members[0].object.Height() == h {
			c.run(1)
		}
		return c.now - begun
	}
	for range 10 {
		if ms := took(1); ms > 1 {
			t.Errorf("one after another waited %d ms", ms)
		}
	}
	took(5)
	if ms, least := took(1), vaultnet.Time(lingerLeast.Milliseconds()); ms < least-1 || ms > least+1 {
		t.Errorf("one after five waited %d ms, want %d", ms, least)
	}
	for range 10 {
		if ms := took(1); ms > 1 {
			t.Errorf("one after one waited %d ms", ms)
		}
	}
	c.silent()
}

// Where company fails to come it is waited for less and less often.
func TestLingerGivesUp(t *testing.T) {
	o := &turn{Object: &Object{cfg: &Config{}, attempt: newAttempt()}}
	d := &Decided{Bodies: make([]*Request, 5)}
	waits := 0
	for range 1_000 {
		o.now += 100
		if o.expect(d); o.lingering(1) {
			waits++
			o.now += 100
			if o.lingering(1) {
				t.Fatal("waits for longer than it may")
			}
		}
	}
	if waits < 10 || waits > 50 {
		t.Errorf("waited %d times of 1,000", waits)
	}
	o.lingers.skip = 0
	for range 100 {
		o.now += 100
		if o.expect(d); o.lingering(5) {
			t.Fatal("waits though all are there")
		}
	}
	if o.lingers.last != 0 {
		t.Errorf("skips %d though all came", o.lingers.last)
	}
}
