package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaultnet/vault/core"
)

// Mode says what a run demands.
type Mode uint8

const (
	// Safety is chaos throughout: nothing may ever go wrong, nothing needs to be finished.
	Safety Mode = iota
	// Liveness is chaos, and then a healed core: every request must get a definite answer, every half-open height must
	// be decided, and then silence must fall.
	Liveness
)

// String is the mode's name, as flags and reports write it.
func (m Mode) String() string {
	if m == Liveness {
		return "liveness"
	}
	return "safety"
}

// ParseMode reads what [Mode.String] wrote.
func ParseMode(s string) (Mode, error) {
	switch s {
	case "safety":
		return Safety, nil
	case "liveness":
		return Liveness, nil
	}
	return 0, fmt.Errorf("mode %q: want safety or liveness", s)
}

// Options say everything about a run. [Draw] makes them from a seed; [Options.Set] changes one; the text form
// ([Options.String]) names all of them and [Parse] reads it back.
type Options struct {
	Seed      uint64
	Mode      Mode
	Vaults    int  // at the start, 1…10,000
	Objects   int  // MutableData that users work on, 1…100,000
	Ops       int  // operations that users begin, 0…1,000,000
	Users     int  // scripts that run side by side, 1…10,000; each has an account, or acts as an app of one that has
	Byzantine int  // vaults that lie, 0…3
	Crypto    bool // real Ed25519, and everything through the codec
	Lies      Lies // what liars do
	Workload  Workload
	Play      Play // what users of containers do

	Duration time.Duration // of the chaos; faults begin within it
	Latency  Latency       // how long messages travel
	Loss     float64       // part of messages that is lost, 0…0.5
	Twice    float64       // part of messages that arrives twice, 0…0.5
	Reorder  float64       // part of messages that is held back by up to a second, 0…0.5
	Disk     time.Duration // of one sync, 0…1 s
	Skew     float64       // part of the allowed clock skew that is used, 0…1
	Turn     time.Duration // least time between two turns of a node, 100 µs…1 s
	Eager    float64       // part of vaults that vote at once and never stand by, 0…1
	Idle     time.Duration // objects that are not used are kept loaded for, 10 s…1 h

	Crashes    int // vaults that stop at a boundary of their turn and start again
	Stalls     int // vaults that do nothing for a while, and then everything
	Partitions int // splits of the network in two
	OneWays    int // cuts of one direction between two sides
	Flaps      int // vaults whose connections come and go
	Slows      int // slow disks
	Delays     int // vaults whose messages arrive seconds late
	Jumps      int // clocks that are set, within what is allowed
	Joins      int // new vaults
	Leaves     int // vaults that stop for good
	Wipes      int // vaults that lose their store and come back under a new identity
	Departs    int // vaults that hand over what they hold, and then stop for good

	Keep Keep // which of the generated faults take part
}

// Workload is what users do.
type Workload uint8

// The workloads.
const (
	Mutations  Workload = iota // of objects and accounts, of every kind: what the simulator's speed is measured by
	Containers                 // packages client/container and client/auth, see [Play]
	Both                       // side by side
)

var workloads = [...]string{"mutations", "containers", "both"}

// String is the workload's name in options.
func (w Workload) String() string { return workloads[w] }

// ParseWorkload reads what [Workload.String] wrote.
func ParseWorkload(s string) (Workload, error) {
	if i := slices.Index(workloads[:], s); i >= 0 {
		return Workload(i), nil
	}
	return 0, fmt.Errorf("want %s", strings.Join(workloads[:], ", "))
}

// Play is what users of containers do: "any", which the seed chooses, or the name of one piece.
type Play string

// ParsePlay reads the name of a play.
func ParsePlay(s string) (Play, error) {
	if s == "any" || slices.Contains(plays(), s) {
		return Play(s), nil
	}
	return "", fmt.Errorf("want any, %s", strings.Join(plays(), ", "))
}

// An option is one line of the table that [Draw], [Options.Set] and [Options.String] work from.
type option struct {
	name, usage string
	draw        func(r *rand.Rand, o *Options)
	get         func(o *Options) string
	set         func(o *Options, value string) error
}

// table lists the options in the order in which they are printed; a draw may look at those before it.
var table = []option{
	{"seed", "of every random number", nil,
		func(o *Options) string { return strconv.FormatUint(o.Seed, 10) },
		func(o *Options, v string) (err error) { o.Seed, err = strconv.ParseUint(v, 10, 64); return }},
	{"mode", "safety or liveness", nil,
		func(o *Options) string { return o.Mode.String() },
		func(o *Options, v string) (err error) { o.Mode, err = ParseMode(v); return }},
	count("vaults", "at the start", 1, 10_000, func(o *Options) *int { return &o.Vaults },
		func(*rand.Rand, *Options) int { return 16 }),
	count("objects", "that users work on", 1, 100_000, func(o *Options) *int { return &o.Objects },
		func(*rand.Rand, *Options) int { return 20 }),
	count("ops", "operations that users begin", 0, 1_000_000, func(o *Options) *int { return &o.Ops },
		func(*rand.Rand, *Options) int { return 300 }),
	count("users", "scripts side by side", 1, 10_000, func(o *Options) *int { return &o.Users },
		func(r *rand.Rand, o *Options) int { return max(4+r.IntN(9), o.Objects/10) }),
	count("byzantine", "vaults that lie", 0, 3, func(o *Options) *int { return &o.Byzantine },
		func(r *rand.Rand, o *Options) int { return min(r.IntN(3), max(0, (o.Vaults-1)/3)) }),
	{"crypto", "real signatures and the codec",
		func(r *rand.Rand, o *Options) { o.Crypto = o.Seed%10 == 0 },
		func(o *Options) string { return strconv.FormatBool(o.Crypto) },
		func(o *Options, v string) (err error) { o.Crypto, err = strconv.ParseBool(v); return }},
	length("duration", "of the chaos", time.Second, 24*time.Hour, func(o *Options) *time.Duration { return &o.Duration },
		func(r *rand.Rand, o *Options) time.Duration { return time.Duration(15+r.IntN(30)) * time.Second }),
	{"latency", "lan, wan or tail",
		func(r *rand.Rand, o *Options) { o.Latency = pick(r, LAN, LAN, WAN, Tail) },
		func(o *Options) string { return o.Latency.String() },
		func(o *Options, v string) (err error) { o.Latency, err = ParseLatency(v); return }},
	part("loss", "of messages lost", 0.5, func(o *Options) *float64 { return &o.Loss },
		func(r *rand.Rand, o *Options) float64 { return pick(r, 0, 0, 0.001, 0.01, 0.05) }),
	part("twice", "of messages that arrive twice", 0.5, func(o *Options) *float64 { return &o.Twice },
		func(r *rand.Rand, o *Options) float64 { return pick(r, 0, 0.01, 0.05) }),
	part("reorder", "of messages held back", 0.5, func(o *Options) *float64 { return &o.Reorder },
		func(r *rand.Rand, o *Options) float64 { return pick(r, 0, 0.01, 0.05) }),
	length("disk", "of one sync", 0, time.Second, func(o *Options) *time.Duration { return &o.Disk },
		func(r *rand.Rand, o *Options) time.Duration {
			return pick(r, 0, 300*time.Microsecond, 3*time.Millisecond)
		}),
	part("skew", "of the allowed clock skew used", 1, func(o *Options) *float64 { return &o.Skew },
		func(r *rand.Rand, o *Options) float64 { return pick(r, 0, 0.5, 0.9) }),
	length("turn", "least time between two turns of a node", 100*time.Microsecond, time.Second,
		func(o *Options) *time.Duration { return &o.Turn },
		func(r *rand.Rand, o *Options) time.Duration {
			return pick(r, time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond, 20*time.Millisecond)
		}),
	part("eager", "of vaults that never stand by", 1, func(o *Options) *float64 { return &o.Eager },
		func(r *rand.Rand, o *Options) float64 { return pick(r, 0, 0, 0, 0.5, 1) }),
	length("idle", "unused objects stay loaded for", 10*time.Second, time.Hour, func(o *Options) *time.Duration { return &o.Idle },
		func(r *rand.Rand, o *Options) time.Duration {
			return pick(r, 10*time.Second, 10*time.Second, 30*time.Second, core.DefaultIdle)
		}),
	faults("crashes", "stops at a boundary of a turn", func(o *Options) *int { return &o.Crashes }, 6),
	faults("stalls", "pauses of a vault", func(o *Options) *int { return &o.Stalls }, 3),
	faults("partitions", "splits in two", func(o *Options) *int { return &o.Partitions }, 3),
	faults("oneways", "cuts of one direction", func(o *Options) *int { return &o.OneWays }, 3),
	faults("flaps", "connections that come and go", func(o *Options) *int { return &o.Flaps }, 3),
	faults("slows", "slow disks", func(o *Options) *int { return &o.Slows }, 3),
	faults("delays", "messages that arrive seconds late", func(o *Options) *int { return &o.Delays }, 3),
	faults("jumps", "clocks that are set", func(o *Options) *int { return &o.Jumps }, 3),
	faults("joins", "new vaults", func(o *Options) *int { return &o.Joins }, 3),
	count("leaves", "stops for good", 0, 1000, func(o *Options) *int { return &o.Leaves },
		func(r *rand.Rand, o *Options) int { return min(pick(r, 0, 0, 1, 2), o.spare()) }),
	count("wipes", "lost stores", 0, 1000, func(o *Options) *int { return &o.Wipes },
		func(r *rand.Rand, o *Options) int { return min(pick(r, 0, 0, 1, 2), o.spare()-o.Leaves) }),
	count("departs", "stops for good after handing over", 0, 1000, func(o *Options) *int { return &o.Departs },
		func(r *rand.Rand, o *Options) int {
			return min(pick(r, 0, 0, 1, 2), max(0, o.spare()-o.Leaves-o.Wipes))
		}),
	{"lies", "what liars do: any, twins, or acts joined by commas",
		func(r *rand.Rand, o *Options) { o.Lies = "any" },
		func(o *Options) string { return string(o.Lies) },
		func(o *Options, v string) (err error) { o.Lies, err = ParseLies(v); return }},
	{"workload", "mutations, containers or both",
		func(r *rand.Rand, o *Options) { o.Workload = Mutations },
		func(o *Options) string { return o.Workload.String() },
		func(o *Options, v string) (err error) { o.Workload, err = ParseWorkload(v); return }},
	{"play", "what users of containers do: any, " + strings.Join(plays(), ", "),
		func(r *rand.Rand, o *Options) { o.Play = "any" },
		func(o *Options) string { return string(o.Play) },
		func(o *Options, v string) (err error) { o.Play, err = ParsePlay(v); return }},
	{"keep", "faults that take part: all, none, or their numbers",
		func(r *rand.Rand, o *Options) { o.Keep = Keep{} },
		func(o *Options) string { return o.Keep.String() },
		func(o *Options, v string) (err error) { o.Keep, err = ParseKeep(v); return }},
}

// spare is how many vaults may be lost for good so that every object keeps a quorum of honest members. Only liveness
// needs that.
func (o *Options) spare() int {
	if o.Mode == Safety {
		return 1000
	}
	return max(0, min(2, (o.Vaults-1)/3)-o.Byzantine)
}

func count(name, usage string, low, high int, at func(*Options) *int, draw func(*rand.Rand, *Options) int) option {
	return option{name, usage,
		func(r *rand.Rand, o *Options) { *at(o) = draw(r, o) },
		func(o *Options) string { return strconv.Itoa(*at(o)) },
		func(o *Options, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < low || n > high {
				return fmt.Errorf("want a number from %d to %d", low, high)
			}
			*at(o) = n
			return nil
		}}
}

// faults is a number of faults: none in half of the seeds, so that each kind is seen alone too.
func faults(name, usage string, at func(*Options) *int, most int) option {
	return count(name, usage, 0, 1000, at, func(r *rand.Rand, o *Options) int {
		if r.IntN(2) == 0 {
			return 0
		}
		return 1 + r.IntN(most)
	})
}

func part(name, usage string, high float64, at func(*Options) *float64, draw func(*rand.Rand, *Options) float64) option {
	return option{name, usage,
		func(r *rand.Rand, o *Options) { *at(o) = draw(r, o) },
		func(o *Options) string { return strconv.FormatFloat(*at(o), 'g', -1, 64) },
		func(o *Options, v string) error {
			x, err := strconv.ParseFloat(v, 64)
			if err != nil || !(x >= 0 && x <= high) {
				return fmt.Errorf("want a number from 0 to %v", high)
			}
			*at(o) = x
			return nil
		}}
}

func length(name, usage string, low, high time.Duration, at func(*Options) *time.Duration,
	draw func(*rand.Rand, *Options) time.Duration) option {
	return option{name, usage,
		func(r *rand.Rand, o *Options) { *at(o) = draw(r, o) },
		func(o *Options) string { return at(o).String() },
		func(o *Options, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d < low || d > high {
				return fmt.Errorf("want a duration from %v to %v", low, high)
			}
			*at(o) = d
			return nil
		}}
}

// Draw makes the options of a seed. Settings ("name=value", as in the text form) fix what they name; everything else is
// drawn, each option from a stream of its own.
func Draw(seed uint64, mode Mode, settings ...string) (Options, error) {
	o := Options{Seed: seed, Mode: mode}
	fixed := make(map[string]string)
	for _, s := range settings {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return o, fmt.Errorf("option %q: want name=value", s)
		}
		if !slices.ContainsFunc(table, func(f option) bool { return f.name == name }) {
			return o, fmt.Errorf("option %q: no such option; there are %s", name, strings.Join(Names(), ", "))
		}
		fixed[name] = value
	}
	for _, f := range table {
		value, set := fixed[f.name]
		switch {
		case set:
			if err := f.set(&o, value); err != nil {
				return o, fmt.Errorf("option %s=%s: %w", f.name, value, err)
			}
		case f.draw != nil:
			f.draw(stream(o.Seed, "option "+f.name), &o)
		}
	}
	return o, o.Validate()
}

// Parse reads the text form: settings separated by spaces. What they leave open is drawn from the seed.
func Parse(text string) (Options, error) { return Draw(0, Safety, strings.Fields(text)...) }

// String is the text form of all options.
func (o Options) String() string {
	var b strings.Builder
	for i, f := range table {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f.name + "=" + f.get(&o))
	}
	return b.String()
}

// Set changes one option by its name in the text form.
func (o *Options) Set(name, value string) error {
	for _, f := range table {
		if f.name == name {
			if err := f.set(o, value); err != nil {
				return fmt.Errorf("option %s=%s: %w", name, value, err)
			}
			return nil
		}
	}
	return fmt.Errorf("option %q: no such option; there are %s", name, strings.Join(Names(), ", "))
}

// Validate names the first option that is out of bounds, or a contradiction between two.
func (o Options) Validate() error {
	for _, f := range table {
		c := o
		if err := f.set(&c, f.get(&o)); err != nil {
			return fmt.Errorf("option %s=%s: %w", f.name, f.get(&o), err)
		}
	}
	switch {
	case o.Byzantine >= o.Vaults:
		return fmt.Errorf("option byzantine=%d: there are %d vaults", o.Byzantine, o.Vaults)
	case o.Mode == Liveness && o.Byzantine > 2:
		return fmt.Errorf("option byzantine=%d: three liars of eight can stop an object; liveness promises at most 2", o.Byzantine)
	case o.Mode == Liveness && o.Leaves+o.Wipes > o.spare():
		return fmt.Errorf("option leaves=%d, wipes=%d: more than a quorum can spare beside %d liars", o.Leaves, o.Wipes, o.Byzantine)
	}
	return nil
}

// Names lists the options' names, in the order of the text form.
func Names() []string {
	var names []string
	for _, f := range table {
		names = append(names, f.name)
	}
	return names
}

// Usage is one line per option: its name and what it is.
func Usage() string {
	var b strings.Builder
	for _, f := range table {
		fmt.Fprintf(&b, "  %-11s %s\n", f.name, f.usage)
	}
	return b.String()
}
