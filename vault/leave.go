package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/routing"
)

// Left is how far a vault's leaving got.
type Left struct {
	Objects int // of whose set the vault was a member
	Taken   int // of those whose members have replaced or dropped it, as w of them say alike
	Chunks  int // that it held; every other holder has them, and the vaults that come to be among the nearest fetch them
}

// Of asking whether others have taken over.
const (
	leaveAsk   = time.Second // between two rounds of questions
	leaveGrace = 20 * time.Second
)

// Leave takes the vault out of its network. It stops in good order, and the members of what it held then miss it: after
// T_leave they replace it by another vault, or drop it, where the rules allow either (design §6). Leave waits for that as
// long as ctx lets it and anything happens, asking as a stranger who the members are; where there is no vault to take its
// place, and the set must not shrink, that is no longer than T_leave and a little. What has not been taken over is not
// lost: the other members hold it, one fault nearer to stopping.
//
// The store stays as it is. A vault that is started on it again is a member that was away.
func (v *Vault) Leave(ctx context.Context) (Left, error) {
	held, err := v.Holdings()
	if err != nil {
		return Left{}, err
	}
	s, err := v.Status()
	if err != nil {
		return Left{}, err
	}
	left := Left{Chunks: s.Chunks}
	l := &leaving{self: v.Key(), network: v.networkID, verifier: v.cfg.Verifier, sets: make(map[vaultnet.Address]*leavingSet)}
	for _, h := range held {
		if h.Member {
			left.Objects++
			if len(h.Set.Members) > 1 {
				l.sets[h.Address] = &leavingSet{set: h.Set}
			}
		}
	}
	contacts := slices.Concat(v.net.Met(), v.cfg.Bootstrap)
	if err := v.Close(); err != nil {
		return left, err
	}
	left.Taken, err = l.follow(ctx, v.cfg, contacts)
	return left, err
}

// leaving asks, as a stranger, who the members of a former member's objects are.
type leaving struct {
	self     vaultnet.PublicKey
	network  vaultnet.NetworkID
	verifier vaultnet.Verifier

	mu    sync.Mutex
	sets  map[vaultnet.Address]*leavingSet // of which it is not known yet that it was replaced
	taken int
}

// leavingSet is a set that the vault is to be replaced in.
type leavingSet struct {
	set  *agreement.Set
	said map[vaultnet.PublicKey]vaultnet.Digest // members that named a newer set without this vault
}

// follow asks until all is taken over, or nothing more happens.
func (l *leaving) follow(ctx context.Context, cfg Config, contacts []string) (int, error) {
	if len(l.sets) == 0 || len(contacts) == 0 {
		return 0, nil
	}
	var seed [32]byte
	rand.Read(seed[:])
	node, err := routing.New(routing.Config{Seed: seed, Network: l.network, Bootstrap: contacts, Peers: cfg.Peers,
		Latency: cfg.Latency, Memory: cfg.Fabric}, l)
	if err != nil {
		return 0, err
	}
	defer node.Close()
	join, cancel := context.WithTimeout(ctx, joinTry)
	err = node.Join(join)
	cancel()
	if err != nil {
		return 0, fmt.Errorf("vault: it has stopped, but cannot see whether others take over: %w", err)
	}
	ticker := time.NewTicker(leaveAsk)
	defer ticker.Stop()
	patience := cfg.Parameters.LeaveAfter + leaveGrace
	for last, at := 0, time.Now(); ; {
		open, taken := l.ask(node)
		if taken > last {
			last, at = taken, time.Now()
		}
		if open == 0 || time.Since(at) > patience {
			return taken, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return taken, errors.Join(ctx.Err())
		}
	}
}

// ask asks all members of what is open, and returns how much that is and how much is not any more.
func (l *leaving) ask(node *routing.Node) (open, taken int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	questions := make(map[vaultnet.PublicKey][]wire.Message)
	for a, s := range l.sets {
		for _, m := range s.set.Members {
			if m != l.self {
				questions[m] = append(questions[m], &wire.GetSet{Call: 1, Address: a})
			}
		}
	}
	for to, messages := range questions {
		frames, err := wire.Encode(messages)
		if err == nil {
			node.Send(to, frames...)
		}
	}
	return len(l.sets), l.taken
}

// Frame takes members' answers.
func (l *leaving) Frame(from vaultnet.PublicKey, frame []byte) error {
	messages, err := wire.Open(frame, l.network, l.verifier)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range messages {
		if a, ok := m.(*wire.SetAnswer); ok {
			l.answered(from, a)
		}
	}
	return nil
}

// answered counts a member's word; w alike are believed. The caller holds the lock.
func (l *leaving) answered(from vaultnet.PublicKey, m *wire.SetAnswer) {
	s := l.sets[m.Address]
	if s == nil || s.set.Index(from) < 0 || m.Set == nil || m.Set.Number <= s.set.Number || m.Set.Index(l.self) >= 0 {
		return
	}
	if s.said == nil {
		s.said = make(map[vaultnet.PublicKey]vaultnet.Digest)
	}
	digest := m.Set.Digest()
	s.said[from] = digest
	alike := 0
	for _, d := range s.said { // in any order: counted
		if d == digest {
			alike++
		}
	}
	if alike >= s.set.Weak() {
		delete(l.sets, m.Address)
		l.taken++
	}
}

// Up, Down and Known are of no interest to who leaves.
func (l *leaving) Up(vaultnet.PublicKey)      {}
func (l *leaving) Down(vaultnet.PublicKey)    {}
func (l *leaving) Known([]vaultnet.PublicKey) {}
