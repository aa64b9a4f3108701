package vaultnet_test

import (
	"fmt"
	"testing"
	"time"

	"vaultnet"
)

func TestTime(t *testing.T) {
	at := vaultnet.Time(1_000)
	for _, c := range []struct {
		d    time.Duration
		want vaultnet.Time
	}{
		{0, 1_000},
		{time.Second, 2_000},
		{-time.Second, 0},
		{time.Millisecond + 999*time.Microsecond, 1_001},
	} {
		if got := at.Add(c.d); got != c.want {
			t.Errorf("1000 + %v = %d, want %d", c.d, got, c.want)
		}
	}
	for _, near := range []vaultnet.Time{vaultnet.Never, vaultnet.Never - 1} {
		if got := near.Add(time.Hour); got != vaultnet.Never {
			t.Errorf("%d + 1h = %d, want Never", near, got)
		}
	}
	if got := vaultnet.Never.Add(-time.Second); got >= vaultnet.Never {
		t.Errorf("Never − 1s = %d", got)
	}
	if d := at.Sub(400); d != 600*time.Millisecond {
		t.Errorf("1000 − 400 = %v", d)
	}
	if d := vaultnet.Time(400).Sub(at); d != -600*time.Millisecond {
		t.Errorf("400 − 1000 = %v", d)
	}
}

func ExampleTime_Std() {
	fmt.Println(vaultnet.Time(1_700_000_000_123).Std())
	// Output: 2023-11-14 22:13:20.123 +0000 UTC
}
