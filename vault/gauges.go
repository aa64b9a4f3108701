package vault

import (
	"github.com/prometheus/client_golang/prometheus"
)

// gauges is what is read of a vault when somebody asks, and not counted on the way.
type gauges struct {
	v    *Vault
	list []gauge
}

type gauge struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(s *Status) float64
}

func newGauges(v *Vault) *gauges {
	g := &gauges{v: v}
	add := func(kind prometheus.ValueType, name, help string, read func(s *Status) float64) {
		g.list = append(g.list, gauge{prometheus.NewDesc(namespace+"_"+name, help, nil, nil), kind, read})
	}
	now := func(name, help string, read func(s *Status) float64) { add(prometheus.GaugeValue, name, help, read) }
	total := func(name, help string, read func(s *Status) float64) { add(prometheus.CounterValue, name, help, read) }
	now("settled", "1 where the vault knows who holds what in its neighbourhood.", func(s *Status) float64 { return truth(s.Settled) })
	now("joined", "1 where the vault has found its network.", func(s *Status) float64 { return truth(s.Joined) })
	now("peers", "Vaults that are connected.", func(s *Status) float64 { return float64(s.Peers) })
	now("contacts", "Vaults that are known.", func(s *Status) float64 { return float64(s.Contacts) })
	now("objects", "Objects held.", func(s *Status) float64 { return float64(s.Objects) })
	now("chunks", "Chunks held.", func(s *Status) float64 { return float64(s.Chunks) })
	now("data_bytes", "Bytes of all data held.", func(s *Status) float64 { return float64(s.Bytes) })
	now("capacity_bytes", "Bytes that the vault is willing to hold; 0: any amount.", func(s *Status) float64 { return float64(s.Capacity) })
	now("loaded_bytes", "Bytes of objects in memory.", func(s *Status) float64 { return float64(s.Loaded) })
	now("queue_inputs", "Inputs that wait for the loop.", func(s *Status) float64 { return float64(s.Queue.Inputs) })
	now("queue_bytes", "Bytes of frames that wait for the loop.", func(s *Status) float64 { return float64(s.Queue.Bytes) })
	now("queue_held_peers", "Peers whose frames are not read, for too much waits.", func(s *Status) float64 { return float64(s.Queue.Held) })
	now("walks", "Walks of the DHT under way or waiting.", func(s *Status) float64 { return float64(s.Queue.Walks) })
	now("loads", "Reads of the store under way or waiting.", func(s *Status) float64 { return float64(s.Queue.Loads) })
	now("connections", "Peers that are connected, clients included.", func(s *Status) float64 { return float64(s.Routing.Peers) })
	now("send_queue_frames", "Frames that wait to be sent.", func(s *Status) float64 { return float64(s.Routing.QueueFrames) })
	now("send_queue_bytes", "Bytes that wait to be sent.", func(s *Status) float64 { return float64(s.Routing.QueueBytes) })
	total("frames_sent_total", "Frames that were sent.", func(s *Status) float64 { return float64(s.Routing.FramesSent) })
	total("frame_bytes_sent_total", "Bytes of frames that were sent.", func(s *Status) float64 { return float64(s.Routing.BytesSent) })
	total("frames_dropped_total", "Frames that were not sent: the queue was full, or the peer could not be reached.",
		func(s *Status) float64 { return float64(s.Routing.DroppedFull + s.Routing.DroppedUnreachable) })
	return g
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for i := range g.list {
		to <- g.list[i].desc
	}
}

// Collect implements prometheus.Collector. A vault that has stopped has nothing to say.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	s, err := g.v.Status()
	if err != nil {
		return
	}
	for i := range g.list {
		to <- prometheus.MustNewConstMetric(g.list[i].desc, g.list[i].kind, g.list[i].read(&s))
	}
}
