package routing

import "sync/atomic"

// Statistics are a node's counts since its start, and its state now.
type Statistics struct {
	FramesSent, FramesReceived uint64 // handed to a stream; handed to the handler
	BytesSent, BytesReceived   uint64 // of these frames, with their lengths
	Writes                     uint64 // to streams; FramesSent / Writes says how well sending is coalesced

	DroppedFull        uint64 // frames that found a queue full, or were empty or too long
	DroppedUnreachable uint64 // frames whose peer could not be reached
	LostOnBreak        uint64 // frames being written when their stream broke
	CutSlow            uint64 // peers cut because they took nothing for too long

	Dials, DialsFailed uint64 // attempts to reach a peer that frames waited for, or a member
	Walks              uint64 // walks of the DHT

	RefusedFrames uint64 // streams closed because the handler refused a frame
	RefusedLength uint64 // streams closed because of a length of 0 or above vaultnet.MaxFrame
	Truncated     uint64 // streams that ended within a frame, or were too slow with one
	RefusedMemory uint64 // streams closed because the memory for their frames was used up

	Nameless  uint64 // connections closed, for newer ones, that had not said whose they were
	Strangers uint64 // connections let go because the peer does not speak this network's protocols

	Peers       int   // connected
	Vaults      int   // connected vaults
	Known       int   // vaults in the routing table
	Contacts    int   // vaults whose addresses are remembered
	QueueFrames int   // waiting to be sent
	QueueBytes  int64 // waiting to be sent
}

// counts are what [Statistics] is made of.
type counts struct {
	framesSent, framesReceived, bytesSent, bytesReceived, writes      atomic.Uint64
	droppedFull, droppedUnreachable, lostOnBreak, cutSlow             atomic.Uint64
	dials, dialsFailed, walks                                         atomic.Uint64
	refusedFrames, refusedLength, truncated, refusedMemory, strangers atomic.Uint64
}

// Statistics returns the node's counts.
func (n *Node) Statistics() Statistics {
	c := &n.counts
	s := Statistics{
		FramesSent: c.framesSent.Load(), FramesReceived: c.framesReceived.Load(),
		BytesSent: c.bytesSent.Load(), BytesReceived: c.bytesReceived.Load(),
		Writes:      c.writes.Load(),
		DroppedFull: c.droppedFull.Load(), DroppedUnreachable: c.droppedUnreachable.Load(),
		LostOnBreak: c.lostOnBreak.Load(), CutSlow: c.cutSlow.Load(),
		Dials: c.dials.Load(), DialsFailed: c.dialsFailed.Load(), Walks: c.walks.Load(),
		RefusedFrames: c.refusedFrames.Load(), RefusedLength: c.refusedLength.Load(), Truncated: c.truncated.Load(),
		RefusedMemory: c.refusedMemory.Load(), Strangers: c.strangers.Load(), Nameless: n.door.evictions(),
		Known: n.dht.RoutingTable().Size(), Contacts: n.contacts.len(),
		QueueBytes: n.queued.Load(),
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, r := range n.remotes {
		r.mu.Lock()
		if r.connected {
			s.Peers++
		}
		if r.vault {
			s.Vaults++
		}
		s.QueueFrames += r.queue.len()
		r.mu.Unlock()
	}
	return s
}
