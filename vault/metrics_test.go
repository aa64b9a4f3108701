package vault

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
)

func gather(t *testing.T, v *Vault) []*dto.MetricFamily {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(v.Collector()); err != nil {
		t.Fatal(err)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// values is what a vault's metrics say: counters and gauges, those with labels summed, and the counts of histograms.
func values(t *testing.T, v *Vault) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, f := range gather(t, v) {
		for _, m := range f.Metric {
			all[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	w := newTown(t, 4, nil)
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	alice.put(addressOf("object"))
	eventually(t, "all know it", w.agree)
	h := w.houses[0]
	got := values(t, h.Vault)
	for _, name := range strings.Fields(`vault_messages_received_total vault_messages_sent_total vault_blocks_total
		vault_requests_applied_total vault_group_changes_total vault_frames_received_total vault_frame_bytes_received_total
		vault_turns_total vault_records_written_total vault_turn_inputs vault_step_seconds vault_store_seconds vault_send_seconds
		vault_verify_seconds vault_wait_seconds vault_settled vault_joined vault_peers vault_objects vault_data_bytes`) {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if got["vault_objects"] != 2 || got["vault_peers"] != 3 {
		t.Errorf("%v objects, %v peers", got["vault_objects"], got["vault_peers"])
	}
	problems, err := promlint.NewWithMetricFamilies(gather(t, h.Vault)).Lint()
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	h.Close()
	if got := values(t, h.Vault); got["vault_turns_total"] == 0 {
		t.Error("the counters of a vault that stopped are gone")
	}
}
