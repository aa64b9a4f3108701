package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultnet/client"
	"vaultnet/internal/patient"
	"vaultnet/network"
)

func TestMain(m *testing.M) {
	testscript.Main(patient.Tests{M: m}, map[string]func(){"vault": func() { os.Exit(Main()) }})
}

// ports counts those that were picked: each is picked once, since nobody listens at it before some time has passed.
var ports atomic.Int64

func init() { ports.Store(int64(os.Getpid())) } // runs beside one another begin elsewhere

// freePort is a TCP port of this machine that is free now, below those that connections are given: one that was picked from
// among them may have gone to a connection by the time that it is used. No other package's tests pick from 30,100 to 32,699.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1_000 {
		port := 30_100 + int(ports.Add(1)%2_600)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// The commands, as in testdata. In a script, "until COMMAND…" runs a command until it succeeds, "fill FILE N" puts N
// objects and a chunk on a network, and $P1 to $P4 are free ports.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			for i := 1; i <= 4; i++ {
				e.Setenv(fmt.Sprintf("P%d", i), fmt.Sprint(freePort(t)))
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"until": func(ts *testscript.TestScript, neg bool, args []string) {
				for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
					err := ts.Exec(args[0], args[1:]...)
					if (err == nil) != neg {
						return
					}
					if time.Now().After(end) {
						ts.Fatalf("not within a minute: %s: %v", strings.Join(args, " "), err)
					}
				}
			},
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := 0
				if exit, ok := err.(*exec.ExitError); ok {
					code = exit.ExitCode()
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if fmt.Sprint(code) != args[0] {
					ts.Fatalf("%s exits with %d, want %s", strings.Join(args[1:], " "), code, args[0])
				}
			},
			"fill": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(fill(ts.MkAbs(args[0]), args[1]))
			},
			"occupy": func(ts *testscript.TestScript, neg bool, args []string) {
				l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
				ts.Check(err)
				ts.Defer(func() { l.Close() })
			},
		},
	})
}

// fill makes an account, so many objects and a chunk on the network of a file.
func fill(file, objects string) error {
	n, err := strconv.Atoi(objects)
	if err != nil {
		return err
	}
	f, err := network.Read(file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Connect(ctx, client.ConfigOf(f))
	if err != nil {
		return err
	}
	defer c.Close()
	by := client.Actor{Key: client.NewKey()}
	if _, err := c.CreateAccount(ctx, by); err != nil {
		return err
	}
	for i := range n {
		if _, err := c.Put(ctx, by, client.Address(fmt.Sprint("object ", i), 1), client.Object{}); err != nil {
			return err
		}
	}
	_, err = c.PutChunk(ctx, by, []byte("a chunk"))
	return err
}

// lockedBuffer is a buffer that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
