package routing

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"vaultnet"
	"vaultnet/routing/frame"
)

const (
	writeBuffer = 64 << 10         // bytes written at once
	batchBytes  = 256 << 10        // taken from a queue at once
	reachTime   = 15 * time.Second // for finding, dialling and opening a stream
	young       = 5 * time.Second  // a stream that breaks earlier counts as a failure
)

// outgoing is the stream that a node writes to a peer.
type outgoing struct {
	stream   network.Stream
	broken   chan struct{} // closed when the peer has ended or reset it
	opened   time.Time
	deadline time.Time
}

// Send sends frames to a peer, in order, and never blocks. Frames that do not fit into the bounded queue for the peer are
// dropped and counted, as are empty ones and those above [vaultnet.MaxFrame]. A peer that is not connected is dialled at
// the addresses known of it, and looked for in the DHT where there is none or it is gone from there; if it cannot be reached, what waits for it is dropped. The frames
// are the node's from now on and must not be changed; one frame may be sent to many peers.
func (n *Node) Send(to vaultnet.PublicKey, frames ...[]byte) {
	if len(frames) == 0 {
		return
	}
	r := n.lock(to)
	if r == nil {
		n.counts.droppedUnreachable.Add(uint64(len(frames)))
		return
	}
	defer r.mu.Unlock()
	var due time.Time
	if n.cfg.Latency > 0 {
		due = time.Now().Add(n.cfg.Latency)
	}
	for _, f := range frames {
		size := frame.LengthSize + len(f)
		after := r.queue.bytes + size
		switch {
		case len(f) == 0 || len(f) > vaultnet.MaxFrame,
			r.queue.len() >= n.cfg.QueueFrames || after > n.cfg.QueueBytes,
			n.queued.Load()+int64(size) > int64(n.cfg.QueuesBytes) && after > fairShare:
			n.counts.droppedFull.Add(1)
			continue
		}
		n.queued.Add(int64(size))
		r.queue.push(queued{frame: f, due: due})
	}
	n.startSender(r)
}

// startSender makes sure that the peer's sender runs and looks again. r.mu is held.
func (n *Node) startSender(r *remote) {
	if !r.sending && n.ctx.Err() == nil {
		r.sending = n.spawn(func() { n.send(r) })
	}
	signal(r.wake)
}

// send is a peer's sender. It runs while there is a stream, something to send, or a connection to make.
func (n *Node) send(r *remote) {
	var out *outgoing
	for {
		r.mu.Lock()
		waiting := r.queue.len() > 0
		if n.ctx.Err() != nil || out == nil && !waiting && (r.connected || r.want == notWanted) {
			if r.want == wantedOnce {
				r.want = notWanted
			}
			r.sending = false
			r.mu.Unlock()
			if out != nil {
				out.stream.Reset()
			}
			return
		}
		wait := time.Until(r.notBefore)
		r.mu.Unlock()

		switch {
		case out == nil && wait > 0:
			n.pause(r, wait)
		case out == nil:
			out = n.reach(r, waiting)
		case waiting:
			if err := n.flush(r, out); err != nil {
				n.lose(r, out, err)
				out = nil
			}
		default:
			select {
			case <-r.wake:
			case <-out.broken:
				n.lose(r, out, nil)
				out = nil
			case <-n.ctx.Done():
			}
		}
	}
}

// pause waits until something happens at the peer, at most for a time.
func (n *Node) pause(r *remote, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.wake:
	case <-n.ctx.Done():
	}
}

// reach connects to the peer, if need be, and opens a stream where frames wait for one.
func (n *Node) reach(r *remote, waiting bool) *outgoing {
	ctx, cancel := context.WithTimeout(n.ctx, reachTime)
	defer cancel()
	var dialled bool
	var err error
	if n.host.Network().Connectedness(r.id) != network.Connected {
		dialled = true
		err = n.dial(ctx, r)
	}
	if err == nil && !waiting {
		n.pause(r, firstWait) // until the connection is noted
		return nil
	}
	var stream network.Stream
	if err == nil {
		stream, err = n.host.NewStream(network.WithNoDial(ctx, "dialled"), r.id, framesProtocol(n.cfg.Network))
	}
	if err == nil {
		out := &outgoing{stream: stream, broken: make(chan struct{}), opened: time.Now()}
		if n.spawn(func() { watch(out) }) {
			return out
		}
		stream.Reset()
		return nil
	}
	r.mu.Lock()
	r.failed(time.Now())
	give := dialled || r.failures > 2
	r.mu.Unlock()
	if give {
		n.dropQueue(r)
		if n.ctx.Err() == nil {
			n.dht.RoutingTable().RemovePeer(r.id) // it comes back when it is connected again
		}
	}
	return nil
}

// watch waits for the end of a stream that the peer never writes to.
func watch(out *outgoing) {
	var b [1]byte
	if n, _ := out.stream.Read(b[:]); n > 0 {
		out.stream.ResetWithError(network.StreamProtocolViolation)
	}
	close(out.broken)
}

// dial connects to the peer at the addresses known. Where there is none, or the peer was not there the last time either, it
// asks the DHT, unless the peer is known for a client, which the DHT does not know.
func (n *Node) dial(ctx context.Context, r *remote) error {
	r.mu.Lock()
	client, again := r.client, r.failures > 0
	r.mu.Unlock()
	addrs := n.contacts.addrs(r.id)
	err := fmt.Errorf("no address is known of it")
	if len(addrs) > 0 || len(n.host.Peerstore().Addrs(r.id)) > 0 {
		if err = n.connectInTurn(ctx, peer.AddrInfo{ID: r.id, Addrs: addrs}); err == nil {
			return nil
		}
		if !again {
			return fmt.Errorf("routing: dial %s: %w", r.key.Short(), err)
		}
	}
	if client {
		return fmt.Errorf("routing: dial client %s: %w", r.key.Short(), err)
	}
	if err := take(ctx, n.walks); err != nil {
		return err
	}
	n.counts.walks.Add(1)
	info, err := n.dht.FindPeer(ctx, r.id)
	<-n.walks
	if err == nil {
		err = n.connectInTurn(ctx, info)
	}
	if err != nil {
		return fmt.Errorf("routing: find %s: %w", r.key.Short(), err)
	}
	return nil
}

// connectInTurn is connect, for a bounded number of peers at a time.
func (n *Node) connectInTurn(ctx context.Context, info peer.AddrInfo) error {
	if err := take(ctx, n.dials); err != nil {
		return err
	}
	defer func() { <-n.dials }()
	return n.connect(ctx, info)
}

// connect dials a peer now, whatever became of earlier attempts.
func (n *Node) connect(ctx context.Context, info peer.AddrInfo) error {
	if s, ok := n.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(info.ID)
	}
	n.counts.dials.Add(1)
	err := n.host.Connect(ctx, info)
	if err != nil {
		n.counts.dialsFailed.Add(1)
	}
	return err
}

// take takes one of a bounded number of places.
func take(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush writes what waits, and what comes meanwhile, until nothing waits.
func (n *Node) flush(r *remote, out *outgoing) error {
	held := n.buffers.Get().(*[]byte)
	buffer := (*held)[:0]
	defer n.buffers.Put(held)

	var batch [][]byte
	pending := uint64(0) // frames in buffer
	write := func(b []byte) error {
		err := n.write(out, b)
		if err != nil {
			n.counts.lostOnBreak.Add(pending)
			return err
		}
		n.counts.framesSent.Add(pending)
		pending = 0
		return nil
	}
	for {
		var now time.Time
		if n.cfg.Latency > 0 {
			now = time.Now()
		}
		r.mu.Lock()
		before := r.queue.bytes
		taken, due := r.queue.take(batch[:0], batchBytes, now)
		n.queued.Add(int64(r.queue.bytes - before))
		r.mu.Unlock()
		batch = taken
		if len(batch) == 0 {
			if len(buffer) > 0 {
				if err := write(buffer); err != nil {
					return err
				}
				buffer = buffer[:0]
			}
			if due.IsZero() {
				return nil
			}
			if !n.waitFor(out, due) {
				return nil
			}
			continue
		}
		for i, f := range batch {
			size := frame.LengthSize + len(f)
			if len(buffer)+size > writeBuffer && len(buffer) > 0 {
				if err := write(buffer); err != nil {
					n.counts.lostOnBreak.Add(uint64(len(batch) - i))
					return err
				}
				buffer = buffer[:0]
			}
			pending++
			if size <= writeBuffer {
				buffer = frame.Append(buffer, f)
				continue
			}
			buffer = append(binary.BigEndian.AppendUint32(buffer, uint32(len(f))), f[:writeBuffer-frame.LengthSize]...)
			err := n.write(out, buffer)
			buffer = buffer[:0]
			for rest := f[writeBuffer-frame.LengthSize:]; err == nil; rest = rest[writeBuffer:] {
				if len(rest) <= writeBuffer {
					err = write(rest)
					break
				}
				err = n.write(out, rest[:writeBuffer])
			}
			if err != nil {
				n.counts.lostOnBreak.Add(uint64(len(batch) - i))
				return err
			}
		}
		clear(batch)
	}
}

// waitFor waits until a frame is due. It reports false when there is no use in waiting.
func (n *Node) waitFor(out *outgoing, due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-out.broken:
	case <-n.ctx.Done():
	}
	return false
}

// write writes to the stream; the peer has between three quarters of the write timeout and all of it to take it. (Setting
// a deadline costs a timer: one serves many writes.)
func (n *Node) write(out *outgoing, b []byte) error {
	if now := time.Now(); out.deadline.Sub(now) < n.cfg.Write*3/4 {
		out.deadline = now.Add(n.cfg.Write)
		if err := out.stream.SetWriteDeadline(out.deadline); err != nil {
			return err
		}
	}
	if _, err := out.stream.Write(b); err != nil {
		return err
	}
	n.counts.writes.Add(1)
	n.counts.bytesSent.Add(uint64(len(b)))
	return nil
}

// lose gives up a stream that broke: with err in writing, or by the peer. A peer that took nothing for too long is cut.
func (n *Node) lose(r *remote, out *outgoing, err error) {
	now := time.Now()
	slow := err != nil && timedOut(err)
	r.mu.Lock()
	if slow || now.Sub(out.opened) < young {
		r.failed(now)
	}
	r.mu.Unlock()
	if slow {
		n.counts.cutSlow.Add(1)
		n.dropQueue(r)
		n.host.Network().ClosePeer(r.id) // first: a reset has to be sent, which can take as long as the frames
	}
	out.stream.Reset()
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// dropQueue drops what waits for a peer that cannot be reached.
func (n *Node) dropQueue(r *remote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	frames, bytes := r.queue.clear()
	n.queued.Add(-int64(bytes))
	n.counts.droppedUnreachable.Add(uint64(frames))
}
