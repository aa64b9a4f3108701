package bench

import (
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"vaultnet/vault"
)

// Counts is what the vaults, where they tell, and the clients' connections counted while a run was measured, all together. Seconds are by
// the clock, not of CPU: on a busy machine they hold waiting for a processor.
type Counts struct {
	Vaults   int              `json:"vaults"`
	Blocks   float64          `json:"blocks"`   // decided, by each member
	Requests float64          `json:"requests"` // in them
	Rounds   float64          `json:"rounds"`   // beyond the first of a height
	Turns    float64          `json:"turns"`
	Inputs   float64          `json:"inputs"` // taken in turns
	Signed   float64          `json:"signed"` // turns that made a signature
	Stored   float64          `json:"stored"` // turns that stored something: one sync each, where it is asked for
	Records  float64          `json:"records"`
	Frames   float64          `json:"frames"` // that vaults received
	Bytes    float64          `json:"frame-bytes"`
	Messages map[string]int64 `json:"messages,omitempty"` // in them, by type
	Refusals map[string]int64 `json:"refusals,omitempty"` // answered by vaults, those that clients tried again included

	StepSeconds   float64 `json:"step-s"`
	StoreSeconds  float64 `json:"store-s"`
	SendSeconds   float64 `json:"send-s"`
	VerifySeconds float64 `json:"verify-s"`
	WaitSeconds   float64 `json:"wait-s"`

	ClientTurns   float64 `json:"client-turns"`
	ClientSeconds float64 `json:"client-s"` // of the clients' loops
	ClientFrames  float64 `json:"client-frames"`
	ClientBytes   float64 `json:"client-bytes"`

	Changes          float64 `json:"changes"`  // applied, as the connections tell; the seconds are theirs together
	TurnSeconds      float64 `json:"turn-s"`   // until it had its turn among those of its connection
	LookupSeconds    float64 `json:"lookup-s"` // until it was known who holds the address
	PermitSeconds    float64 `json:"permit-s"` // until there was a permit, in the same time
	AgreementSeconds float64 `json:"agreement-s"`
}

// readings are vaults' metrics, added up: name, or name and label, to value.
type readings map[string]float64

// Telling is what a network tells of itself: what its vaults have counted, added up, and what its process has used.
type Telling struct {
	Readings map[string]float64 `json:"readings"`
	Spent    Spent              `json:"spent"`
}

// TellingOf is what vaults of this process have to tell.
func TellingOf(vaults []*vault.Vault) (Telling, error) {
	each, errs := make([]readings, len(vaults)), make([]error, len(vaults))
	var all sync.WaitGroup
	for i, v := range vaults {
		all.Go(func() {
			each[i] = readings{"vaults": 1}
			errs[i] = each[i].read(v)
		})
	}
	all.Wait()
	sum := readings{}
	for _, r := range each {
		sum.add(r)
	}
	return Telling{sum, OwnSpent()}, errors.Join(errs...)
}

// read adds a vault's metrics.
func (r readings) read(v *vault.Vault) error {
	registry := prometheus.NewRegistry()
	if err := registry.Register(v.Collector()); err != nil {
		return err
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		name := strings.TrimPrefix(f.GetName(), "vault_")
		for _, m := range f.GetMetric() {
			switch {
			case m.Counter != nil && len(m.Label) > 0:
				r[name+" "+m.Label[0].GetValue()] += m.Counter.GetValue()
			case m.Counter != nil:
				r[name] += m.Counter.GetValue()
			case m.Histogram != nil:
				r[name+" sum"] += m.Histogram.GetSampleSum()
				r[name+" count"] += float64(m.Histogram.GetSampleCount())
			}
		}
	}
	return nil
}

// add adds other readings.
func (r readings) add(o readings) {
	for k, v := range o {
		r[k] += v
	}
}

// since is what was counted between two readings.
func (r readings) since(before readings) *Counts {
	of := func(name string) float64 { return r[name] - before[name] }
	byName := func(name string) map[string]int64 {
		all := map[string]int64{}
		for k := range r {
			if label, ok := strings.CutPrefix(k, name+" "); ok {
				if n := int64(of(k)); n != 0 {
					all[label] = n
				}
			}
		}
		return all
	}
	return &Counts{
		Blocks: of("blocks_total"), Requests: of("requests_applied_total"), Rounds: of("rounds_total"),
		Turns: of("turns_total"), Inputs: of("turn_inputs sum"), Signed: of("signatures_total"), Stored: of("store_seconds count"), Records: of("records_written_total"),
		Frames: of("frames_received_total"), Bytes: of("frame_bytes_received_total"),
		Messages: byName("messages_received_total"), Refusals: byName("refusals_total"),
		StepSeconds: of("step_seconds sum"), StoreSeconds: of("store_seconds sum"), SendSeconds: of("send_seconds sum"),
		VerifySeconds: of("verify_seconds sum"), WaitSeconds: of("wait_seconds sum"),
	}
}
