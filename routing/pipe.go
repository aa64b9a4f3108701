package routing

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBuffer is how many bytes a direction of a connection in memory holds before writing to it blocks.
const pipeBuffer = 128 << 10

// resend is what a lost packet costs: TCP's smallest retransmission timeout in Linux.
const resend = 200 * time.Millisecond

// pipe is one direction of a connection within the process: a bounded buffer with deadlines at both ends, whose bytes
// arrive when its link lets them.
type pipe struct {
	network  *Memory
	from, to uint64

	mu      sync.Mutex
	changed sync.Cond
	buffer  []byte // what has been written and not yet read, from read on
	read    int
	marks   []mark // of what is under way: bytes from the previous mark up to at may be read from due on
	written uint64 // bytes ever written
	taken   uint64 // bytes ever read
	ended   bool   // the writer has closed: the reader gets the rest, then the end
	broken  bool   // the reader has closed: the writer is told

	readFault, writeFault error // what both ends are told once it was reset

	readDeadline, writeDeadline deadline
}

type mark struct {
	at  uint64
	due time.Time
}

// deadline wakes those that wait for a pipe when it passes.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newPipe(network *Memory, from, to uint64) *pipe {
	p := &pipe{network: network, from: from, to: to}
	p.changed.L = &p.mu
	return p
}

func (p *pipe) setDeadline(d *deadline, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.at = t; !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), p.wake)
	}
	p.changed.Broadcast()
}

func (p *pipe) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed.Broadcast()
}

// readable is how many bytes have arrived. p.mu is held.
func (p *pipe) readable() int {
	if p.network.link(p.from, p.to).Down {
		return 0
	}
	if len(p.marks) == 0 {
		return len(p.buffer) - p.read
	}
	arrived := p.taken
	for len(p.marks) > 0 && !time.Now().Before(p.marks[0].due) {
		arrived = p.marks[0].at
		p.marks = p.marks[1:]
	}
	if len(p.marks) == 0 {
		return len(p.buffer) - p.read
	}
	if arrived > p.taken { // the rest of what has arrived stays readable without a mark of its own
		p.marks = append([]mark{{at: arrived}}, p.marks...)
	}
	return int(arrived - p.taken)
}

func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch n := p.readable(); {
		case p.readFault != nil:
			return 0, p.readFault
		case p.broken:
			return 0, net.ErrClosed
		case p.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case n > 0:
			n = copy(b, p.buffer[p.read:p.read+n])
			p.read += n
			p.taken += uint64(n)
			if p.read == len(p.buffer) {
				p.buffer, p.read = p.buffer[:0], 0
			}
			p.changed.Broadcast()
			return n, nil
		case p.ended && len(p.buffer) == p.read:
			return 0, io.EOF
		case len(p.marks) > 0:
			timer := time.AfterFunc(time.Until(p.marks[0].due), p.wake)
			p.changed.Wait()
			timer.Stop()
		default:
			p.changed.Wait()
		}
	}
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	written := 0
	for {
		room := pipeBuffer - (len(p.buffer) - p.read)
		switch {
		case p.writeFault != nil:
			return written, p.writeFault
		case p.ended:
			return written, net.ErrClosed
		case p.broken:
			return written, io.ErrClosedPipe
		case p.writeDeadline.passed():
			return written, os.ErrDeadlineExceeded
		case len(b) == 0:
			return written, nil
		case room == 0:
			p.changed.Wait()
			continue
		}
		if p.read > 0 && len(p.buffer)+len(b) > cap(p.buffer) {
			p.buffer = p.buffer[:copy(p.buffer, p.buffer[p.read:])]
			p.read = 0
		}
		n := min(room, len(b))
		p.buffer = append(p.buffer, b[:n]...)
		b, written, p.written = b[n:], written+n, p.written+uint64(n)
		if wait := p.network.wait(p.from, p.to); wait > 0 || len(p.marks) > 0 {
			due := time.Now().Add(wait)
			if last := len(p.marks) - 1; last >= 0 && due.Before(p.marks[last].due) {
				due = p.marks[last].due // a stream overtakes nothing
			}
			p.marks = append(p.marks, mark{at: p.written, due: due})
		}
		p.changed.Broadcast()
	}
}

// end is the writer's close.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.stopTimer(&p.writeDeadline)
	p.changed.Broadcast()
}

// abandon is the reader's close.
func (p *pipe) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken, p.buffer, p.read, p.marks = true, nil, 0, nil
	p.stopTimer(&p.readDeadline)
	p.changed.Broadcast()
}

// fail resets the pipe: what is under way is lost, and both ends are told why. Of several reasons the first counts.
func (p *pipe) fail(reader, writer error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readFault == nil {
		p.readFault, p.writeFault = reader, writer
	}
	p.buffer, p.read, p.marks = nil, 0, nil
	p.stopTimer(&p.readDeadline)
	p.stopTimer(&p.writeDeadline)
	p.changed.Broadcast()
}

func (p *pipe) stopTimer(d *deadline) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
