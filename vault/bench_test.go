package vault_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vaultnet/client"
	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
	"vaultnet/routing"
	"vaultnet/vault"
	"vaultnet/vault/store/pebble"
)

// BenchmarkMutate is one mutation after the other of each of so many objects, at eight vaults on libp2p in memory, from
// the client's call to its answer, with stores in memory or on disk. Turns per second of one vault and inputs per turn
// say how well it gathers.
func BenchmarkMutate(b *testing.B) {
	for _, c := range []struct {
		name    string
		disk    bool
		sync    bool
		objects int
	}{
		{"memory/objects=1", false, false, 1}, {"memory/objects=16", false, false, 16}, {"memory/objects=64", false, false, 64},
		{"disk/objects=1", true, true, 1}, {"disk/objects=16", true, true, 16}, {"disk/objects=64", true, true, 64},
	} {
		b.Run(c.name, func(b *testing.B) {
			var turns, inputs, step, store, send atomic.Int64
			w := newCommunityOf(b, 8, func(i int) string { return fmt.Sprintf("/memory/%d", 1+i) }, func(w *community) {
				w.base.Parameters.AccountOperations = 1 << 40
				w.base.Verifier = signature.NewVerifier(200_000)
				w.base.Fabric = routing.NewMemory()
				w.base.Sync = c.sync
				w.base.Observer.Turn = func(t vault.Turn) {
					turns.Add(1)
					inputs.Add(int64(t.Inputs))
					step.Add(int64(t.Step))
					store.Add(int64(t.Store))
					send.Add(int64(t.Send))
				}
				if c.disk {
					cache := pebble.NewCache(0)
					b.Cleanup(cache.Close)
					w.open = func(int) vault.Store {
						s, err := pebble.Open(b.TempDir(), pebble.Config{Cache: cache})
						if err != nil {
							b.Fatal(err)
						}
						b.Cleanup(func() { s.Close() })
						return s
					}
				}
			})
			w.wait("all are settled", w.settled)
			cl := w.client()
			alice := client.Actor{Key: client.NewKey()}
			if _, err := cl.CreateAccount(b.Context(), alice); err != nil {
				b.Fatal(err)
			}
			var wait sync.WaitGroup
			for i := range c.objects {
				wait.Go(func() {
					o := client.Object{Entries: map[mutabledata.Key][]byte{"k": nil}}
					if _, err := cl.Put(b.Context(), alice, client.Address(fmt.Sprint(i), 1), o); err != nil {
						b.Error(err)
					}
				})
			}
			wait.Wait()
			var next atomic.Int64
			value := make([]byte, 256)
			for _, n := range []*atomic.Int64{&turns, &inputs, &step, &store, &send} {
				n.Store(0)
			}
			b.ResetTimer()
			begun, spent := time.Now(), processTime()
			for i := range c.objects {
				wait.Go(func() {
					a := client.Address(fmt.Sprint(i), 1)
					for v := mutabledata.Version(1); next.Add(1) <= int64(b.N); v++ {
						if _, err := cl.Mutate(b.Context(), alice, a, client.Update("k", value, v)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			took := time.Since(begun).Seconds()
			b.ReportMetric((processTime()-spent).Seconds()*1e3/float64(b.N), "cpu-ms/op")
			b.StopTimer()
			b.ReportMetric(float64(b.N)/took, "mutations/s")
			b.ReportMetric(float64(turns.Load())/8/took, "turns/s")
			each := func(n *atomic.Int64) float64 { return float64(n.Load()) / float64(turns.Load()) }
			b.ReportMetric(each(&inputs), "inputs/turn")
			b.ReportMetric(each(&step)/1e3, "step-µs/turn")
			b.ReportMetric(each(&store)/1e3, "store-µs/turn")
			b.ReportMetric(each(&send)/1e3, "send-µs/turn")
		})
	}
}

// processTime is how long processors worked for this process.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
