package commandline_test

import (
	"testing"

	"vaultnet/internal/commandline"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]commandline.Size{"0": 0, "17": 17, "17B": 17, "2KiB": 2048, "64MiB": 64 << 20, "3GiB": 3 << 30, "1TiB": 1 << 40} {
		var s commandline.Size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
		var again commandline.Size
		if err := again.Set(s.String()); s != 0 && (err != nil || again != s) {
			t.Errorf("%s becomes %q becomes %d", text, s.String(), again)
		}
	}
	for _, text := range []string{"", "B", "-1", "1.5GiB", "1MB", "9223372036854775807KiB", "x"} {
		var s commandline.Size
		if err := s.Set(text); err == nil {
			t.Errorf("%q: %d", text, s)
		}
	}
}
