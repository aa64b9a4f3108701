package bench

import (
	"bytes"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// parts are what CPU time is divided into, in the order in which they are shown, and the packages that each covers. The
// innermost function of a stack that is in any of them decides; the standard library belongs to whoever called it.
var parts = []struct {
	name, covers string
	prefixes     []string
}{
	{"signatures", "making and verifying signatures", []string{"vaultnet/internal/signature", "github.com/oasisprotocol/"}},
	{"codec", "messages and records from and to bytes", []string{"vaultnet/internal/wire", "vaultnet/internal/canonical", "github.com/fxamacker/", "github.com/x448/"}},
	{"digests", "Merkle trees and maps", []string{"vaultnet/internal/merkle"}},
	{"agreement", "deciding blocks, and the vault's core around it", []string{"vaultnet/agreement", "vaultnet/vault/core"}},
	{"rules", "mutable data, accounts, permits", []string{"vaultnet/mutabledata", "vaultnet/account", "vaultnet/immutabledata", "vaultnet/permit", "vaultnet/refusal", "vaultnet/xor", "vaultnet."}},
	{"store", "records and syncs, system calls included", []string{"vaultnet/vault/store", "github.com/cockroachdb/", "github.com/RaduBerinde/", "github.com/DataDog/", "github.com/golang/snappy", "github.com/klauspost/", "github.com/minio/minlz"}},
	{"network", "libp2p: streams, encryption, sockets, system calls included", []string{"vaultnet/routing", "github.com/libp2p/", "github.com/multiformats/", "github.com/flynn/noise", "github.com/ipfs/", "github.com/quic-go/"}},
	{"vault", "inbox, turns, metrics", []string{"vaultnet/vault", "github.com/prometheus/"}},
	{"client", "what the clients decide and wait for", []string{"vaultnet/client", "golang.org/x/crypto"}},
	{"load", "the load generator", []string{"vaultnet/bench", "github.com/HdrHistogram/", "vaultnet/sim/"}},
}

// What belongs to nobody.
const (
	partCollector = "collector"
	partScheduler = "scheduler"
	partOther     = "other"
)

var partCovers = map[string]string{
	partCollector: "garbage collection beside the program (allocating is where it happens)",
	partScheduler: "the Go runtime: scheduler, timers, polling",
	partOther:     "anything else",
}

// Covers says what a part of the CPU time covers.
func Covers(name string) string {
	for _, p := range parts {
		if p.name == name {
			return p.covers
		}
	}
	return partCovers[name]
}

// samples is CPU time by part, in seconds.
type samples map[string]float64

func (s samples) add(o samples) {
	for k, v := range o {
		s[k] += v
	}
}

// profiler takes a CPU profile of this process. Where somebody else takes one already it gives nothing.
type profiler struct {
	to bytes.Buffer
	on bool
}

func (p *profiler) begin() {
	p.to.Reset()
	p.on = pprof.StartCPUProfile(&p.to) == nil
}

// end ends it and hands it to keep too, which may be nil.
func (p *profiler) end(keep func(pprof []byte)) samples {
	if !p.on {
		return nil
	}
	pprof.StopCPUProfile()
	p.on = false
	if keep != nil {
		keep(bytes.Clone(p.to.Bytes()))
	}
	s, err := divide(p.to.Bytes())
	if err != nil {
		return nil
	}
	return s
}

// divide divides a profile by part.
func divide(b []byte) (samples, error) {
	p, err := profile.ParseData(b)
	if err != nil {
		return nil, err
	}
	value := len(p.SampleType) - 1 // nanoseconds
	s := samples{}
	for _, x := range p.Sample {
		s[partOf(x)] += float64(x.Value[value]) / 1e9
	}
	return s, nil
}

// partOf is the part that a stack belongs to.
func partOf(x *profile.Sample) string {
	collects, runs := false, false
	for _, l := range x.Location {
		for _, line := range l.Line {
			if line.Function == nil {
				continue
			}
			name := line.Function.Name
			for i := range parts {
				for _, prefix := range parts[i].prefixes {
					if strings.HasPrefix(name, prefix) {
						return parts[i].name
					}
				}
			}
			if strings.HasPrefix(name, "runtime.") {
				runs = true
				collects = collects || strings.HasPrefix(name, "runtime.gcBgMarkWorker") || strings.HasPrefix(name, "runtime.bgsweep") ||
					strings.HasPrefix(name, "runtime.bgscavenge") || strings.HasPrefix(name, "runtime.gcDrain")
			}
		}
	}
	switch {
	case collects:
		return partCollector
	case runs:
		return partScheduler
	}
	return partOther
}

// shares are the parts of so much CPU time for each operation, in microseconds.
func (s samples) shares(perOp float64) (list []Part, all float64) {
	for _, v := range s {
		all += v
	}
	if all == 0 {
		return nil, 0
	}
	for name, v := range s {
		list = append(list, Part{Name: name, Share: v / all, PerOp: v / all * perOp})
	}
	slices.SortFunc(list, func(a, b Part) int {
		switch {
		case a.Share != b.Share && a.Share > b.Share:
			return -1
		case a.Share != b.Share:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, all
}
