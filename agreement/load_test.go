package agreement

import (
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// A damaged store is an error, not a lie told to others, and never a panic.

// spoiled loads the member's store with its vote record changed.
func (s *solo) spoiled(change func(r *voteRecord)) error {
	s.t.Helper()
	r := s.stored()
	change(r)
	key := string([]byte{sectionVote})
	good := s.m.store[key]
	s.m.store[key] = canonical.Marshal(r)
	_, err := Load(s.config(s.m), s.m.host, s.address, s.stores(s.m))
	s.m.store[key] = good
	return err
}

func TestLoadRefusesADamagedVoteRecord(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	lock(s, x)
	s.reach(1)
	s.reproposes(1, x, s.polka(0, x))
	s.prevotes(1, x, 1, 5)
	s.casts("prevote 1 X", "lock 1 X", "precommit 1 X")
	if err := s.spoiled(func(*voteRecord) {}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *voteRecord){
		"a vote of no type":       func(r *voteRecord) { r.Prevote[0].Ballot.Type = 0 },
		"a vote of another type":  func(r *voteRecord) { r.Prevote[0].Ballot.Type = Precommit },
		"a vote of type 200":      func(r *voteRecord) { r.Precommit[0].Ballot.Type = 200 },
		"a vote of another round": func(r *voteRecord) { r.Prevote[0].Ballot.Round = 7 },
		"another round":           func(r *voteRecord) { r.Round = 7 },
		"the last round there is": func(r *voteRecord) { r.Round = 1<<32 - 1; r.Prevote, r.Precommit = nil, nil },
		"another's vote":          func(r *voteRecord) { r.Prevote[0].By = s.by(3) },
		"two votes":               func(r *voteRecord) { r.Prevote = append(r.Prevote, r.Prevote[0]) },
		"a vote at another past":  func(r *voteRecord) { r.Prevote[0].Ballot.Previous[0] ^= 1 },
		"proof of no type":        func(r *voteRecord) { r.Proof[0].Ballot.Type = 3 },
		"a lock without quorum":   func(r *voteRecord) { r.Lock[0].By = r.Lock[0].By[1:] },
		"a lock on what is gone":  func(r *voteRecord) { r.Lock[0].Ballot.Block[0] ^= 1 },
		"a lock of precommits":    func(r *voteRecord) { r.Lock[0].Ballot.Type = Precommit },
		"a valid value gone": func(r *voteRecord) {
			c := *r.Lock[0]
			c.Ballot.Block[0] ^= 1
			r.Valid = []*Certificate{&c}
		},
		"a lock of the future":   func(r *voteRecord) { r.Lock[0].Ballot.Round = 9 },
		"voted for what is gone": func(r *voteRecord) { r.Voted[0] ^= 1 },
		"a commit of nobody":     func(r *voteRecord) { r.Commit = []*Certificate{{}} },
	} {
		if s.spoiled(change) == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	delete(s.m.store, string(proposalKey(x.digest)))
	if _, err := Load(s.config(s.m), s.m.host, s.address, s.stores(s.m)); err == nil {
		t.Error("loaded without the block it is locked on")
	}
}

func TestLoadRefusesADamagedHead(t *testing.T) {
	s := alone(t, 8, 7)
	key := string([]byte{sectionHead})
	good := s.m.store[key]
	for name, change := range map[string]func(h *headRecord){
		"another time":            func(h *headRecord) { h.Header.Time++ },
		"another state":           func(h *headRecord) { h.Header.State[0] ^= 1 },
		"another height":          func(h *headRecord) { h.Header.Height++ },
		"another set":             func(h *headRecord) { h.Set.Members = h.Set.Members[1:] },
		"too few signatures":      func(h *headRecord) { h.Certificate.By = h.Certificate.By[3:] },
		"a certificate of nobody": func(h *headRecord) { h.Certificate = &Certificate{} },
		"no voters":               func(h *headRecord) { h.Voters = &Set{} },
		"hosts of voters": func(h *headRecord) {
			h.Voters = &Set{Number: 1}
			for i := range 40 {
				h.Voters.Members = append(h.Voters.Members, vault(i))
			}
			h.Certificate.Ballot.Set = h.Voters.Digest()
		},
	} {
		h := new(headRecord)
		if err := canonical.Unmarshal(good, h, maxRecordSize); err != nil {
			t.Fatal(err)
		}
		change(h)
		s.m.store[key] = canonical.Marshal(h)
		if _, err := Load(s.config(s.m), s.m.host, s.address, s.stores(s.m)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

// A set that nobody could have agreed on, under digests that fit it.
func TestLoadRefusesASetOfHosts(t *testing.T) {
	s := alone(t, 1, 0)
	var keys []vaultnet.PublicKey
	for i := range 40 {
		keys = append(keys, vault(i))
	}
	hosts := NewSet(2, s.address, keys)
	h := new(headRecord)
	if err := canonical.Unmarshal(s.m.store[string([]byte{sectionHead})], h, maxRecordSize); err != nil {
		t.Fatal(err)
	}
	state := *s.m.object.state
	state.Set = hosts
	h.Set, h.Header.Set, h.Header.State = hosts, hosts.Digest(), state.Digest()
	h.Certificate.Ballot.Block = h.Header.Digest(s.cfg.Network, s.address)
	s.m.store[string([]byte{sectionHead})] = canonical.Marshal(h)
	o, err := Load(s.config(s.m), s.m.host, s.address, s.stores(s.m))
	if err == nil {
		for _, k := range keys {
			b := Ballot{Height: 2, Type: Prevote, Set: o.setDigest, Previous: o.digest}
			o.Step(s.now, s.m.host, Input{From: k, Bundle: &Bundle{Address: s.address, Height: 1, Votes: []*Vote{{Ballot: b, By: s.voteBy(k)}}}})
		}
		t.Fatal("loaded")
	}
}

func TestLoadRefusesWhatIsNoRecord(t *testing.T) {
	s := alone(t, 8, 7)
	for _, w := range []vaultnet.Write{
		{Key: nil, Value: []byte{1}},
		{Key: []byte("x"), Value: []byte{1}},
		{Key: []byte("l123"), Value: []byte{1}},
		{Key: append([]byte("l"), make([]byte, 40)...), Value: []byte{1}},
		{Key: []byte("w"), Value: make([]byte, 8)},
		{Key: append([]byte("w"), make([]byte, 32)...), Value: []byte{1}},
		{Key: []byte("v"), Value: []byte{1}},
		{Key: []byte("h"), Value: []byte{0x80}},
	} {
		if _, err := Load(s.config(s.m), s.m.host, s.address, append(s.stores(s.m), w)); err == nil {
			t.Errorf("%q = %x: loaded", w.Key, w.Value)
		}
	}
}

// A vote record at an address that holds nothing, without where its set came from.
func TestLoadRefusesVotesOfNoSet(t *testing.T) {
	s := unborn(t, 8, 3)
	r := s.request("0=g", 1)
	s.submit(r)
	s.proposes(0, s.block("X", r))
	if err := s.spoiled(func(*voteRecord) {}); err != nil {
		t.Fatal(err)
	}
	if s.spoiled(func(r *voteRecord) { r.First = nil }) == nil {
		t.Fatal("its votes are forgotten")
	}
}

// A body that is not what its block names.
func TestLoadRefusesAnotherBody(t *testing.T) {
	s := alone(t, 8, 7)
	a, b := s.request("1=a", 1), s.request("1=b", 1)
	x := s.block("X", a)
	s.proposes(0, x)
	rec := new(proposalRecord)
	key := string(proposalKey(x.digest))
	if err := canonical.Unmarshal(s.m.store[key], rec, maxRecordSize); err != nil {
		t.Fatal(err)
	}
	for _, bodies := range [][]bodyRecord{{}, {{Bytes: b.Bytes, Attached: []byte{}}}, {{Bytes: []byte("?"), Attached: []byte{}}}} {
		rec.Bodies = bodies
		s.m.store[key] = canonical.Marshal(rec)
		if _, err := Load(s.config(s.m), s.m.host, s.address, s.stores(s.m)); err == nil {
			t.Errorf("loaded with %d bodies", len(bodies))
		}
	}
}
