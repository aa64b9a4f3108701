package core

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sort"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/xor"
)

// town is cores connected directly: what one sends the other gets, a little later, through wire.Verify. Every store is a
// map; every turn is sealed, stored and sent.
type town struct {
	t       testing.TB
	now     vaultnet.Time
	params  vaultnet.Parameters
	network vaultnet.NetworkID
	keys    *signature.Registry
	houses  []*house
	nodes   map[vaultnet.PublicKey]receiver
	queue   posts
	seq     int
	sent    int
	nonce   uint64
	wait    time.Duration                                          // for answers
	frames  bool                                                   // messages travel as bytes
	drop    func(from, to vaultnet.PublicKey, m wire.Message) bool // loses a message
}

type receiver interface {
	hear(from vaultnet.PublicKey, m wire.Message)
}

// house is a core with its store.
type house struct {
	town   *town
	signer vaultnet.Signer
	id     vaultnet.PublicKey
	cfg    Config
	opener *wire.Opener
	core   *Vault
	inbox  []Input
	alarm  vaultnet.Time
	down   bool
	store  map[string][]byte
	chunks map[vaultnet.Name][]byte
	loads  int
	sealed func(*Sealed) // sees what leaves
}

type post struct {
	at       vaultnet.Time
	seq      int
	from, to vaultnet.PublicKey
	m        wire.Message
}

type posts []post

func (q posts) Len() int { return len(q) }
func (q posts) Less(i, k int) bool {
	return q[i].at < q[k].at || q[i].at == q[k].at && q[i].seq < q[k].seq
}
func (q posts) Swap(i, k int) { q[i], q[k] = q[k], q[i] }
func (q *posts) Push(x any)   { *q = append(*q, x.(post)) }
func (q *posts) Pop() any {
	p := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return p
}

const latency = 10 // ms

func newTown(t testing.TB, vaults int, change ...func(*Config)) *town {
	return newTownOf(t, vaults, vaultnet.LocalParameters(), change...)
}

func newTownOf(t testing.TB, vaults int, params vaultnet.Parameters, change ...func(*Config)) *town {
	w := &town{t: t, now: 1_700_000_000_000, wait: time.Second, params: params, keys: signature.NewRegistry(1),
		nodes: make(map[vaultnet.PublicKey]receiver)}
	w.network = w.params.ID()
	for i := range vaults {
		w.build(fmt.Sprint("vault ", i), change...)
	}
	w.introduce(w.houses...)
	return w
}

func (w *town) person(name string) vaultnet.Signer {
	return w.keys.Signer(vaultnet.DomainBody.Hash([]byte(name)))
}

// build makes a vault that nobody knows yet.
func (w *town) build(name string, change ...func(*Config)) *house {
	s := w.person(name)
	h := &house{town: w, signer: s, id: s.Public(), alarm: vaultnet.Never, store: make(map[string][]byte),
		chunks: make(map[vaultnet.Name][]byte), opener: wire.NewOpener(w.network, w.keys)}
	h.cfg = Config{Self: h.id, Parameters: w.params, Verifier: w.keys}
	for _, f := range change {
		f(&h.cfg)
	}
	h.start()
	w.houses = append(w.houses, h)
	w.nodes[h.id] = h
	return h
}

func (h *house) start() {
	v, err := New(h.cfg, h.scan(""))
	if err != nil {
		h.town.t.Fatal(err)
	}
	h.core, h.inbox, h.alarm, h.down = v, nil, h.town.now, false
}

// introduce connects vaults with all others that are there.
func (w *town) introduce(fresh ...*house) {
	for _, h := range fresh {
		var table []vaultnet.PublicKey
		for _, o := range w.houses {
			if o == h || o.down {
				continue
			}
			table = append(table, o.id)
			h.tell(PeerUp(o.id))
			if !slices.Contains(fresh, o) {
				o.tell(PeerUp(h.id))
			}
		}
		h.tell(Known(table))
	}
}

// stop ends a vault; the others notice.
func (w *town) stop(h *house) {
	h.down = true
	for _, o := range w.houses {
		if o != h {
			o.tell(PeerDown(h.id))
		}
	}
}

// restart begins a vault again with its store.
func (w *town) restart(h *house) {
	h.start()
	w.introduce(h)
}

func (h *house) scan(prefix string) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		var keys []string
		for k := range h.store {
			if len(k) >= len(prefix) && k[:len(prefix)] == prefix {
				keys = append(keys, k)
			}
		}
		sort.Strings(keys)
		for _, k := range keys {
			if !yield([]byte(k), h.store[k]) {
				return
			}
		}
	}
}

func (h *house) tell(in Input) {
	h.inbox = append(h.inbox, in)
	h.alarm = min(h.alarm, h.town.now)
}

func (h *house) hear(from vaultnet.PublicKey, m wire.Message) {
	if h.down {
		return
	}
	w := h.town
	if w.frames {
		frames, err := wire.Encode([]wire.Message{m})
		if err != nil {
			w.t.Fatalf("%T: %v", m, err)
		}
		for _, f := range frames {
			in, err := Open(f, from, h.opener)
			if err != nil {
				w.t.Fatalf("%T: %v", m, err)
			}
			h.inbox = append(h.inbox, in...)
		}
	} else {
		in, err := OpenMessage(m, from, w.network, w.keys)
		if err != nil {
			return // as a driver does: a malformed message is the end of it
		}
		h.inbox = append(h.inbox, in...)
	}
	h.alarm = min(h.alarm, w.now)
}

func (h *house) turn() {
	w := h.town
	in := h.inbox
	h.inbox, h.alarm = nil, vaultnet.Never
	out := h.core.Step(w.now, in)
	var sig vaultnet.Signature
	if !out.Root.IsZero() {
		sig = h.signer.Sign(vaultnet.TurnMessage(w.network, out.Root))
	}
	sealed := h.core.Seal(sig)
	if h.sealed != nil {
		h.sealed(&sealed)
	}
	for _, c := range sealed.Chunks {
		if c.Content == nil {
			delete(h.chunks, c.Name)
		} else {
			h.chunks[c.Name] = c.Content
		}
	}
	for _, r := range sealed.Writes {
		if r.Value == nil {
			delete(h.store, string(r.Key))
		} else {
			h.store[string(r.Key)] = slices.Clone(r.Value)
		}
	}
	for _, e := range sealed.Send {
		for _, m := range e.Messages {
			w.post(h.id, e.To, m)
		}
	}
	h.alarm = out.Alarm
	for _, a := range out.Loads {
		h.loads++
		if a.Kind == vaultnet.KindImmutableData {
			h.tell(ChunkLoaded(a.Name, h.chunks[a.Name]))
			continue
		}
		var records []vaultnet.Write
		for k, v := range h.scan(string(ObjectPrefix(a))) {
			records = append(records, vaultnet.Write{Key: k, Value: v})
		}
		h.tell(Loaded(a, records))
	}
	for _, name := range out.Lookups {
		var all []vaultnet.PublicKey
		for _, o := range w.houses {
			if !o.down {
				all = append(all, o.id)
			}
		}
		h.tell(GroupFound(name, xor.Nearest(vaultnet.Address{Name: name}.Location(), all, 16)))
	}
}

// object is the object at an address, nil where the vault holds none: loaded where it is not.
func (h *house) object(a vaultnet.Address) *agreement.Object {
	if e := h.core.objects.get(a); e != nil && e.live == nil && e.stored && !e.damaged {
		h.core.loadFor(e, func(*live) {})
		h.turn() // asks the store
		h.turn()
	}
	return h.core.Object(a)
}

func (w *town) post(from, to vaultnet.PublicKey, m wire.Message) {
	if w.drop != nil && w.drop(from, to, m) {
		return
	}
	w.sent++
	w.seq++
	heap.Push(&w.queue, post{w.now + latency, w.seq, from, to, m})
}

// step moves to the next moment at which something happens, no later than limit; false where nothing does.
func (w *town) step(limit vaultnet.Time) bool {
	next := vaultnet.Never
	if len(w.queue) > 0 {
		next = w.queue[0].at
	}
	for _, h := range w.houses {
		if !h.down {
			next = min(next, h.alarm)
		}
	}
	if next > limit || next == vaultnet.Never {
		return false
	}
	w.now = max(w.now, next)
	for len(w.queue) > 0 && w.queue[0].at <= w.now {
		p := heap.Pop(&w.queue).(post)
		if r := w.nodes[p.to]; r != nil {
			r.hear(p.from, p.m)
		}
	}
	for _, h := range w.houses {
		if !h.down && h.alarm <= w.now {
			h.turn()
		}
	}
	return true
}

// run lets time pass.
func (w *town) run(d time.Duration) {
	end := w.now.Add(d)
	for w.step(end) {
	}
	w.now = end
}

// until lets time pass until something is so; it has to be within limit.
func (w *town) until(limit time.Duration, what string, so func() bool) {
	w.t.Helper()
	end := w.now.Add(limit)
	for !so() {
		if !w.step(end) {
			w.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// quiet reports whether no vault has a timer or message under way.
func (w *town) quiet() bool {
	if len(w.queue) > 0 {
		return false
	}
	for _, h := range w.houses {
		if !h.down && len(h.core.alarms) > 0 {
			return false
		}
	}
	return true
}

// group is the vaults nearest to an address of those that are up.
func (w *town) group(a vaultnet.Address) []*house {
	var ids []vaultnet.PublicKey
	for _, h := range w.houses {
		if !h.down {
			ids = append(ids, h.id)
		}
	}
	var list []*house
	for _, id := range xor.Nearest(a.Location(), ids, w.params.GroupSize) {
		list = append(list, w.nodes[id].(*house))
	}
	return list
}

func address(name string) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(vaultnet.DomainBody.Hash([]byte(name))), Tag: 1}
}

// guest is a client: it keeps what it hears.
type guest struct {
	town  *town
	id    vaultnet.PublicKey
	heard []heard
}

type heard struct {
	from vaultnet.PublicKey
	m    wire.Message
}

func (w *town) guest(name string) *guest {
	g := &guest{town: w, id: w.person("connection " + name).Public()}
	w.nodes[g.id] = g
	return g
}

func (g *guest) hear(from vaultnet.PublicKey, m wire.Message) {
	if err := wire.Verify(m, g.town.network, g.town.keys); err != nil {
		g.town.t.Fatalf("%T from %v: %v", m, from.Short(), err)
	}
	g.heard = append(g.heard, heard{from, m})
}

// ask sends a message to vaults and returns what they answer within [town.wait].
func (g *guest) ask(to []*house, m wire.Message) []heard {
	g.heard = nil
	for _, h := range to {
		g.town.post(g.id, h.id, m)
	}
	g.town.run(g.town.wait)
	return g.heard
}

// answers are the messages of one type among what was heard, by sender.
func answers[M wire.Message](all []heard) map[vaultnet.PublicKey]M {
	list := make(map[vaultnet.PublicKey]M)
	for _, h := range all {
		if m, ok := h.m.(M); ok {
			list[h.from] = m
		}
	}
	return list
}

// proof asks for views of a free address and puts together the proof of its set.
func (g *guest) proof(a vaultnet.Address) *agreement.SetProof {
	g.town.t.Helper()
	group := g.town.group(a)
	best := &agreement.SetProof{}
	views := answers[*wire.ViewAnswer](g.ask(group, &wire.GetView{Call: 1, Address: a}))
	for _, h := range group {
		if views[h.id] == nil || views[h.id].View == nil {
			continue
		}
		p := &agreement.SetProof{Members: views[h.id].Members}
		for _, o := range group {
			if v := views[o.id]; v != nil && v.View != nil && slices.Equal(v.Members, p.Members) && slices.Contains(p.Members, o.id) {
				p.Views = append(p.Views, *v.View)
			}
		}
		if len(p.Views) > len(best.Views) {
			best = p
		}
	}
	return best
}

// sign makes a request of a person.
func (w *town) sign(who vaultnet.Signer, a vaultnet.Address, set uint64, body []byte, with wire.Attached) *agreement.Request {
	w.nonce++
	r := vaultnet.Request{Address: a, Deadline: w.now.Add(10 * time.Second), Set: set, Body: body}
	binary.BigEndian.PutUint64(r.Nonce[:], w.nonce)
	r.Sign(w.network, who)
	return wire.NewRequest(w.network, r, with)
}

// submit sends a request to a group and returns the last word of each vault.
func (g *guest) submit(to []*house, r *agreement.Request) map[vaultnet.PublicKey]*wire.Reply {
	return answers[*wire.Reply](g.ask(to, &wire.Submit{Request: r}))
}

// applied requires that at least n vaults say that a request is applied, alike, and returns one such answer.
func (g *guest) applied(replies map[vaultnet.PublicKey]*wire.Reply, n int) *wire.Reply {
	g.town.t.Helper()
	var one *wire.Reply
	for _, r := range replies {
		switch {
		case r.Outcome != agreement.Applied:
			if r.Err != nil {
				g.town.t.Logf("refused: %v", r.Err)
			} else {
				g.town.t.Logf("outcome %d", r.Outcome)
			}
			continue
		case one != nil && (one.Height != r.Height || string(one.Result) != string(r.Result)):
			g.town.t.Fatalf("applied at heights %d and %d", one.Height, r.Height)
		}
		n--
		one = r
	}
	if n > 0 {
		g.town.t.Fatalf("%d answers too few that it is applied", n)
	}
	return one
}

// person is an account owner with a guest's connection.
type citizen struct {
	*guest
	key     vaultnet.Signer
	account vaultnet.Address
}

// citizen makes an account.
func (w *town) citizen(name string) *citizen {
	w.t.Helper()
	key := w.person(name)
	c := &citizen{w.guest(name), key, vaultnet.AccountAddress(key.Public())}
	r := w.sign(key, c.account, 1, account.Encode(&account.CreateAccount{}), wire.Attached{Proof: c.proof(c.account)})
	c.applied(c.submit(w.group(c.account), r), vaultnet.Answers(min(len(w.houses), w.params.GroupSize)))
	return c
}

// operate applies an operation to the account.
func (c *citizen) operate(by vaultnet.Signer, op account.Operation) map[vaultnet.PublicKey]*wire.Reply {
	return c.submit(c.members(c.account), c.town.sign(by, c.account, c.set(c.account).Number, account.Encode(op), wire.Attached{}))
}

// set is the newest set of an address that any vault holds.
func (w *town) set(a vaultnet.Address) *agreement.Set {
	best := &agreement.Set{Number: 1}
	for _, h := range w.houses {
		if e := h.core.objects.get(a); e.holds() {
			if s := h.core.setOf(e); s.Number >= best.Number {
				best = s
			}
		}
	}
	return best
}

func (c *citizen) set(a vaultnet.Address) *agreement.Set { return c.town.set(a) }

// members are the vaults of an address's newest set; of a free address its group.
func (w *town) members(a vaultnet.Address) []*house {
	s := w.set(a)
	if len(s.Members) == 0 {
		return w.group(a)
	}
	var list []*house
	for _, m := range s.Members {
		list = append(list, w.nodes[m].(*house))
	}
	return list
}

func (c *citizen) members(a vaultnet.Address) []*house { return c.town.members(a) }

// permit has a permit issued for a person at an address.
func (c *citizen) permit(by vaultnet.Signer, a vaultnet.Address, count uint16) *permit.Permit {
	c.town.t.Helper()
	asked := []permit.Allowance{{Address: a, Count: count}}
	replies := c.operate(by, &account.IssuePermit{Allowances: asked})
	reply := c.applied(replies, vaultnet.Answers(len(c.members(c.account))))
	result, err := account.DecodeResult(reply.Result)
	if err != nil {
		c.town.t.Fatal(err)
	}
	issued := result.(*account.Issued)
	allowances, ok := issued.Allowances(asked)
	if !ok {
		c.town.t.Fatal("not the permit that was asked for")
	}
	var by2 []merkle.Attestation
	for _, r := range replies {
		if r.Permit != nil {
			by2 = append(by2, *r.Permit)
		}
	}
	p, ok := permit.Assemble(issued.Body, allowances, 0, by2)
	if !ok {
		c.town.t.Fatal("permit does not fit together")
	}
	return p
}

// put makes an object, with a permit for a number of mutations, and returns the permit.
func (c *citizen) put(a vaultnet.Address, entries ...mutabledata.Entry) *permit.Permit {
	c.town.t.Helper()
	p := c.permit(c.key, a, 8)
	m := &mutabledata.Put{Owner: c.key.Public(), Entries: entries}
	mutabledata.Sort(m)
	r := c.town.sign(c.key, a, 1, mutabledata.Encode(m), wire.Attached{Permit: p, Proof: c.proof(a)})
	c.applied(c.submit(c.town.group(a), r), vaultnet.Answers(min(len(c.town.houses), c.town.params.GroupSize)))
	return p
}

// insert is a mutation that inserts one entry.
func insert(key, content string) mutabledata.Mutation {
	return &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: mutabledata.Key(key), Do: mutabledata.InsertEntry, Content: []byte(content)}}}
}

// mutate signs a mutation of an object that exists and sends it to its members.
func (c *citizen) mutate(a vaultnet.Address, p *permit.Permit, m mutabledata.Mutation) map[vaultnet.PublicKey]*wire.Reply {
	r := c.town.sign(c.key, a, c.set(a).Number, mutabledata.Encode(m), wire.Attached{Permit: p})
	return c.submit(c.members(a), r)
}

// read asks the members for a value.
func (c *citizen) read(a vaultnet.Address, q mutabledata.Query) map[vaultnet.PublicKey]*wire.ReadAnswer {
	return answers[*wire.ReadAnswer](c.ask(c.members(a), &wire.Read{Call: 7, Address: a, Query: mutabledata.EncodeQuery(q), Full: true}))
}

func sortAttestations(all []merkle.Attestation) {
	slices.SortFunc(all, func(a, b merkle.Attestation) int { return slices.Compare(a.Signer[:], b.Signer[:]) })
}

// attest has a vault sign a statement.
func attest(w *town, h *house, leaf vaultnet.Digest) *merkle.Attestation {
	return &merkle.Attest(w.network, h.signer, []vaultnet.Digest{leaf})[0]
}

// addressWhere finds an address for which something is so.
func (w *town) addressWhere(so func(vaultnet.Address) bool) vaultnet.Address {
	for i := range 100_000 {
		if a := address(fmt.Sprint("address ", i)); so(a) {
			return a
		}
	}
	w.t.Fatal("there is no such address")
	return vaultnet.Address{}
}
