package localnet_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/container"
	"vaultnet/sim/localnet"
)

var (
	streamSize    = flag.Int64("stream.mib", 64, "MiB that BenchmarkStream moves in and out")
	streamVaults  = flag.Int("stream.vaults", 16, "vaults that BenchmarkStream runs")
	streamProfile = flag.String("stream.profile", "", "where the client of BenchmarkStream leaves CPU profiles: PATH.in and PATH.out")
)

// streamOrder is what the client's process is told.
type streamOrder struct {
	Bootstrap []string
	Seed      [32]byte // of the account that pays
	Size      int64
	Profile   string
}

// streamReport is what it answers.
type streamReport struct {
	In, Out         time.Duration
	InCPU, OutCPU   time.Duration
	InPeak, OutPeak int64 // resident bytes
}

const streamVariable = "VAULTNET_STREAM_CLIENT"

// BenchmarkStream moves a file into a network of vaults on loopback TCP and out again, byte-identical, with a client in a
// process of its own, whose greatest resident memory it reports:
//
//	go test ./sim/localnet -run - -bench Stream -benchtime 1x -stream.mib 1024
func BenchmarkStream(b *testing.B) {
	net := localnet.Start(b, localnet.Config{Vaults: *streamVaults, TCP: true, Accounts: 1})
	order := streamOrder{Bootstrap: net.Bootstrap(), Seed: net.Accounts()[0].Seed, Size: *streamSize << 20, Profile: *streamProfile}
	for b.Loop() {
		before := processor()
		r := streamClient(b, order)
		mib := float64(*streamSize)
		b.ReportMetric(mib/r.In.Seconds(), "in-MiB/s")
		b.ReportMetric(mib/r.Out.Seconds(), "out-MiB/s")
		b.ReportMetric(float64(r.InPeak)/(1<<20), "in-peak-MiB")
		b.ReportMetric(float64(r.OutPeak)/(1<<20), "out-peak-MiB")
		b.ReportMetric(1e3*r.InCPU.Seconds()/mib, "in-client-ms/MiB")
		b.ReportMetric(1e3*r.OutCPU.Seconds()/mib, "out-client-ms/MiB")
		b.ReportMetric(1e3*(processor()-before).Seconds()/mib, "vaults-ms/MiB")
	}
}

// streamClient runs the client's process.
func streamClient(t testing.TB, order streamOrder) streamReport {
	t.Helper()
	in, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run", "^$")
	c.Env = append(os.Environ(), streamVariable+"=1")
	c.Stdin, c.Stderr = bytes.NewReader(in), os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal("the client's process: ", err)
	}
	var r streamReport
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// runStreamClient is the client's process.
func runStreamClient() error {
	var order streamOrder
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	p := localnet.Person{Seed: order.Seed}
	ctx := context.Background()
	c, err := client.Connect(ctx, client.Config{Parameters: vaultnet.LocalParameters(), Bootstrap: order.Bootstrap})
	if err != nil {
		return err
	}
	defer c.Close()
	ref, err := container.NewRef(nil, true, false)
	if err != nil {
		return err
	}
	cfg := c.Containers(p.Actor())
	if _, err := container.Create(ctx, cfg, ref, nil); err != nil {
		return err
	}
	files := container.NewFileSystem(cfg, ref)
	var r streamReport
	r.In, r.InCPU, r.InPeak, err = measured(order.Profile, ".in", func() error {
		file, err := files.Create(ctx, "large")
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, streamContent(order.Size)); err != nil {
			return err
		}
		return file.Close()
	})
	if err != nil {
		return err
	}
	r.Out, r.OutCPU, r.OutPeak, err = measured(order.Profile, ".out", func() error {
		file, err := files.Open(ctx, "large")
		if err != nil {
			return err
		}
		defer file.Discard()
		return same(file, streamContent(order.Size))
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// streamContent is random and the same each time.
func streamContent(size int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), size) }

// same says where two readers' contents differ.
func same(a, b io.Reader) error {
	const part = 64 << 10
	x, y := make([]byte, part), make([]byte, part)
	for at := int64(0); ; at += part {
		n, err := io.ReadFull(a, x)
		m, _ := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return fmt.Errorf("not the same within %d bytes from %d on: %w", part, at, err)
		}
		if n < part {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil
			}
			return err
		}
	}
}

// measured runs something: how long it took, of the clock and of the processor, and the most memory that was resident.
func measured(profile, name string, do func() error) (took, cpu time.Duration, peak int64, err error) {
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
	if profile != "" {
		f, err := os.Create(profile + name)
		if err != nil {
			return 0, 0, 0, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, 0, 0, err
		}
		defer pprof.StopCPUProfile()
	}
	used, begun := processor(), time.Now()
	err = do()
	return time.Since(begun), processor() - used, peakMemory(), err
}

// processor is the time that this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory that was resident, in bytes; 0 where that is not known.
func peakMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}
