package op

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
	"vaultnet/xor"
)

// world is a client among vaults that keep to the rules of the objects, but not to those of agreement: a block is decided
// as soon as a quorum of members holds a request, and reaches each member that is not slow. Every message passes through
// wire.Verify, as it would on its way. A vault can be told to lie, to be slow or to be silent.
type world struct {
	t       failer
	now     vaultnet.Time
	params  vaultnet.Parameters
	network vaultnet.NetworkID
	keys    *signature.Registry
	self    vaultnet.PublicKey
	c       *Client
	vaults  []*vault
	truth   map[vaultnet.Address]*truth
	done    map[Ticket]Completion
	ended   map[Ticket]vaultnet.Time
	queue   mails
	seq     int
	nonce   uint64
	latency time.Duration
	lookups int
	lower   func() // lowers thresholds of the client, in the test of these
	sent    int
	spread  func(to *vault) time.Duration                          // how long a block takes to a member; nil: no time
	drop    func(from, to vaultnet.PublicKey, m wire.Message) bool // loses a message
	watch   func(to *vault, m wire.Message)                        // sees what the client sends
	hear    func(from vaultnet.PublicKey, m wire.Message)          // sees what the client is told
}

// truth is what was decided at an address: states[h] is the state after block h.
type truth struct {
	address vaultnet.Address
	states  []state
}

type state struct {
	set     *agreement.Set // of the next height; nil at an address that is free
	object  *mutabledata.Object
	account *account.Account
	usage   permit.Usage
	applied map[vaultnet.Digest]done
	time    vaultnet.Time
	header  vaultnet.Digest
	decided *agreement.Decided
}

type done struct {
	height vaultnet.Height
	result []byte
}

type vault struct {
	w         *world
	key       vaultnet.Signer
	id        vaultnet.PublicKey
	height    map[vaultnet.Address]int
	pool      map[vaultnet.Digest]*agreement.Request
	withdrawn map[vaultnet.Digest]bool
	chunks    map[vaultnet.Name][]byte
	silent    bool                                        // neither hears nor answers
	slow      bool                                        // learns of blocks only when they are pushed to it
	unsettled bool                                        // does not know its neighbourhood
	lie       func(m wire.Message) ([]wire.Message, bool) // instead of an answer
}

type mail struct {
	at       vaultnet.Time
	seq      int
	from, to vaultnet.PublicKey
	m        wire.Message
	decided  *agreement.Request // a mail to the world: what was being decided is
	reach    int                // a mail to a vault: this height has come to it …
	about    vaultnet.Address   // … of this object
}

type mails []mail

func (q mails) Len() int { return len(q) }
func (q mails) Less(i, k int) bool {
	return q[i].at < q[k].at || q[i].at == q[k].at && q[i].seq < q[k].seq
}
func (q mails) Swap(i, k int) { q[i], q[k] = q[k], q[i] }
func (q *mails) Push(x any)   { *q = append(*q, x.(mail)) }
func (q *mails) Pop() any {
	m := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return m
}

// failer is a testing.TB or a rapid.T.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func newWorld(t failer, vaults int) *world {
	w := &world{
		t: t, now: 1_700_000_000_000, params: vaultnet.LocalParameters(), keys: signature.NewRegistry(1), latency: 10 * time.Millisecond,
		truth: make(map[vaultnet.Address]*truth),
	}
	w.network = w.params.ID()
	for i := range vaults {
		w.add(fmt.Sprint("vault ", i))
	}
	w.self = w.person("client").Public()
	w.c = w.client()
	return w
}

// client makes a client that knows all vaults and nothing else.
func (w *world) client() *Client {
	w.done, w.ended = make(map[Ticket]Completion), make(map[Ticket]vaultnet.Time)
	c := New(Config{Parameters: w.params, Self: w.self, Verifier: w.keys, Nonces: func() (n vaultnet.Nonce) {
		w.nonce++
		binary.BigEndian.PutUint64(n[:], w.nonce)
		return n
	}})
	var in []Input
	for _, v := range w.vaults {
		in = append(in, PeerUp(v.id))
	}
	c.Step(w.now, in)
	return c
}

func (w *world) add(name string) *vault {
	k := w.person(name)
	v := &vault{w: w, key: k, id: k.Public(), height: make(map[vaultnet.Address]int), pool: make(map[vaultnet.Digest]*agreement.Request),
		withdrawn: make(map[vaultnet.Digest]bool), chunks: make(map[vaultnet.Name][]byte)}
	w.vaults = append(w.vaults, v)
	return v
}

func (w *world) person(name string) vaultnet.Signer {
	return w.keys.Signer(vaultnet.DomainBody.Hash([]byte(name)))
}

func (w *world) vault(id vaultnet.PublicKey) *vault {
	for _, v := range w.vaults {
		if v.id == id {
			return v
		}
	}
	return nil
}

// at is the truth of an address, free as long as nothing was decided.
func (w *world) at(a vaultnet.Address) *truth {
	if w.truth[a] == nil {
		w.truth[a] = &truth{address: a, states: []state{{applied: make(map[vaultnet.Digest]done)}}}
	}
	return w.truth[a]
}

// near is the close group of an address, among all vaults there are.
func (w *world) near(a vaultnet.Address) []*vault {
	var ids []vaultnet.PublicKey
	for _, v := range w.vaults {
		ids = append(ids, v.id)
	}
	var list []*vault
	for _, id := range xor.Nearest(a.Location(), ids, w.params.GroupSize) {
		list = append(list, w.vault(id))
	}
	return list
}

// members are those of the newest set of an address.
func (w *world) members(a vaultnet.Address) []*vault {
	var list []*vault
	for _, id := range w.at(a).last().set.Members {
		list = append(list, w.vault(id))
	}
	return list
}

func (h *truth) last() *state { return &h.states[len(h.states)-1] }

func (w *world) address(name string) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(vaultnet.DomainBody.Hash([]byte(name))), Tag: 1}
}

// attest signs one leaf.
func (v *vault) attest(leaf vaultnet.Digest) *merkle.Attestation {
	return &merkle.Attest(v.w.network, v.key, []vaultnet.Digest{leaf})[0]
}

// decide adds a block: one request, or a change of the set.
func (w *world) decide(a vaultnet.Address, r *agreement.Request, set *agreement.Set) error {
	h := w.at(a)
	last := h.last()
	next := *last
	next.applied = make(map[vaultnet.Digest]done)
	for k, v := range last.applied {
		next.applied[k] = v
	}
	height := vaultnet.Height(len(h.states))
	next.time = max(w.now, last.time+1)
	voters := last.set
	header := agreement.Header{Height: height, Previous: last.header, Time: next.time}
	if voters == nil {
		voters = &agreement.Set{Number: 1, Members: r.Proof.Members}
		next.set = voters
	}
	if set != nil {
		next.set = set
		header.Add, header.Drop = changed(last.set, set)
	}
	if r != nil {
		result, err := next.apply(w, r, next.time)
		if err != nil {
			return err
		}
		next.applied[r.ID] = done{height, result}
		header.Mutations = []agreement.Ref{r.Ref}
	}
	header.Set = next.set.Digest()
	header.State = vaultnet.DomainState.Hash(binary.BigEndian.AppendUint64(nil, uint64(height)))
	next.header = header.Digest(w.network, a)
	next.decided = &agreement.Decided{Header: header, Set: next.set, Voters: voters, Certificate: w.certify(a, &header, voters)}
	if r != nil {
		next.decided.Bodies = []*agreement.Request{r}
	}
	h.states = append(h.states, next)
	for _, v := range w.vaults {
		if w.spread != nil && voters.Index(v.id) >= 0 {
			w.seq++
			heap.Push(&w.queue, mail{at: w.now.Add(w.spread(v)), seq: w.seq, to: v.id, reach: int(height), about: a})
		} else if !v.slow && !v.silent && (voters.Index(v.id) >= 0 || next.set.Index(v.id) >= 0) {
			v.advance(a, int(height))
		}
	}
	return nil
}

func changed(before, after *agreement.Set) (add, drop vaultnet.PublicKey) {
	for _, k := range after.Members {
		if before.Index(k) < 0 {
			add = k
		}
	}
	for _, k := range before.Members {
		if after.Index(k) < 0 {
			drop = k
		}
	}
	return add, drop
}

func (w *world) certify(a vaultnet.Address, header *agreement.Header, set *agreement.Set) *agreement.Certificate {
	c := &agreement.Certificate{Ballot: agreement.Ballot{Height: header.Height, Type: agreement.Precommit, Block: header.Digest(w.network, a),
		Set: set.Digest(), Previous: header.Previous}}
	for _, id := range set.Members[:set.Quorum()] {
		c.By = append(c.By, w.vault(id).attest(c.Ballot.Leaf(w.network, a)))
	}
	return c
}

// apply changes s by a request, in a block of time at.
func (s *state) apply(w *world, r *agreement.Request, at vaultnet.Time) ([]byte, error) {
	if r.Deadline < at {
		return nil, refusal.New(refusal.DeadlinePassed)
	}
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		if err := d.Permit.Check(at, r.Requester, r.Address); err != nil {
			return nil, err
		}
		if err := s.usage.Check(d.Permit, at); err != nil {
			return nil, err
		}
		object, result, err := s.object.Apply(d.Mutation, mutabledata.Context{Requester: r.Requester, Payer: d.Permit.Body.Account})
		if err != nil {
			return nil, err
		}
		s.object = object
		s.usage, err = s.usage.Use(d.Permit, at, true)
		return result.Encode(), err
	case *wire.Close:
		if err := d.Close.Check(at, r.Requester, r.Address); err != nil {
			return nil, err
		}
		usage, err := s.usage.Close(d.Close.Permit, at, true)
		s.usage = usage
		return nil, err
	case *wire.Operation:
		next, result, err := s.account.Advance(at, w.params).Apply(d.Operation, account.Context{Requester: r.Requester,
			Owner: vaultnet.PublicKey(r.Address.Name), ID: r.ID, At: at, Parameters: w.params})
		if err != nil {
			return nil, err
		}
		s.account = next
		return account.EncodeResult(result), nil
	}
	return nil, refusal.Invalid("nothing that was opened")
}

// advance has a member reach a height; it answers what it holds undecided.
func (v *vault) advance(a vaultnet.Address, height int) {
	if v.height[a] >= height {
		return
	}
	v.height[a] = height
	var ids []vaultnet.Digest
	for id, r := range v.pool {
		if r.Address == a {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y vaultnet.Digest) int { return bytes.Compare(x[:], y[:]) })
	for _, id := range ids {
		r := v.pool[id]
		delete(v.pool, id)
		v.say(v.submit(r))
	}
}

// pump carries the client's messages and completions away.
func (w *world) pump() {
	out := w.c.Output()
	for _, e := range out.Send {
		for _, m := range e.Messages {
			if err := wire.Verify(m, w.network, w.keys); err != nil {
				w.t.Fatalf("the client sends a bad %T: %v", m, err)
			}
			w.sent++
			if v := w.vault(e.To); v != nil {
				if w.watch != nil {
					w.watch(v, m)
				}
				if !v.silent {
					w.post(w.self, e.To, m, w.latency)
				}
			}
		}
	}
	for _, name := range out.Lookups {
		w.lookups++
		var ids []vaultnet.PublicKey
		for _, v := range w.near(vaultnet.Address{Kind: vaultnet.KindMutableData, Name: name}) {
			ids = append(ids, v.id)
		}
		w.c.Step(w.now, []Input{GroupFound(name, ids)})
	}
	for _, d := range out.Done {
		if _, twice := w.done[d.Ticket]; twice {
			w.t.Fatalf("ticket %d completes twice", d.Ticket)
		}
		w.done[d.Ticket], w.ended[d.Ticket] = d, w.now
	}
	if len(out.Lookups) > 0 {
		w.pump()
	} else if out.Alarm != vaultnet.Never {
		w.seq++
		heap.Push(&w.queue, mail{at: out.Alarm, seq: w.seq, to: w.self})
	}
}

// run lets time pass until a ticket is done, or for so long.
func (w *world) run(t Ticket, atMost time.Duration) Completion {
	end := w.now.Add(atMost)
	w.pump()
	for len(w.queue) > 0 && w.queue[0].at <= end {
		if _, ok := w.done[t]; ok {
			return w.done[t]
		}
		w.deliver(heap.Pop(&w.queue).(mail))
	}
	if _, ok := w.done[t]; !ok {
		w.now = end
	}
	return w.done[t]
}

func (w *world) deliver(m mail) {
	w.now = max(w.now, m.at)
	switch r := m.decided; {
	case r != nil:
		h := w.at(r.Address).last()
		if _, twice := h.applied[r.ID]; !twice && w.votes(r) {
			w.decide(r.Address, r, nil)
		}
	case m.reach > 0:
		if v := w.vault(m.to); !v.slow && !v.silent {
			v.advance(m.about, m.reach)
		}
	case m.m == nil:
		w.c.Step(w.now, nil)
		w.pump()
	case m.to == w.self:
		if err := wire.Verify(m.m, w.network, w.keys); err != nil {
			return // the stream would be closed
		}
		if w.hear != nil {
			w.hear(m.from, m.m)
		}
		in := []Input{Message(m.from, m.m)}
		for len(w.queue) > 0 && w.queue[0].at == m.at && w.queue[0].to == w.self && w.queue[0].m != nil {
			n := heap.Pop(&w.queue).(mail)
			if w.hear != nil {
				w.hear(n.from, n.m)
			}
			if wire.Verify(n.m, w.network, w.keys) == nil {
				in = append(in, Message(n.from, n.m))
			}
		}
		w.c.Step(w.now, in)
		w.pump()
	default:
		if v := w.vault(m.to); v != nil && !v.silent {
			v.take(m.m)
		}
	}
}

// votes reports whether a quorum still holds the request.
func (w *world) votes(r *agreement.Request) bool {
	set := w.at(r.Address).last().set
	if set == nil {
		set = &agreement.Set{Number: 1, Members: r.Proof.Members}
	}
	n := 0
	for _, id := range set.Members {
		if v := w.vault(id); v.pool[r.ID] != nil {
			n++
		}
	}
	return n >= set.Quorum()
}

// do runs one operation to its end.
func (w *world) do(o Operation) Completion {
	w.t.Helper()
	t := w.c.Start(w.now, o)
	d := w.run(t, 2*time.Minute)
	if d.Ticket != t {
		w.t.Fatalf("%T: never completed", o)
	}
	return d
}

// must runs one operation that has to succeed.
func (w *world) must(o Operation) Completion {
	w.t.Helper()
	d := w.do(o)
	if d.Err != nil {
		w.t.Fatalf("%T: %v", o, d.Err)
	}
	return d
}

// refused runs one operation that has to be refused with a kind.
func (w *world) refused(o Operation, k refusal.Kind) *refusal.Error {
	w.t.Helper()
	d := w.do(o)
	var e *refusal.Error
	if !errors.As(d.Err, &e) || e.Kind != k {
		w.t.Fatalf("%T: %v, want %v", o, d.Err, k)
	}
	return e
}

// owner makes a person with an account.
func (w *world) owner(name string) vaultnet.Signer {
	w.t.Helper()
	p := w.person(name)
	w.must(Operate{As: p, Operation: &account.CreateAccount{}})
	return p
}

func put(owner vaultnet.Signer) *mutabledata.Put {
	return &mutabledata.Put{Owner: owner.Public()}
}

func insert(key, content string) *mutabledata.MutateEntries {
	return &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(key), Do: mutabledata.InsertEntry, Content: []byte(content)}}}
}

func update(key, content string, version mutabledata.Version) *mutabledata.MutateEntries {
	return &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(key), Do: mutabledata.UpdateEntry, Content: []byte(content), Version: version}}}
}
