package vault

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
	"vaultnet/vault/core"
)

// metrics is what a vault counts. It is a prometheus.Collector.
type metrics struct {
	v        *Vault
	all      []prometheus.Collector
	decided  atomic.Uint64
	received []prometheus.Counter // by message code
	answered []prometheus.Counter // by message code
	refusals []prometheus.Counter // by kind
	blocks   prometheus.Counter
	requests prometheus.Counter
	rounds   prometheus.Counter
	ignored  prometheus.Counter
	changes  prometheus.Counter
	damaged  prometheus.Counter
	evicted  prometheus.Counter
	loaded   prometheus.Counter
	unsent   prometheus.Counter
	unread   prometheus.Counter
	bad      prometheus.Counter
	frames   prometheus.Counter
	bytes    prometheus.Counter
	turns    prometheus.Counter
	signed   prometheus.Counter
	inputs   prometheus.Histogram
	step     prometheus.Histogram
	store    prometheus.Histogram
	send     prometheus.Histogram
	verify   prometheus.Histogram
	waited   prometheus.Histogram
	writes   prometheus.Counter
}

const namespace = "vault"

func newMetrics(v *Vault) *metrics {
	m := &metrics{v: v}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
		m.all = append(m.all, c)
		return c
	}
	byName := func(name, help, label string, names []string) []prometheus.Counter {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
		m.all = append(m.all, vec)
		list := make([]prometheus.Counter, len(names))
		for i, n := range names {
			if n != "" {
				list[i] = vec.WithLabelValues(n)
			}
		}
		return list
	}
	seconds := func(name, help string) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help,
			Buckets: prometheus.ExponentialBuckets(20e-6, 4, 10)})
		m.all = append(m.all, h)
		return h
	}
	var types, kinds []string
	for _, r := range wire.Table {
		for len(types) <= int(r.Code) {
			types = append(types, "")
		}
		types[r.Code] = r.Name
	}
	for k := refusal.Kind(0); k < refusal.EntryExists; k++ {
		if k.Valid() {
			kinds = append(kinds, k.String())
		} else {
			kinds = append(kinds, "")
		}
	}
	m.received = byName("messages_received_total", "Messages that arrived and were verified.", "type", types)
	m.answered = byName("messages_sent_total", "Messages that left.", "type", types)
	m.refusals = byName("refusals_total", "Requests and questions that were refused.", "kind", kinds)
	m.blocks = counter("blocks_total", "Blocks decided, those caught up with included.")
	m.requests = counter("requests_applied_total", "Requests in the blocks decided.")
	m.rounds = counter("rounds_total", "Rounds entered beyond the first of their height.")
	m.ignored = counter("messages_ignored_total", "Messages without effect, because of what they were.")
	m.changes = counter("group_changes_total", "Changes of the sets of objects held, first sets included.")
	m.damaged = counter("damaged_total", "Objects and chunks of which the store holds something else than was put there.")
	m.evicted = counter("evicted_total", "Idle objects dropped from memory.")
	m.loaded = counter("loaded_total", "Objects read again from the store.")
	m.unsent = counter("messages_unsent_total", "Messages that were out of bounds: a defect.")
	m.unread = counter("chunks_unread_total", "Chunks that the store could not read.")
	m.frames = counter("frames_received_total", "Frames that arrived and were verified.")
	m.bad = counter("frames_refused_total", "Frames that were refused whole.")
	m.bytes = counter("frame_bytes_received_total", "Bytes of the frames that arrived.")
	m.turns = counter("turns_total", "Turns of the loop.")
	m.signed = counter("signatures_total", "Signatures made, one in each turn in which something is stated.")
	m.writes = counter("records_written_total", "Records written to the store.")
	m.inputs = prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: "turn_inputs",
		Help: "Inputs taken in one turn.", Buckets: prometheus.ExponentialBuckets(1, 4, 8)})
	m.all = append(m.all, m.inputs)
	m.step = seconds("step_seconds", "Core and signature of one turn.")
	m.store = seconds("store_seconds", "Storing one turn, sync included, where anything was stored.")
	m.send = seconds("send_seconds", "Encoding and handing over what one turn sends.")
	m.verify = seconds("verify_seconds", "Decoding one frame and verifying its signatures.")
	m.waited = seconds("wait_seconds", "How long a frame waited for room and a worker.")
	m.all = append(m.all, newGauges(v))
	return m
}

// Collector is the vault's metrics, for a prometheus.Registerer. Those of several vaults are told apart by whoever
// registers them (prometheus.WrapRegistererWith).
func (v *Vault) Collector() prometheus.Collector { return v.metrics }

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	for _, c := range m.all {
		c.Collect(to)
	}
}

// turn counts a turn.
func (m *metrics) turn(t *Turn) {
	m.turns.Inc()
	if t.Signed {
		m.signed.Inc()
	}
	m.inputs.Observe(float64(t.Inputs))
	m.step.Observe(t.Step.Seconds())
	if t.Writes > 0 || t.Chunks > 0 {
		m.store.Observe(t.Store.Seconds())
		m.writes.Add(float64(t.Writes))
	}
	if t.Sent > 0 {
		m.send.Observe(t.Send.Seconds())
	}
}

// frame counts a frame that arrived.
func (m *metrics) frame(f *Frame, in []core.Input) {
	m.bytes.Add(float64(f.Bytes))
	m.verify.Observe(f.Verify.Seconds())
	m.waited.Observe(f.Waited.Seconds())
	if f.Err != nil {
		m.bad.Inc()
		return
	}
	m.frames.Inc()
	for i := range in {
		_, message := in[i].Heard()
		count(m.received, message)
	}
}

// sent counts messages that leave.
func (m *metrics) sent(messages []wire.Message) {
	for _, message := range messages {
		count(m.answered, message)
	}
}

func count(by []prometheus.Counter, m wire.Message) {
	if r := wire.RowOf(m); r != nil {
		by[r.Code].Inc()
	}
}

// observer is what the core tells: counted, and passed on to [Config.Observer].
func (v *Vault) observer() core.Observer {
	o, m := v.cfg.Observer.Core, v.metrics
	told := o
	told.Refused = func(a vaultnet.Address, e *refusal.Error) {
		if int(e.Kind) < len(m.refusals) && m.refusals[e.Kind] != nil {
			m.refusals[e.Kind].Inc()
		}
		if o.Refused != nil {
			o.Refused(a, e)
		}
	}
	told.Ignored = func(from vaultnet.PublicKey, why string) {
		m.ignored.Inc()
		if o.Ignored != nil {
			o.Ignored(from, why)
		}
	}
	told.Members = func(a vaultnet.Address, before, after *agreement.Set) {
		m.changes.Inc()
		v.fellows.changes(before, after)
		if o.Members != nil {
			o.Members(a, before, after)
		}
	}
	told.Evicted = func(a vaultnet.Address) {
		m.evicted.Inc()
		if o.Evicted != nil {
			o.Evicted(a)
		}
	}
	told.Loaded = func(a vaultnet.Address) {
		m.loaded.Inc()
		if o.Loaded != nil {
			o.Loaded(a)
		}
	}
	told.Damaged = func(a vaultnet.Address, err error) {
		m.damaged.Inc()
		if o.Damaged != nil {
			o.Damaged(a, err)
		}
	}
	told.Agreement.Decided = func(obj *agreement.Object, d *agreement.Decided, before, after *agreement.State) {
		m.decided.Add(1)
		m.blocks.Inc()
		m.requests.Add(float64(len(d.Header.Mutations)))
		if o.Agreement.Decided != nil {
			o.Agreement.Decided(obj, d, before, after)
		}
	}
	told.Agreement.Round = func(obj *agreement.Object, round uint32) {
		if round > 0 {
			m.rounds.Inc()
		}
		if o.Agreement.Round != nil {
			o.Agreement.Round(obj, round)
		}
	}
	return told
}
