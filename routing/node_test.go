package routing_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/routing"
	"vaultnet/xor"
)

const tcp, quic, memory = "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1", "/memory/0"

// numbered is a frame with a number, of a length that depends on it.
func numbered(i int) []byte {
	frame := make([]byte, 8+i%300)
	binary.BigEndian.PutUint64(frame, uint64(i))
	return frame
}

func TestFramesArriveInOrderBothWays(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{tcp, quic, memory} {
		t.Run(strings.Split(listen, "/")[1]+"-"+strings.Split(listen+"///", "/")[3], func(t *testing.T) {
			nodes, handlers := vaults(t, 2, listen, routing.NewMemory())
			const frames = 10_000
			for i := range nodes {
				to := nodes[1-i].Identity()
				handlers[i].wait(t, "the other is up", func() bool { return handlers[i].isUp(to) })
				go func() {
					for j := range frames {
						nodes[i].Send(to, numbered(j))
						if j%1000 == 999 { // stay below the bound of the queue
							handlers[1-i].wait(t, "frames", func() bool { return len(handlers[1-i].frames[nodes[i].Identity()]) > j-1000 })
						}
					}
				}()
			}
			for i, h := range handlers {
				from := nodes[1-i].Identity()
				h.wait(t, "all frames", func() bool { return len(h.frames[from]) >= frames })
				for j, f := range h.frames[from] {
					if string(f) != string(numbered(j)) {
						t.Fatalf("frame %d of node %d is %x", j, i, f)
					}
				}
			}
			// What was read may not yet have been counted by the writer.
			waitFor(t, "counts", func() bool { return nodes[0].Statistics().FramesSent == frames })
			s := nodes[0].Statistics()
			if s.DroppedFull+s.DroppedUnreachable+s.LostOnBreak != 0 || s.QueueBytes != 0 || s.QueueFrames != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestFramesOfEveryLength(t *testing.T) {
	nodes, handlers := vaults(t, 2, memory, routing.NewMemory())
	from, to := nodes[0].Identity(), nodes[1].Identity()
	var want [][]byte
	for _, size := range []int{1, 3, 4, 5, 4092, 4096, 65531, 65532, 65533, 65536, 131_068, 131_072, 1 << 20, vaultnet.MaxFrame - 1, vaultnet.MaxFrame} {
		frame := make([]byte, size)
		for i := range frame {
			frame[i] = byte(i * size >> 7)
		}
		want = append(want, frame)
	}
	nodes[0].Send(to, nil, make([]byte, vaultnet.MaxFrame+1), []byte{})
	nodes[0].Send(to, want...)
	handlers[1].wait(t, "all frames", func() bool { return len(handlers[1].frames[from]) == len(want) })
	for i, f := range handlers[1].frames[from] {
		if string(f) != string(want[i]) {
			t.Errorf("frame %d of %d bytes arrived with %d bytes, or otherwise changed", i, len(want[i]), len(f))
		}
	}
	if s := nodes[0].Statistics(); s.DroppedFull != 3 {
		t.Errorf("%d frames dropped, want the two empty ones and the one too long", s.DroppedFull)
	}
}

// Each dials the other at the same moment, many times over: nothing that is sent once both are up gets lost.
func TestSimultaneousDial(t *testing.T) {
	for round := range 10 {
		network := routing.NewMemory()
		nodes, handlers := make([]*routing.Node, 2), []*recorder{newRecorder(), newRecorder()}
		for i := range nodes {
			nodes[i] = start(t, routing.Config{
				Seed: seed(i), Vault: true, Listen: []string{fmt.Sprintf("/memory/%d", i+1)}, Memory: network,
				Bootstrap: []string{fmt.Sprintf("/memory/%d/p2p/%s", 2-i, peerID(t, 1-i))},
			}, handlers[i])
		}
		join(t, nodes...)
		const frames = 200
		for j := range frames {
			for i := range nodes {
				nodes[i].Send(nodes[1-i].Identity(), numbered(j))
			}
		}
		for i, h := range handlers {
			from := nodes[1-i].Identity()
			h.wait(t, fmt.Sprintf("all frames of round %d", round), func() bool { return len(h.frames[from]) >= frames })
			for j, f := range h.frames[from] {
				if string(f) != string(numbered(j)) {
					t.Fatalf("round %d, node %d: frame %d is %x", round, i, j, f)
				}
			}
		}
		for _, n := range nodes {
			n.Close()
		}
	}
}

func TestVaultsStartedTogetherKnowTheirNeighbours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		n      int
		listen string
	}{{"16-tcp", 16, tcp}, {"16-quic", 16, quic}, {"32-memory", 32, memory}} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.n > 16 {
				t.Skip("many handshakes")
			}
			nodes, handlers := vaults(t, c.n, c.listen, routing.NewMemory())
			all := make([]vaultnet.PublicKey, len(nodes))
			for i, n := range nodes {
				all[i] = n.Identity()
			}
			for i, h := range handlers {
				// The 16 nearest, which the core needs; a bucket of the table has 20 places, so that of 32 not all
				// need be known.
				want := xor.Nearest(all[i].Location(), slices.DeleteFunc(slices.Clone(all), func(k vaultnet.PublicKey) bool { return k == all[i] }), 16)
				h.wait(t, "the nearest are known", func() bool {
					if len(h.known) == 0 {
						return false
					}
					known := h.known[len(h.known)-1]
					return len(known) >= len(want) && slices.Equal(known[:len(want)], want)
				})
				if got := nodes[i].Known(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
					t.Errorf("Known of vault %d: %d vaults, not those that the handler was told", i, len(got))
				}
				for _, k := range want {
					h.wait(t, "the nearest are up", func() bool { return h.isUp(k) })
				}
			}
		})
	}
}

func TestFirstVaultIsToldThatItIsAlone(t *testing.T) {
	for _, itself := range []bool{false, true} {
		h := newRecorder()
		cfg := routing.Config{Seed: seed(0), Vault: true, Listen: []string{"/memory/7"}, Memory: routing.NewMemory()}
		if itself {
			cfg.Bootstrap = []string{"/memory/7/p2p/" + peerID(t, 0)}
		}
		n := start(t, cfg, h)
		join(t, n)
		h.wait(t, "an empty table", func() bool { return h.knows(0) })
		if n.Known() == nil || len(n.Known()) != 0 {
			t.Errorf("knows %v", n.Known())
		}
		if _, err := n.Lookup(t.Context(), vaultnet.Name{1}); err == nil {
			t.Error("a lookup among nobody succeeds")
		}
	}
}

func TestLookupFindsTheNearest(t *testing.T) {
	t.Parallel()
	network := routing.NewMemory()
	nodes, _ := vaults(t, 12, memory, network)
	client := start(t, routing.Config{Seed: seed(100), Bootstrap: nodes[3].Addresses(), Memory: network}, newRecorder())
	join(t, client)
	var all []vaultnet.PublicKey
	for _, n := range nodes {
		all = append(all, n.Identity())
	}
	for i := range 5 {
		name := vaultnet.Name{byte(i), 9}
		for _, asker := range []*routing.Node{client, nodes[i]} {
			others := slices.DeleteFunc(slices.Clone(all), func(k vaultnet.PublicKey) bool { return k == asker.Identity() })
			want := xor.Nearest(vaultnet.Address{Name: name}.Location(), others, 8)
			waitFor(t, "the lookup finds the nearest", func() bool {
				got, err := asker.Lookup(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				return slices.Equal(got[:8], want)
			})
		}
	}
	if met := client.Met(); len(met) < 8 || !strings.HasPrefix(met[0], "/memory/") {
		t.Errorf("met %v", met)
	}
}

// A client that knows one vault sends to another, of which it has only the key.
func TestSendFindsAPeerByItsKey(t *testing.T) {
	nodes, handlers := vaults(t, 4, tcp, nil)
	h := newRecorder()
	client := start(t, routing.Config{Seed: seed(100), Bootstrap: nodes[0].Addresses()}, h)
	client.Send(nodes[2].Identity(), []byte("too early: nobody is known yet"))
	waitFor(t, "the frame is dropped", func() bool { return client.Statistics().DroppedUnreachable == 1 })
	join(t, client)
	waitFor(t, "a frame arrives", func() bool {
		client.Send(nodes[2].Identity(), []byte("hello"))
		time.Sleep(50 * time.Millisecond)
		handlers[2].mu.Lock()
		defer handlers[2].mu.Unlock()
		return len(handlers[2].frames[client.Identity()]) > 0
	})
	// The answer takes the connection that is there; the vault says Up of vaults only.
	nodes[2].Send(client.Identity(), []byte("answer"))
	h.wait(t, "the answer", func() bool { return len(h.frames[nodes[2].Identity()]) == 1 })
	client.Close()
	handlers[2].wait(t, "the client is down", func() bool { return handlers[2].downs(client.Identity()) == 1 })
	handlers[2].mu.Lock()
	defer handlers[2].mu.Unlock()
	if slices.Contains(handlers[2].events, event{true, client.Identity()}) {
		t.Error("Up was said of a client")
	}
	for _, n := range nodes {
		if slices.Contains(n.Known(), client.Identity()) {
			t.Error("a client is in a routing table")
		}
	}
}

func TestRestartedPeerComesBack(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1", "/memory/0"} {
		t.Run(strings.ReplaceAll(listen[1:], "/", "-"), func(t *testing.T) {
			t.Parallel()
			network := routing.NewMemory()
			nodes, handlers := vaults(t, 4, listen, network)
			victim := nodes[3].Identity()
			for i := range 3 {
				handlers[i].wait(t, "the victim is up", func() bool { return handlers[i].isUp(victim) })
			}
			nodes[0].Protect([]vaultnet.PublicKey{victim, nodes[1].Identity()})
			address := nodes[3].Addresses()[0]
			nodes[3].Close()
			for i := range 3 {
				handlers[i].wait(t, "the victim is down", func() bool { return handlers[i].downs(victim) == 1 })
				handlers[i].wait(t, "the victim is no longer known", func() bool { return handlers[i].knows(2) })
			}
			h := newRecorder()
			again := start(t, routing.Config{Seed: seed(3), Vault: true, Memory: network,
				Listen: []string{strings.Split(address, "/p2p/")[0]}, Bootstrap: nodes[1].Addresses()}, h)
			// The fellow member finds it before it does anything of its own accord.
			handlers[0].wait(t, "the member is up again", func() bool { return handlers[0].isUp(victim) })
			join(t, again)
			for i := range 3 {
				handlers[i].wait(t, "the victim is up again", func() bool { return handlers[i].isUp(victim) })
				handlers[i].wait(t, "the victim is known again", func() bool { return handlers[i].knows(3) })
				nodes[i].Send(victim, []byte("welcome"))
				h.wait(t, "a frame", func() bool { return len(h.frames[nodes[i].Identity()]) == 1 })
				again.Send(nodes[i].Identity(), []byte("thanks"))
				handlers[i].wait(t, "an answer", func() bool { return len(handlers[i].frames[victim]) == 1 })
			}
		})
	}
}

// A client that has met a vault finds it where it has moved to.
func TestMovedVaultIsFound(t *testing.T) {
	network := routing.NewMemory()
	nodes, _ := vaults(t, 3, memory, network)
	h := newRecorder()
	client := start(t, routing.Config{Seed: seed(100), Bootstrap: nodes[0].Addresses(), Memory: network}, h)
	join(t, client)
	moved := nodes[2].Identity()
	h.wait(t, "the vault is up", func() bool { return h.isUp(moved) })
	nodes[2].Close()
	h.wait(t, "the vault is down", func() bool { return h.downs(moved) == 1 })
	h2 := newRecorder()
	again := start(t, routing.Config{Seed: seed(2), Vault: true, Listen: []string{"/memory/77"}, Bootstrap: nodes[0].Addresses(), Memory: network}, h2)
	join(t, again)
	waitFor(t, "a frame arrives", func() bool {
		client.Send(moved, []byte("hello"))
		time.Sleep(20 * time.Millisecond)
		h2.mu.Lock()
		defer h2.mu.Unlock()
		return len(h2.frames[client.Identity()]) > 0
	})
}

// A network whose vaults are all stopped and started again, the bootstrap vault last, is whole again without help.
func TestWholeNetworkRestarts(t *testing.T) {
	t.Parallel()
	network := routing.NewMemory()
	const n = 5
	config := func(i int) routing.Config {
		c := routing.Config{Seed: seed(i), Vault: true, Memory: network, Listen: []string{fmt.Sprintf("/memory/%d", i+1)}}
		if i > 0 {
			c.Bootstrap = []string{"/memory/1/p2p/" + peerID(t, 0)}
		}
		return c
	}
	for range 2 {
		var nodes []*routing.Node
		var handlers []*recorder
		joined := make(chan error, n)
		for i := n - 1; i >= 0; i-- {
			h := newRecorder()
			node := start(t, config(i), h)
			nodes, handlers = append(nodes, node), append(handlers, h)
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				joined <- node.Join(ctx)
			}()
		}
		for range n {
			if err := <-joined; err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range handlers {
			h.wait(t, "everybody is known", func() bool { return h.knows(n - 1) })
		}
		for _, n := range nodes {
			n.Close()
		}
	}
}

func TestJoinGoesOnAfterItHasFailed(t *testing.T) {
	t.Parallel()
	network := routing.NewMemory()
	h := newRecorder()
	early := start(t, routing.Config{Seed: seed(1), Vault: true, Memory: network, Listen: []string{"/memory/2"},
		Bootstrap: []string{"/memory/1/p2p/" + peerID(t, 0)}}, h)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := early.Join(ctx)
	if err == nil || !strings.Contains(err.Error(), "/memory/1/p2p/") {
		t.Fatalf("joined a network that is not there: %v", err)
	}
	first := start(t, routing.Config{Seed: seed(0), Vault: true, Memory: network, Listen: []string{"/memory/1"}}, newRecorder())
	join(t, first)
	h.wait(t, "the first vault is known", func() bool { return h.knows(1) })
}

func TestOtherNetworksAreNotSpokenTo(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{tcp, memory} {
		network := routing.NewMemory()
		h := newRecorder()
		ours := start(t, routing.Config{Seed: seed(0), Vault: true, Memory: network, Listen: []string{listen}}, h)
		join(t, ours)
		theirs := start(t, routing.Config{Seed: seed(1), Vault: true, Memory: network, Listen: []string{listen},
			Network: vaultnet.NetworkID{9}, Bootstrap: ours.Addresses()}, newRecorder())
		var err error
		for _, patience := range []time.Duration{time.Second, 20 * time.Second} { // more where the machine has much else to do
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err = theirs.Join(ctx); err == nil || strings.Contains(err.Error(), "another network") {
				break
			}
		}
		if err == nil || !strings.Contains(err.Error(), "another network") {
			t.Fatalf("joining another network: %v", err)
		}
		theirs.Send(ours.Identity(), []byte("nobody listens"))
		waitFor(t, "the stranger is let go", func() bool { return ours.Statistics().Strangers > 0 && ours.Statistics().Peers == 0 })
		h.mu.Lock()
		if len(h.frames) > 0 || len(h.known) != 1 || h.isUp(theirs.Identity()) {
			t.Errorf("frames %v, known %v, events %v", h.frames, h.known, h.events)
		}
		h.mu.Unlock()
	}
}

func TestLatencyIsAddedToEveryFrame(t *testing.T) {
	network := routing.NewMemory()
	const latency = 40 * time.Millisecond
	arrived := make(chan time.Time, 10)
	h := newRecorder()
	h.onFrame = func(vaultnet.PublicKey, []byte) error { arrived <- time.Now(); return nil }
	to := start(t, routing.Config{Seed: seed(0), Vault: true, Memory: network, Listen: []string{memory}}, h)
	join(t, to)
	from := start(t, routing.Config{Seed: seed(1), Memory: network, Latency: latency, Bootstrap: to.Addresses()}, newRecorder())
	join(t, from)
	for range 3 {
		sent := time.Now()
		from.Send(to.Identity(), []byte("a"), []byte("b"))
		for range 2 {
			if took := (<-arrived).Sub(sent); took < latency {
				t.Errorf("a frame took %v, less than the latency", took)
			}
		}
	}
}

func TestCloseTwiceAndUseAfter(t *testing.T) {
	nodes, _ := vaults(t, 2, memory, routing.NewMemory())
	nodes[1].Send(nodes[0].Identity(), []byte("on its way"))
	nodes[1].Close()
	if err := nodes[1].Close(); err != nil {
		t.Error(err)
	}
	nodes[1].Send(nodes[0].Identity(), []byte("too late"))
	nodes[1].Protect([]vaultnet.PublicKey{nodes[0].Identity()})
	if err := nodes[1].Join(t.Context()); err != routing.ErrClosed {
		t.Errorf("Join of a closed node: %v", err)
	}
	if _, err := nodes[1].Lookup(t.Context(), vaultnet.Name{}); err != routing.ErrClosed {
		t.Errorf("Lookup of a closed node: %v", err)
	}
}
