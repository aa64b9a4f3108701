package agreement

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// vault is the key of the i-th vault there is, member or not.
func vault(i int) vaultnet.PublicKey { return sha256.Sum256([]byte{byte(i), byte(i >> 8)}) }

// member is an Object with its store, between turns.
type member struct {
	key     vaultnet.PublicKey
	object  *Object
	host    *opinion
	store   map[string][]byte
	replies []Reply
	alarm   vaultnet.Time
	slow    vaultnet.Time // how far its clock is behind
	cast    []Ballot      // votes of the turn being taken
	votes   []Ballot      // every vote it ever cast, once durable
	locks   []vaultnet.Digest
	made    []*Decided // blocks of the turn being taken
	decided []*Decided // once durable
	events  []string   // what the observer was told, until a test asks
	down    bool
	name    func(vaultnet.Digest) string // of blocks, for events
}

// parcel is a bundle under way.
type parcel struct {
	from, to vaultnet.PublicKey
	bundle   *Bundle
	at       vaultnet.Time // when it arrives
}

// cluster is members that exchange bundles when the test says so.
type cluster struct {
	t       testing.TB
	cfg     Config
	address vaultnet.Address
	members []*member // in XOR rank order, then outsiders
	set     *Set
	now     vaultnet.Time
	wire    []parcel
	drop    func(p parcel) bool // true: lost
	delay   func(p parcel) vaultnet.Time
	check   func(m *member) // after each sealed turn
	crash   func(m *member) crash
	sent    int // bundles put on the wire
	nonce   int
	opened  map[string]*Request // what Config.Open finds
}

func newCluster(t testing.TB, n int) *cluster {
	p := vaultnet.LocalParameters()
	p.GroupSize = max(8, n)
	c := &cluster{t: t, address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}}, now: 1_000_000, opened: map[string]*Request{}}
	c.cfg = Config{Network: p.ID(), Parameters: p, Open: func(b, a []byte) (*Request, error) {
		if r := c.opened[string(b)]; r != nil {
			return r, nil
		}
		return nil, refusal.Invalid("bytes that are no request")
	}}
	var keys []vaultnet.PublicKey
	for i := range n {
		keys = append(keys, vault(i))
	}
	c.set = NewSet(1, c.address, keys)
	for _, k := range c.set.Members {
		c.join(k)
	}
	return c
}

func (c *cluster) join(k vaultnet.PublicKey) *member {
	m := &member{key: k, host: &opinion{}, store: map[string][]byte{}, alarm: vaultnet.Never, name: vaultnet.Digest.String}
	m.object = New(c.config(m), c.address)
	c.members = append(c.members, m)
	return m
}

func (c *cluster) config(m *member) *Config {
	cfg := c.cfg
	cfg.Self = m.key
	say := func(format string, a ...any) { m.events = append(m.events, fmt.Sprintf(format, a...)) }
	cfg.Observer = Observer{
		Vote: func(o *Object, v *Ballot) {
			m.cast = append(m.cast, *v)
			say("%v %d %s", v.Type, v.Round, m.block(v.Block))
		},
		Lock: func(o *Object, r uint32, b vaultnet.Digest) {
			m.locks = append(m.locks, b)
			say("lock %d %s", r, m.block(b))
		},
		Round: func(o *Object, r uint32) { say("round %d", r) },
		Decided: func(o *Object, d *Decided, before, after *State) {
			m.made = append(m.made, d)
			say("decide %d %s", d.Header.Height, m.block(d.Header.Digest(cfg.Network, c.address)))
		},
		Sleep: func(o *Object) { say("sleep") },
	}
	return &cfg
}

// block is what events call a block.
func (m *member) block(d vaultnet.Digest) string {
	if d.IsZero() {
		return "nil"
	}
	return m.name(d)
}

// proof is a proof of set signed by q members.
func (c *cluster) proof() *SetProof {
	p := &SetProof{Members: c.set.Members}
	for _, m := range c.set.Members[:c.set.Quorum()] {
		p.Views = append(p.Views, View{Time: c.now, By: &merkle.Attestation{Signer: m}})
	}
	return p
}

// request is a signed request with 10 s to live; body is "key=value".
func (c *cluster) request(body string, set uint64) *Request { return c.lasting(10_000, body, set) }

// lasting is a request with so many milliseconds to live.
func (c *cluster) lasting(ms vaultnet.Time, body string, set uint64) *Request {
	c.nonce++
	r := &Request{Request: vaultnet.Request{Address: c.address, Requester: vaultnet.PublicKey{42}, Deadline: c.now + ms, Set: set, Body: []byte(body)}}
	binary.BigEndian.PutUint64(r.Nonce[:], uint64(c.nonce))
	r.ID = r.Identity(c.cfg.Network)
	r.Bytes = slices.Concat(r.ID[:], r.Body)
	r.Ref = Ref{Request: sha256.Sum256(r.Bytes)}
	if set == 1 {
		r.Proof = c.proof()
	}
	c.opened[string(r.Bytes)] = r
	return r
}

// crash says where in its turn a member dies.
type crash int

const (
	alive   crash = iota
	unsaved       // before the turn is durable
	unsent        // when it is durable, before anything is sent
)

// step steps one member and puts what it sends on the wire.
func (c *cluster) step(m *member, in ...Input) Output {
	if m.down {
		return Output{Alarm: vaultnet.Never}
	}
	dies := alive
	if c.crash != nil {
		dies = c.crash(m)
	}
	out := m.object.Step(c.now-m.slow, m.host, in...)
	if dies == unsaved {
		m.down, m.cast, m.made = true, nil, nil
		return out
	}
	c.seal(m, out)
	if c.check != nil {
		c.check(m)
	}
	if dies == unsent {
		m.down = true
		return out
	}
	c.dispatch(m, out)
	return out
}

// seal makes the turn durable.
func (c *cluster) seal(m *member, out Output) {
	m.alarm = out.Alarm
	if m.alarm != vaultnet.Never {
		m.alarm += m.slow
	}
	m.votes, m.cast = append(m.votes, m.cast...), nil
	m.decided, m.made = append(m.decided, m.made...), nil
	if out.Record {
		for _, w := range m.object.Record() {
			if w.Value == nil {
				delete(m.store, string(w.Key))
			} else {
				m.store[string(w.Key)] = w.Value
			}
		}
	}
}

// dispatch sends what a sealed turn says.
func (c *cluster) dispatch(m *member, out Output) {
	m.replies = append(m.replies, out.Replies...)
	for _, s := range out.Send {
		if !s.To.IsNobody() {
			c.post(m, s.To, s.Bundle)
			continue
		}
		for i, to := range s.Set.Members {
			if to != m.key && s.Spared>>i&1 == 0 {
				c.post(m, to, s.Bundle)
			}
		}
	}
}

func (c *cluster) post(m *member, to vaultnet.PublicKey, b *Bundle) {
	c.sent++
	p := parcel{m.key, to, b, c.now}
	if c.delay != nil {
		p.at += c.delay(p)
	}
	c.wire = append(c.wire, p)
}

// arrival is when the next parcel arrives, and which.
func (c *cluster) arrival() (vaultnet.Time, int) {
	at, next := vaultnet.Never, -1
	for i := range c.wire {
		if c.wire[i].at < at {
			at, next = c.wire[i].at, i
			if at <= c.now {
				break
			}
		}
	}
	return at, next
}

// stores is a member's store, in key order.
func (c *cluster) stores(m *member) []vaultnet.Write {
	var rs []vaultnet.Write
	for k, v := range m.store {
		rs = append(rs, vaultnet.Write{Key: []byte(k), Value: v})
	}
	slices.SortFunc(rs, func(a, b vaultnet.Write) int { return slices.Compare(a.Key, b.Key) })
	return rs
}

func (c *cluster) restart(m *member) {
	o, err := Load(c.config(m), m.host, c.address, c.stores(m))
	if err != nil {
		c.t.Fatal(err)
	}
	m.object, m.alarm, m.down, m.cast, m.made = o, c.now, false, nil, nil
}

func (c *cluster) find(k vaultnet.PublicKey) *member {
	for _, m := range c.members {
		if m.key == k {
			return m
		}
	}
	return nil
}

// deliver hands over what has arrived, what is sent meanwhile included.
func (c *cluster) deliver() {
	for n := 0; ; n++ {
		if n > 100_000 {
			c.t.Fatal("messages without end")
		}
		at, i := c.arrival()
		if at > c.now {
			return
		}
		p := c.wire[i]
		c.wire = slices.Delete(c.wire, i, i+1)
		if c.drop != nil && c.drop(p) {
			continue
		}
		if m := c.find(p.to); m != nil {
			c.step(m, Input{From: p.from, Bundle: p.bundle})
		}
	}
}

// run lets time pass for d milliseconds.
func (c *cluster) run(d vaultnet.Time) {
	end := c.now + d
	for {
		c.deliver()
		next, _ := c.arrival()
		for _, m := range c.members {
			if !m.down {
				next = min(next, m.alarm)
			}
		}
		if next > end {
			c.now = end
			return
		}
		c.now = max(c.now, next)
		for _, m := range c.members {
			if !m.down && m.alarm <= c.now {
				c.step(m)
			}
		}
	}
}

// create makes the object with a first request that every member is sent.
func (c *cluster) create() {
	c.all(c.request("0=genesis", 1))
	c.run(2_000)
	c.height(1)
}

func (c *cluster) all(rs ...*Request) {
	for _, m := range c.members {
		var in []Input
		for _, r := range rs {
			in = append(in, Input{From: vaultnet.PublicKey{9}, Submit: r})
		}
		c.step(m, in...)
	}
}

// height demands that all members that are up are at h with equal states, and asleep.
func (c *cluster) height(h vaultnet.Height) {
	c.t.Helper()
	var want vaultnet.Digest
	for i, m := range c.members {
		if m.down {
			continue
		}
		if m.object.Height() != h {
			c.t.Fatalf("member %d is at height %d, want %d", i, m.object.Height(), h)
		}
		if d := m.object.State().Digest(); want.IsZero() {
			want = d
		} else if d != want {
			c.t.Fatalf("member %d has another state", i)
		}
	}
}

func (c *cluster) silent() {
	c.t.Helper()
	for i, m := range c.members {
		if !m.down && !m.object.Idle() {
			c.t.Fatalf("member %d is awake: height %d round %d half-open %v", i, m.object.Height(), m.object.Round(), m.object.HalfOpen())
		}
		if !m.down && m.alarm != vaultnet.Never {
			c.t.Fatalf("member %d has an alarm", i)
		}
	}
}
