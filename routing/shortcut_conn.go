package routing

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
)

// shortcutConn is one end of a connection between two nodes of this process.
type shortcutConn struct {
	*shortcutLink
	owner         *shortcut
	other         *shortcutConn
	local, remote multiaddr.Multiaddr
	scope         network.ConnManagementScope
	incoming      chan *shortcutStream
	once          sync.Once
}

// shortcutLink is what the two ends share.
type shortcutLink struct {
	closed  chan struct{}
	mu      sync.Mutex
	over    bool                         // closed is closed
	streams map[*shortcutStream]struct{} // that are not closed
}

// streamsWaiting is how many streams wait for the other end to accept them before opening another blocks.
const streamsWaiting = 128

var _ transport.CapableConn = (*shortcutConn)(nil)

// newShortcutConns makes the two ends of a connection from one node to another that listens at a.
func newShortcutConns(from, to *shortcut, a multiaddr.Multiaddr, here, there network.ConnManagementScope) (*shortcutConn, *shortcutConn) {
	link := &shortcutLink{closed: make(chan struct{}), streams: map[*shortcutStream]struct{}{}}
	near := &shortcutConn{shortcutLink: link, owner: from, local: nowhere, remote: a, scope: here, incoming: make(chan *shortcutStream, streamsWaiting)}
	far := &shortcutConn{shortcutLink: link, owner: to, local: a, remote: nowhere, scope: there, incoming: make(chan *shortcutStream, streamsWaiting)}
	near.other, far.other = far, near
	return near, far
}

func (c *shortcutConn) Transport() transport.Transport       { return c.owner }
func (c *shortcutConn) Scope() network.ConnScope             { return c.scope }
func (c *shortcutConn) LocalMultiaddr() multiaddr.Multiaddr  { return c.local }
func (c *shortcutConn) RemoteMultiaddr() multiaddr.Multiaddr { return c.remote }
func (c *shortcutConn) LocalPeer() peer.ID                   { return c.owner.self }
func (c *shortcutConn) RemotePeer() peer.ID                  { return c.other.owner.self }
func (c *shortcutConn) RemotePublicKey() crypto.PubKey       { return c.other.owner.key }
func (c *shortcutConn) As(any) bool                          { return false }

func (c *shortcutConn) ConnState() network.ConnectionState {
	return network.ConnectionState{StreamMultiplexer: "/pipes", Transport: "process"}
}

// Close ends the connection at both ends, and all its streams.
func (c *shortcutConn) Close() error {
	c.once.Do(c.scope.Done)
	c.mu.Lock()
	streams := c.streams
	c.streams = nil
	if !c.over {
		c.over = true
		close(c.closed)
	}
	c.mu.Unlock()
	for s := range streams {
		s.fail(errConnClosed, errConnClosed)
	}
	return nil
}

var errConnClosed = errors.New("routing: the connection is closed")

// CloseWithError is Close: no code is told.
func (c *shortcutConn) CloseWithError(network.ConnErrorCode) error { return c.Close() }

// IsClosed reports whether either end was closed.
func (c *shortcutConn) IsClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// OpenStream opens a stream, which the other end will accept.
func (c *shortcutConn) OpenStream(ctx context.Context) (network.MuxedStream, error) {
	there, back := newPipe(direct, 0, 0), newPipe(direct, 0, 0)
	near := &shortcutStream{link: c.shortcutLink, in: back, out: there}
	far := &shortcutStream{link: c.shortcutLink, in: there, out: back}
	if !c.add(near, far) {
		return nil, errConnClosed
	}
	select {
	case c.other.incoming <- far:
		return near, nil
	case <-c.closed:
		return nil, errConnClosed
	case <-ctx.Done():
		near.Reset()
		far.Reset()
		return nil, ctx.Err()
	}
}

// direct is a network whose links do nothing to what they carry.
var direct = NewMemory()

// AcceptStream waits for a stream that the other end opens.
func (c *shortcutConn) AcceptStream() (network.MuxedStream, error) {
	select {
	case s := <-c.incoming:
		return s, nil
	case <-c.closed:
		return nil, io.EOF
	}
}

// add notes the ends of a stream that is opened; false: the connection is closed.
func (l *shortcutLink) add(ends ...*shortcutStream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	for _, s := range ends {
		l.streams[s] = struct{}{}
	}
	return true
}

// shortcutStream is one end of a stream.
type shortcutStream struct {
	link    *shortcutLink
	in, out *pipe
}

var _ network.MuxedStream = (*shortcutStream)(nil)

func (s *shortcutStream) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s *shortcutStream) Write(b []byte) (int, error) { return s.out.Write(b) }

// CloseRead ends reading: what the other end writes from now on goes nowhere.
func (s *shortcutStream) CloseRead() error {
	s.in.abandon()
	return nil
}

// CloseWrite ends writing: the other end gets what was written, then the end.
func (s *shortcutStream) CloseWrite() error {
	s.out.end()
	return nil
}

// Close ends both.
func (s *shortcutStream) Close() error {
	s.in.abandon()
	s.out.end()
	s.gone()
	return nil
}

// Reset ends the stream at both ends, and what is under way is lost.
func (s *shortcutStream) Reset() error { return s.ResetWithError(0) }

// ResetWithError is Reset, and tells the other end why.
func (s *shortcutStream) ResetWithError(code network.StreamErrorCode) error {
	s.fail(&network.StreamError{ErrorCode: code}, &network.StreamError{ErrorCode: code, Remote: true})
	s.gone()
	return nil
}

// fail ends the stream with one error here and one there.
func (s *shortcutStream) fail(here, there error) {
	s.in.fail(here, there)
	s.out.fail(there, here)
}

func (s *shortcutStream) gone() {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	delete(s.link.streams, s)
}

// SetReadDeadline bounds the time that reading waits.
func (s *shortcutStream) SetReadDeadline(t time.Time) error {
	s.in.setDeadline(&s.in.readDeadline, t)
	return nil
}

// SetWriteDeadline bounds the time that writing waits.
func (s *shortcutStream) SetWriteDeadline(t time.Time) error {
	s.out.setDeadline(&s.out.writeDeadline, t)
	return nil
}

// SetDeadline bounds both.
func (s *shortcutStream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}
