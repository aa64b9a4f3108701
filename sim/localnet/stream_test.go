package localnet_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	"vaultnet/refusal"
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
		b.ReportMetric(float64(peakMemory())/(1<<20), "vaults-peak-MiB")
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

// large makes a file of so many bytes, after which at is called once, half way.
func large(ctx context.Context, files *container.FileSystem, name string, size int64, half func()) (*container.File, error) {
	file, err := files.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	content := streamContent(size)
	if _, err := io.CopyN(file, content, size/2); err != nil {
		return file, err
	}
	half()
	_, err = io.Copy(file, content)
	return file, err
}

// tree is a new private container of somebody's, as a file system.
func tree(t *testing.T, c *client.Client, by client.Actor) *container.FileSystem {
	t.Helper()
	ref, err := container.NewRef(nil, true, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := container.Create(t.Context(), c.Containers(by), ref, nil); err != nil {
		t.Fatal(err)
	}
	return container.NewFileSystem(c.Containers(by), ref)
}

// Two vaults serve corrupted chunks, one more stops half way in and another half way out: nothing is missing.
func TestLargeFileAmongLiars(t *testing.T) {
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 12, Liars: 2, Accounts: 1})
	files := tree(t, net.Client(t), net.Accounts()[0].Actor())
	stop := func(i int) func() {
		return func() {
			if err := net.StopVault(i); err != nil {
				t.Error(err)
			}
		}
	}
	const size = 12_345_678
	file, err := large(t.Context(), files, "large", size, stop(1))
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	read, err := files.Open(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	defer read.Discard()
	content := streamContent(size)
	if err := same(io.LimitReader(read, size/2), io.LimitReader(content, size/2)); err != nil {
		t.Fatal(err)
	}
	stop(2)()
	if err := same(read, content); err != nil {
		t.Fatal(err)
	}
}

// An account that runs out of operations, and a network that is full: the error says which, what was there before stays,
// and what can be mended is: the upload goes on from where it was.
func TestLargeFileWithoutMeans(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a network, and waits until vaults refuse")
	}
	t.Parallel()
	p := vaultnet.LocalParameters()
	p.AccountOperations = 12
	net := localnet.Start(t, localnet.Config{Vaults: 8, Parameters: p, Capacity: 24 << 20})
	c := net.Client(t)
	by := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	files := tree(t, c, by)
	const size = 16 << 20
	file, err := large(t.Context(), files, "large", size, func() {})
	if err == nil {
		err = file.Sync()
	}
	if !errors.Is(err, refusal.LowBalance) {
		t.Fatal(err)
	}
	written := file.Info().Size()
	if _, err := files.Stat(t.Context(), "large"); !errors.Is(err, container.NotExist) {
		t.Errorf("half a file is seen: %v", err)
	}
	if _, err := c.TopUp(t.Context(), by, 100); err != nil {
		t.Fatal(err)
	}
	rest := streamContent(size)
	if _, err := io.CopyN(io.Discard, rest, written); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, rest); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		read, err := files.Open(t.Context(), "large")
		if err != nil {
			t.Fatal(err)
		}
		defer read.Discard()
		if err := same(read, streamContent(size)); err != nil {
			t.Fatal(err)
		}
	}
	check()
	for _, patience := range []time.Duration{4 * time.Second, time.Minute} { // more where the vaults were too busy to refuse in time
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		file, err = large(ctx, files, "too much", size, func() {})
		if err == nil {
			err = file.Sync()
		}
		if !errors.Is(err, refusal.Unavailable) {
			break
		}
	}
	if !errors.Is(err, refusal.NetworkFull) {
		t.Fatal(err)
	}
	check()
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
