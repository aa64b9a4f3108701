package sim

import (
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
)

// TestClockWhen: an alarm rings when the clock shows its time, not before, and at most two milliseconds after.
func TestClockWhen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clock{offset: rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "offset"), drift: rapid.Int64Range(-200, 200).Draw(t, "drift")}
		now := rapid.Int64Range(0, 1<<40).Draw(t, "now")
		alarm := c.read(now) + vaultnet.Time(rapid.Int64Range(-10, 1<<30).Draw(t, "alarm"))
		at := c.when(alarm, now)
		if at < now || c.read(at) < alarm || at > now && c.read(at-2_000) >= alarm {
			t.Fatalf("now %d: %d shows %d, alarm %d", now, at, c.read(at), alarm)
		}
	})
	if at := (&clock{}).when(vaultnet.Never, 5); at != -1 {
		t.Errorf("never rings at %d", at)
	}
}
