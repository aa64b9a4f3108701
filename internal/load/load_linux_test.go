package load

import "testing"

func TestParseProcessorTime(t *testing.T) {
	idle, all, ok := parseProcessorTime([]byte("cpu  10 2 30 400 50 6 7 8 9 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n"))
	if !ok || idle != 450 || all != 513 {
		t.Errorf("%d idle of %d, %v", idle, all, ok)
	}
	for _, bad := range []string{"", "\n", "cpu", "cpu  1 2 3 4 5 6 7 8", "cpu  1 2 3 4\n", "cpu  1 2 3 x 5 6 7 8\n", "intr 1 2 3 4 5 6 7 8\n", "cpu  -1 2 3 4 5 6 7 8\n"} {
		if _, _, ok := parseProcessorTime([]byte(bad)); ok {
			t.Errorf("read %q", bad)
		}
	}
	if _, all, ok := processorTime(); !ok || all == 0 {
		t.Errorf("%d here, %v", all, ok)
	}
}
