package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/routing"
	"vaultnet/sim/localnet"
)

// Settings say what is measured. The zero value of a field that has a default means it; [Defaults] has them filled in.
type Settings struct {
	Workload    string        `json:"workload"`
	Clients     int           `json:"clients"`     // requesters; default 64, at most [MaxClients]
	Connections int           `json:"connections"` // that the clients share; default 1 for each 64 clients, 2 at least where there are 2 clients
	Duration    time.Duration `json:"duration-ns"` // of what is measured; default 10 s
	Warmup      time.Duration `json:"warmup-ns"`   // of load before; default 2 s; < 0: none
	Rate        float64       `json:"rate"`        // operations due each second; 0: closed loop
	Size        int           `json:"size"`        // bytes of an entry, or of a file; default by workload
	Entries     int           `json:"entries"`     // of each object; default 1
	Objects     int           `json:"objects"`     // default by workload: as many as clients, 1 where it is hot
	Runs        int           `json:"runs"`        // of the same, one after the other; default 1

	// Of the network that is started.
	Vaults    int           `json:"vaults"`     // default 16; 8 with Processes
	Group     int           `json:"group"`      // members of an object's set; default 8
	Processes bool          `json:"processes"`  // a process for each vault, with its store on disk
	TCP       bool          `json:"tcp"`        // loopback TCP among all in one process, too, as with Processes; false: pipes
	Sync      bool          `json:"sync"`       // one sync each turn before anything is promised; stores are on disk then
	Latency   time.Duration `json:"latency-ns"` // one-way delay added to all that is sent
}

// Bounds of Settings.
const (
	MaxClients = 4096 // client.Client has 4,000 operations under way
	MaxRuns    = 1000
)

// Defaults are the settings of a measurement that asks for nothing.
func Defaults() Settings { return DefaultsOf("mutate") }

// DefaultsOf are those of a workload.
func DefaultsOf(workload string) Settings { return Settings{Workload: workload}.withDefaults() }

func (s Settings) withDefaults() Settings {
	fill := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	w := workloads[s.Workload]
	if w == nil {
		w = workloads["mutate"]
	}
	fill(&s.Clients, cmpOr(w.clients, 64))
	fill(&s.Connections, min(s.Clients, max(2, s.Clients/64)))
	fill(&s.Size, w.size)
	fill(&s.Entries, 1)
	fill(&s.Objects, cmpOr(w.objects, s.Clients))
	fill(&s.Runs, 1)
	if s.Processes {
		fill(&s.Vaults, 8)
	}
	fill(&s.Vaults, localnet.DefaultVaults)
	fill(&s.Group, vaultnet.LocalParameters().GroupSize)
	if s.Duration == 0 {
		s.Duration = 10 * time.Second
	}
	if s.Warmup == 0 {
		s.Warmup = 2 * time.Second
	}
	return s
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// Validate names the first field that is out of bounds, as the flag that sets it is called.
func (s Settings) Validate() error {
	w := workloads[s.Workload]
	if w == nil {
		return fmt.Errorf("no workload %q: want %s", s.Workload, strings.Join(Workloads(), ", "))
	}
	s = s.withDefaults()
	most := vaultnet.MaxSize
	if w.files {
		most = 1 << 40
	}
	switch {
	case s.Clients < 1 || s.Clients > MaxClients:
		return fmt.Errorf("-clients %d: want 1 to %d", s.Clients, MaxClients)
	case s.Connections < 1 || s.Connections > s.Clients:
		return fmt.Errorf("-connections %d: want 1 to %d, as there are clients", s.Connections, s.Clients)
	case s.Duration < time.Millisecond:
		return fmt.Errorf("-duration %v: want at least 1ms", s.Duration)
	case s.Rate < 0 || s.Rate > 1e6:
		return fmt.Errorf("-rate %v: want 0 to 1000000 each second", s.Rate)
	case s.Size < 0 || s.Size > most:
		return fmt.Errorf("-size %d: want 0 to %d bytes", s.Size, most)
	case s.Entries < 1 || s.Entries > vaultnet.MaxEntries:
		return fmt.Errorf("-entries %d: want 1 to %d", s.Entries, vaultnet.MaxEntries)
	case !w.files && s.Entries*(s.Size+16) > vaultnet.MaxSize:
		return fmt.Errorf("-entries %d of -size %d: an object holds at most %d bytes", s.Entries, s.Size, vaultnet.MaxSize)
	case s.Objects < 1 || s.Objects > 10_000_000:
		return fmt.Errorf("-objects %d: want 1 to 10000000", s.Objects)
	case s.Runs < 1 || s.Runs > MaxRuns:
		return fmt.Errorf("-runs %d: want 1 to %d", s.Runs, MaxRuns)
	case s.Vaults < 1 || s.Vaults > localnet.MaxVaults:
		return fmt.Errorf("-vaults %d: want 1 to %d", s.Vaults, localnet.MaxVaults)
	case s.Latency < 0 || s.Latency > routing.MaxLatency:
		return fmt.Errorf("-latency %v: want 0 to %v", s.Latency, routing.MaxLatency)
	}
	if err := s.parameters().Validate(); err != nil {
		return fmt.Errorf("-group %d: %w", s.Group, err)
	}
	if w.validate != nil {
		return w.validate(s)
	}
	return nil
}

// parameters are those of the network that is started: a local one whose accounts never run out.
func (s Settings) parameters() vaultnet.Parameters {
	p := vaultnet.LocalParameters()
	p.Name, p.GroupSize, p.AccountOperations = "bench", s.Group, 1<<40
	return p
}

// Workloads are the names of the workloads, in the order in which they are listed.
func Workloads() []string {
	names := make([]string, 0, len(workloads))
	for name := range workloads {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return workloads[a].order - workloads[b].order })
	return names
}

// About is one line for people on a workload.
func About(name string) string {
	if w := workloads[name]; w != nil {
		return w.about
	}
	return ""
}
