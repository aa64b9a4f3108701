package sim

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOptionsText: every drawn set of options is valid and its text form gives it back.
func TestOptionsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]Mode{Safety, Liveness}).Draw(t, "mode")
		o, err := Draw(rapid.Uint64().Draw(t, "seed"), mode)
		if err != nil {
			t.Fatal(err)
		}
		o.Keep = KeepOnly(rapid.SliceOfN(rapid.IntRange(0, 30), 0, 4).Draw(t, "keep")...)
		back, err := Parse(o.String())
		if err != nil || back.String() != o.String() {
			t.Fatalf("%v\n read back as %v (%v)", o, back, err)
		}
	})
}

// TestOptionsIndependent: fixing one option changes no other.
func TestOptionsIndependent(t *testing.T) {
	a, err := Draw(7, Safety)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Draw(7, Safety, "loss=0.25")
	if err != nil {
		t.Fatal(err)
	}
	if b.Loss != 0.25 {
		t.Errorf("loss is %v", b.Loss)
	}
	b.Loss = a.Loss
	if a.String() != b.String() {
		t.Errorf("fixing the loss changed more:\n%v\n%v", a, b)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, c := range []struct{ settings, says string }{
		{"vaults=0", "vaults=0"},
		{"vaults", "name=value"},
		{"fault=3", "no such option"},
		{"loss=0.9", "0 to 0.5"},
		{"loss=NaN", "0 to 0.5"},
		{"mode=chaos", "safety or liveness"},
		{"byzantine=4", "0 to 3"},
		{"vaults=2 byzantine=2", "there are 2 vaults"},
		{"mode=liveness byzantine=3", "three liars"},
		{"mode=liveness byzantine=2 leaves=1 wipes=0", "spare"},
		{"latency=moon", "lan, wan or tail"},
		{"duration=5", "duration"},
		{"keep=1,x", "numbers"},
	} {
		if _, err := Parse(c.settings); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.settings, err, c.says)
		}
	}
}

// TestSchedule: faults lie within the chaos, name vaults there are, and do not depend on each other's number.
func TestSchedule(t *testing.T) {
	skew := 2 * time.Second
	seen := map[FaultKind]bool{}
	for seed := range uint64(200) {
		o, err := Draw(seed, Mode(seed%2))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range o.Schedule(skew) {
			seen[f.Kind] = true
			if f.At < 0 || f.At > o.Duration || f.Vault >= o.Vaults || f.String() == "" ||
				f.Kind == Jump && (f.Amount < -skew/2 || f.Amount > skew/2) {
				t.Errorf("seed %d: %v", seed, f)
			}
		}
	}
	if len(seen) != int(faultKinds) {
		t.Errorf("200 seeds draw %d kinds of fault, want %d", len(seen), faultKinds)
	}
}

// FuzzParse: no text of options panics, what is taken is valid, and its text form gives it back.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "seed=7 mode=liveness", "keep=1,2,3 lies=mute,forge", "duration=1h loss=0.5 latency=tail", "vaults=2 byzantine=1",
		"mode=liveness byzantine=2", "skew=1e-300", "keep=none crypto=true turn=1s", "workload=containers", "=", "seed=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(o.String())
		if err != nil || back.String() != o.String() || o.Validate() != nil {
			t.Fatalf("%q is %v, read back as %v (%v)", text, o, back, err)
		}
	})
}
