package routing

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ttransport "github.com/libp2p/go-libp2p/p2p/transport/testsuite"
	"github.com/multiformats/go-multiaddr"

	"vaultnet"
)

// onTCP is where the nodes of these tests listen.
const onTCP = "/ip4/127.0.0.1/tcp/0"

// bareShortcut is the transport of the i-th identity, without a node.
func bareShortcut(t testing.TB, process *Memory, i byte) *shortcut {
	t.Helper()
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{i}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	security, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		t.Fatal(err)
	}
	limits := &network.NullResourceManager{}
	u, err := upgrader.New([]sec.SecureTransport{security}, muxers, nil, limits, nil)
	if err != nil {
		t.Fatal(err)
	}
	over, err := tcp.NewTCPTransport(u, limits, nil, tcp.DisableReuseport())
	if err != nil {
		t.Fatal(err)
	}
	return &shortcut{TcpTransport: over, process: process, self: id, key: key.GetPublic(), limits: limits}
}

// A shortcut is all that libp2p asks of a transport.
func TestShortcutIsATransport(t *testing.T) {
	process := NewMemory()
	from, to := bareShortcut(t, process, 1), bareShortcut(t, process, 2)
	ttransport.SubtestTransport(t, from, to, onTCP, from.self)
}

// met is the two ends of a connection, and where the second listens.
func met(t testing.TB, from, to *shortcut) (dialled, accepted transport.CapableConn, at multiaddr.Multiaddr) {
	t.Helper()
	l, err := to.Listen(multiaddr.StringCast(onTCP))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came := make(chan transport.CapableConn, 1)
	go func() {
		c, _ := l.Accept()
		came <- c
	}()
	dialled, err = from.Dial(t.Context(), l.Multiaddr(), to.self)
	if err != nil {
		t.Fatal(err)
	}
	accepted = <-came
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	return dialled, accepted, l.Multiaddr()
}

// Nodes of one process meet without TCP, those of two by TCP, and both know with whom they speak.
func TestShortcutWithinAProcess(t *testing.T) {
	here, elsewhere := NewMemory(), NewMemory()
	for process, want := range map[*Memory]string{here: "process", elsewhere: "tcp"} {
		from, to := bareShortcut(t, process, 1), bareShortcut(t, here, 2)
		dialled, accepted, _ := met(t, from, to)
		for _, c := range []transport.CapableConn{dialled, accepted} {
			if got := c.ConnState().Transport; got != want {
				t.Errorf("by %q, want %q", got, want)
			}
		}
		if dialled.RemotePeer() != to.self || accepted.RemotePeer() != from.self || !dialled.RemotePublicKey().Equals(to.key) ||
			!accepted.RemotePublicKey().Equals(from.key) || dialled.LocalPeer() != from.self {
			t.Errorf("by %q: who is there is not who it is", want)
		}
	}
}

// opened is the two ends of a stream from one end of a connection to the other.
func opened(t testing.TB, from, to transport.CapableConn) (near, far network.MuxedStream) {
	t.Helper()
	near, err := from.OpenStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if far, err = to.AcceptStream(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// Somebody else's address, a listener that is closed, and one that accepts nothing are errors.
func TestShortcutToNobody(t *testing.T) {
	process := NewMemory()
	from, to, third := bareShortcut(t, process, 1), bareShortcut(t, process, 2), bareShortcut(t, process, 3)
	l, err := to.Listen(multiaddr.StringCast(onTCP))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.Dial(t.Context(), l.Multiaddr(), third.self); err == nil {
		t.Error("connected to whoever was there")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := from.Dial(ctx, l.Multiaddr(), to.self); err == nil {
		t.Error("connected to a listener that accepts nothing")
	}
	l.Close()
	if _, err := from.Dial(t.Context(), l.Multiaddr(), to.self); err == nil {
		t.Error("connected to a closed listener")
	}
	if _, err := l.Accept(); err != transport.ErrListenerClosed {
		t.Errorf("a closed listener accepts: %v", err)
	}
	if len(process.shortcuts) != 0 {
		t.Errorf("%d listeners are remembered", len(process.shortcuts))
	}
}

// When one end closes a connection the other notices, and whoever waits for a stream of it is told.
func TestShortcutCloses(t *testing.T) {
	process := NewMemory()
	a, b, _ := met(t, bareShortcut(t, process, 1), bareShortcut(t, process, 2))
	near, far := opened(t, a, b)
	read := make(chan error, 1)
	go func() {
		_, err := far.Read(make([]byte, 1))
		read <- err
	}()
	a.Close()
	if err := <-read; err == nil || err == io.EOF {
		t.Errorf("a stream of a connection that was cut ends with %v", err)
	}
	if _, err := near.Write([]byte("x")); err == nil {
		t.Error("written to a stream of a closed connection")
	}
	if !b.IsClosed() {
		t.Error("the other end does not notice")
	}
	if _, err := b.AcceptStream(); err == nil {
		t.Error("a stream came by a closed connection")
	}
	if _, err := b.OpenStream(t.Context()); err == nil {
		t.Error("a stream was opened on a closed connection")
	}
}

// Why a stream was reset is told at the other end.
func TestShortcutTellsWhy(t *testing.T) {
	process := NewMemory()
	a, b, _ := met(t, bareShortcut(t, process, 1), bareShortcut(t, process, 2))
	near, far := opened(t, a, b)
	near.ResetWithError(network.StreamProtocolViolation)
	_, err := far.Read(make([]byte, 1))
	if e, ok := err.(*network.StreamError); !ok || e.ErrorCode != network.StreamProtocolViolation || !e.Remote {
		t.Errorf("told %v", err)
	}
}

// named is a handler that notes who sent the frames that came.
type named struct{ from chan vaultnet.PublicKey }

func (h named) Frame(from vaultnet.PublicKey, _ []byte) error { h.from <- from; return nil }
func (named) Up(vaultnet.PublicKey)                           {}
func (named) Down(vaultnet.PublicKey)                         {}
func (named) Known([]vaultnet.PublicKey)                      {}

// Whole nodes with shortcuts and one without are one network.
func TestNodesWithShortcuts(t *testing.T) {
	process := NewMemory()
	var nodes []*Node
	var handlers []named
	var bootstrap []string
	for i := range 4 {
		h := named{make(chan vaultnet.PublicKey, 16)}
		n, err := New(Config{Seed: [32]byte{byte(i + 1)}, Network: vaultnet.NetworkID{1}, Vault: true, Listen: []string{onTCP},
			Bootstrap: bootstrap, Memory: process, Shortcut: i < 3}, h)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		if err := n.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
		nodes, handlers = append(nodes, n), append(handlers, h)
		bootstrap = nodes[0].Addresses()
	}
	for i, from := range nodes {
		for j, to := range nodes {
			if i == j {
				continue
			}
			from.Send(to.key, make([]byte, vaultnet.MaxFrame/8))
			select {
			case got := <-handlers[j].from:
				if got != from.key {
					t.Fatalf("a frame of node %d comes from %v", i, got.Short())
				}
			case <-time.After(time.Minute):
				t.Fatalf("no frame of node %d came to node %d", i, j)
			}
			want := "tcp"
			if i < 3 && j < 3 {
				want = "process"
			}
			for _, c := range from.host.Network().ConnsToPeer(to.host.ID()) {
				if got := c.ConnState().Transport; got != want {
					t.Errorf("nodes %d and %d meet by %q, want %q", i, j, got, want)
				}
			}
		}
	}
}
