package routing

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"vaultnet"
	"vaultnet/routing/frame"
)

const (
	writeBuffer = 65_535 - 16 - 12 // bytes written at once: what one message of Noise holds beside its tag and a header of yamux
	batchBytes  = 256 << 10        // taken from a queue at once
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
