package localnet

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/vault"
)

var (
	loadVaults  = flag.Int("load.vaults", 16, "BenchmarkLoad: vaults")
	loadClients = flag.Int("load.clients", 0, "BenchmarkLoad: mutations under way at once; 0: 1, 64 and 256")
	loadTCP     = flag.Bool("load.tcp", false, "BenchmarkLoad: over loopback TCP")
	loadDisk    = flag.Bool("load.disk", false, "BenchmarkLoad: stores on disk, one sync each turn")
	loadProfile = flag.String("load.profile", "", "BenchmarkLoad: file for a CPU profile of what is measured alone")
	loadObjects = flag.Int("load.objects", 0, "BenchmarkLoad: objects that the mutations are spread over; 0: one for each under way")
)

// BenchmarkLoad is one client with so many mutations under way, each updating 256 bytes of an entry, over a whole network
// in this process. CPU is of the whole process, so of all vaults and the client; the other figures tell how well work
// is shared: turns of one vault, messages in a turn, frames and bytes in the network, signatures made.
func BenchmarkLoad(b *testing.B) {
	for _, clients := range []int{1, 64, 256} {
		if *loadClients != 0 && clients != 1 {
			continue
		}
		if *loadClients != 0 {
			clients = *loadClients
		}
		b.Run(fmt.Sprint("clients=", clients), func(b *testing.B) { load(b, clients) })
	}
}

// sums is what the vaults' observers add up.
type sums struct {
	turns, inputs, signed, writes, step, store, send, frames, bytes, verify, waited atomic.Int64
}

func (s *sums) observer(int) vault.Observer {
	return vault.Observer{
		Turn: func(t vault.Turn) {
			s.turns.Add(1)
			s.inputs.Add(int64(t.Inputs))
			s.writes.Add(int64(t.Writes))
			s.step.Add(int64(t.Step))
			s.store.Add(int64(t.Store))
			s.send.Add(int64(t.Send))
			if t.Signed {
				s.signed.Add(1)
			}
		},
		Frame: func(f vault.Frame) {
			s.frames.Add(1)
			s.bytes.Add(int64(f.Bytes))
			s.verify.Add(int64(f.Verify))
			s.waited.Add(int64(f.Waited))
		},
	}
}

func (s *sums) reset() {
	for _, n := range []*atomic.Int64{&s.turns, &s.inputs, &s.signed, &s.writes, &s.step, &s.store, &s.send, &s.frames, &s.bytes, &s.verify, &s.waited} {
		n.Store(0)
	}
}

func load(b *testing.B, clients int) {
	var s sums
	cfg := Config{Vaults: *loadVaults, Seed: 7, TCP: *loadTCP, Accounts: 1, Operations: math.MaxInt64 / 4, Observer: s.observer}
	if *loadDisk {
		cfg.Data, cfg.Sync = b.TempDir(), true
		if cfg.TCP {
			cfg.Port = 43100
		}
	}
	n, err := New(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	c, err := n.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	as := client.Actor{Key: n.Accounts()[0].Seed.Signer()}
	objects := clients
	if *loadObjects != 0 {
		objects = *loadObjects
	}
	value := make([]byte, 256)
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	for i := range objects {
		group.Go(func() {
			entries := map[mutabledata.Key][]byte{}
			for k := i; k < clients; k += objects {
				entries[mutabledata.Key(fmt.Sprint(k))] = value
			}
			if _, err := c.Put(b.Context(), as, client.Address(fmt.Sprint("load ", i), 1), client.Object{Entries: entries}); err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	group.Wait()
	versions := make([]mutabledata.Version, clients)
	latencies := make([][]time.Duration, clients)
	round := func(total int64) {
		var next atomic.Int64
		for k := range clients {
			group.Go(func() {
				at, key := client.Address(fmt.Sprint("load ", k%objects), 1), mutabledata.Key(fmt.Sprint(k))
				for next.Add(1) <= total {
					versions[k]++
					began := time.Now()
					if _, err := c.Mutate(b.Context(), as, at, client.Update(key, value, versions[k])); err != nil {
						failed.CompareAndSwap(nil, &err)
						return
					}
					latencies[k] = append(latencies[k], time.Since(began))
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			b.Fatal(*err)
		}
	}
	round(int64(4 * clients)) // permits grow
	clear(latencies)
	s.reset()
	if *loadProfile != "" && b.N > 1 {
		f, err := os.Create(*loadProfile)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	began, spent := time.Now(), processTime()
	round(int64(b.N))
	took, cpu := time.Since(began).Seconds(), processTime()-spent
	b.StopTimer()
	pprof.StopCPUProfile()
	each := func(n *atomic.Int64, unit string, of float64) { b.ReportMetric(float64(n.Load())/of, unit) }
	ops, turns := float64(b.N), float64(s.turns.Load())
	b.ReportMetric(ops/took, "mutations/s")
	b.ReportMetric(float64(cpu.Microseconds())/ops, "cpu-µs/op")
	b.ReportMetric(float64(median(latencies).Microseconds()), "median-µs")
	b.ReportMetric(turns/float64(*loadVaults)/took, "turns/s")
	each(&s.inputs, "inputs/turn", turns)
	each(&s.inputs, "messages/op", ops)
	each(&s.frames, "frames/op", ops)
	each(&s.bytes, "bytes/op", ops)
	each(&s.signed, "signed/op", ops)
	each(&s.writes, "records/op", ops)
}

func median(of [][]time.Duration) time.Duration {
	var all []time.Duration
	for _, l := range of {
		all = append(all, l...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// processTime is how long processors worked for this process.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
