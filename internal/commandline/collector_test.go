package commandline

import "testing"

func TestGarbageFallsWithWhatIsLive(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 64 << 20: 400, 128 << 20: 400, 256 << 20: 200, 512 << 20: 100, 8 << 30: 100} {
		if got := garbage(live); got != want {
			t.Errorf("%d MiB live: %d percent, want %d", live>>20, got, want)
		}
	}
}
