package op

import (
	"bytes"
	"container/heap"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// say sends an answer to the client.
func (v *vault) say(m wire.Message) {
	if m == nil || v.silent {
		return
	}
	v.w.post(v.id, v.w.self, m, v.w.latency)
}

func (w *world) post(from, to vaultnet.PublicKey, m wire.Message, after time.Duration) {
	if w.drop != nil && w.drop(from, to, m) {
		return
	}
	w.seq++
	heap.Push(&w.queue, mail{at: w.now.Add(after), seq: w.seq, from: from, to: to, m: m})
}

func (v *vault) state(a vaultnet.Address) (*state, vaultnet.Height) {
	h := v.height[a]
	return &v.w.at(a).states[h], vaultnet.Height(h)
}

// take handles a message of the client's.
func (v *vault) take(m wire.Message) {
	if v.lie != nil {
		if list, ok := v.lie(m); ok {
			for _, l := range list {
				v.say(l)
			}
			return
		}
	}
	for _, l := range v.honest(m) {
		v.say(l)
	}
}

// honest is what an honest vault answers.
func (v *vault) honest(m wire.Message) []wire.Message {
	one := func(m wire.Message) []wire.Message {
		if m == nil {
			return nil
		}
		return []wire.Message{m}
	}
	switch m := m.(type) {
	case *wire.Submit:
		return one(v.submit(m.Request))
	case *wire.Withdraw:
		return one(v.withdraw(&m.Withdraw))
	case *wire.Read:
		return one(v.read(m))
	case *wire.GetSet:
		s, h := v.state(m.Address)
		return one(&wire.SetAnswer{Call: m.Call, Address: m.Address, Height: h, Set: v.pointer(s, m.Address), Settled: !v.unsettled, Nearer: v.nearer(m.Address)})
	case *wire.GetView:
		return one(v.view(m))
	case *wire.GetOutcome:
		return one(v.outcome(m))
	case *wire.GetStatement:
		return one(v.statement(m))
	case *wire.PutChunk:
		v.chunks[vaultnet.ChunkAddress(m.Content).Name] = m.Content
		return one(&wire.ChunkAnswer{Call: m.Call, Name: vaultnet.ChunkAddress(m.Content).Name, Stored: true})
	case *wire.GetChunk:
		if b, ok := v.chunks[m.Name]; ok {
			if !m.Full {
				return one(&wire.ChunkAnswer{Call: m.Call, Name: m.Name, Stored: true})
			}
			return one(&wire.ChunkAnswer{Call: m.Call, Name: m.Name, Stored: true, Content: b})
		}
		return one(&wire.ChunkAnswer{Call: m.Call, Name: m.Name, Err: refusal.New(refusal.NoSuchData)})
	case *wire.Bundle:
		if d := m.Decided; d != nil && int(d.Header.Height) == v.height[m.Address]+1 {
			v.advance(m.Address, int(d.Header.Height))
		} else if d != nil && int(d.Header.Height) > v.height[m.Address] {
			v.advance(m.Address, int(d.Header.Height)) // fetches the state from others
		}
		if s, h := v.state(m.Address); m.Want != nil && h > m.Want.Have {
			return one(&wire.Bundle{Bundle: &agreement.Bundle{Address: m.Address, Height: h, Decided: s.decided}})
		}
	}
	return nil
}

// nearer is the vaults it knows near an address: all.
func (v *vault) nearer(a vaultnet.Address) []vaultnet.PublicKey {
	var ids []vaultnet.PublicKey
	for _, o := range v.w.near(a) {
		ids = append(ids, o.id)
	}
	return ids
}

// pointer is the set that the vault takes to hold an address: its own, or, for one that is no member, the newest.
func (v *vault) pointer(s *state, a vaultnet.Address) *agreement.Set {
	if s.set != nil {
		return s.set
	}
	if last := v.w.at(a).last().set; last != nil && last.Index(v.id) < 0 {
		return last
	}
	return nil
}

func (v *vault) submit(r *agreement.Request) wire.Message {
	a := r.Address
	s, h := v.state(a)
	m := &wire.Reply{Address: a, ID: r.ID, Height: h, Set: refOf(s.set)}
	if d, ok := s.applied[r.ID]; ok {
		m.Outcome, m.Height, m.Result = agreement.Applied, d.height, d.result
		if issued, err := account.DecodeResult(d.result); err == nil && a.Kind == vaultnet.KindAccount {
			if p, ok := issued.(*account.Issued); ok {
				m.Permit = v.attest(p.Body.Leaf(v.w.network))
			}
		}
		return m
	}
	set := s.set
	if set == nil && r.Proof != nil {
		set = &agreement.Set{Number: 1, Members: r.Proof.Members}
	}
	switch {
	case set == nil || set.Index(v.id) < 0:
		m.Outcome, m.Members, m.Nearer = agreement.Stranger, v.pointer(s, a), v.nearer(a)
		m.Set = wire.SetRef{}
		return m
	case r.Set < set.Number:
		m.Outcome, m.Members = agreement.Moved, set
		return m
	case r.Set > set.Number:
		return nil
	case v.withdrawn[r.ID]:
		m.Outcome = agreement.Withdrawn
		return m
	}
	trial := *s
	if _, err := trial.apply(v.w, r, max(v.w.now, s.time+1)); err != nil {
		m.Outcome, m.Err = agreement.Refused, invalid(err)
		return m
	}
	if err := v.room(r); err != nil {
		m.Outcome, m.Err = agreement.Refused, err
		return m
	}
	v.pool[r.ID] = r
	v.w.count(r, set)
	return nil
}

// room is what the limits on what is in flight say: five for each address, and none on a key that is taken.
func (v *vault) room(r *agreement.Request) *refusal.Error {
	if v.pool[r.ID] != nil {
		return nil
	}
	n, taken := 0, false
	for _, o := range v.pool {
		if o.Address != r.Address {
			continue
		}
		n++
		taken = taken || bytes.Equal(o.Body, r.Body)
	}
	switch {
	case taken:
		return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Shell: true}}
	case n >= vaultnet.MaxInFlight:
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// count decides a request that a quorum of the members at the newest height holds.
func (w *world) count(r *agreement.Request, set *agreement.Set) {
	h := w.at(r.Address)
	n := 0
	for _, id := range set.Members {
		v := w.vault(id)
		if v.pool[r.ID] != nil && v.height[r.Address] == len(h.states)-1 {
			n++
		}
	}
	if n < set.Quorum() || h.last().set != nil && h.last().set.Number != set.Number {
		return
	}
	w.seq++
	heap.Push(&w.queue, mail{at: w.now.Add(w.latency), seq: w.seq, decided: r})
}

func (v *vault) withdraw(x *vaultnet.Withdraw) wire.Message {
	id := x.Identity(v.w.network)
	s, h := v.state(x.Address)
	m := &wire.Reply{Address: x.Address, ID: id, Height: h, Set: refOf(s.set)}
	if d, ok := s.applied[id]; ok {
		m.Outcome, m.Height, m.Result = agreement.Applied, d.height, d.result
		return m
	}
	if _, voted := v.w.at(x.Address).last().applied[id]; voted && v.pool[id] != nil {
		return nil // it voted for the block that is on its way to it: it answers then
	}
	v.withdrawn[id] = true
	delete(v.pool, id)
	m.Outcome = agreement.Withdrawn
	return m
}

func (v *vault) read(q *wire.Read) wire.Message {
	s, h := v.state(q.Address)
	m := &wire.ReadAnswer{Call: q.Call, Height: h, Set: refOf(s.set), Header: s.header, Time: s.time, Member: s.set != nil && s.set.Index(v.id) >= 0}
	if s.set == nil {
		m.Nearer = v.nearer(q.Address)
		if p := v.pointer(s, q.Address); p != nil {
			m.Members = p
			m.Err = refusal.New(refusal.NotSettled)
			return m
		}
		m.Err = refusal.New(refusal.NoSuchData)
		if q.Address.Kind == vaultnet.KindAccount {
			m.Err = refusal.New(refusal.NoSuchAccount)
		}
		if v.unsettled {
			m.Err = refusal.New(refusal.NotSettled)
		}
		return m
	}
	var value []byte
	var err error
	if q.Address.Kind == vaultnet.KindAccount {
		query, _ := account.DecodeQuery(q.Query)
		value, err = s.account.Read(query)
		if q.Ask.Asker != vaultnet.PublicKey(q.Address.Name) {
			err = refusal.New(refusal.AccessDenied)
		}
	} else {
		query, _ := mutabledata.DecodeQuery(q.Query)
		value, err = s.object.Read(query)
	}
	if err != nil {
		m.Err = invalid(err)
		return m
	}
	m.Digest = vaultnet.DomainAnswer.Hash(value)
	if q.Full {
		m.Value = value
	}
	return m
}

func (v *vault) view(q *wire.GetView) wire.Message {
	s, _ := v.state(q.Address)
	m := &wire.ViewAnswer{Call: q.Call, Address: q.Address}
	switch {
	case v.pointer(s, q.Address) != nil:
		m.Err, m.Set = refusal.New(refusal.DataExists), v.pointer(s, q.Address)
	case v.unsettled:
		m.Err = refusal.New(refusal.NotSettled)
	default:
		m.Members = v.nearer(q.Address)
		m.View = &agreement.View{Time: v.w.now, By: v.attest(agreement.ViewLeaf(v.w.network, q.Address, m.Members, v.w.now))}
	}
	return m
}

func (v *vault) outcome(q *wire.GetOutcome) wire.Message {
	s, h := v.state(q.Address)
	m := &wire.OutcomeAnswer{Call: q.Call, Outcome: agreement.Refused, Height: h, Set: refOf(s.set)}
	if d, ok := s.applied[q.ID]; ok {
		m.Outcome, m.Height, m.Result = agreement.Applied, d.height, d.result
		return m
	}
	m.Clear = v.w.now > q.Deadline.Add(v.w.params.Skew) && v.pool[q.ID] == nil
	m.Final = q.Deadline <= s.time
	return m
}

func (v *vault) statement(q *wire.GetStatement) wire.Message {
	s, _ := v.state(q.Address)
	m := &wire.StatementAnswer{Call: q.Call, Set: refOf(s.set)}
	st, ok := s.usage.State(q.Address, q.Permit, q.Expires, s.time)
	if m.Statement = st; ok && (st.Closed || v.w.now > q.Expires.Add(v.w.params.Skew)) {
		m.By = v.attest(st.Leaf(v.w.network))
	}
	return m
}
