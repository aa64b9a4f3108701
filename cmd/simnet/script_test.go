package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"vaultnet/client"
	"vaultnet/internal/patient"
	"vaultnet/mutabledata"
	"vaultnet/network"
	"vaultnet/refusal"
)

// leakless fails where a test left a goroutine.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	code := patient.Tests{M: m.M}.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"simnet": main, "use": func() { program(use) }, "see": func() { program(see) }})
}

// program runs what a script calls as a person's program: [-network FILE] arguments.
func program(do func(ctx context.Context, c *client.Client, f *network.File, args []string) error) {
	err := func() error {
		args := os.Args[1:]
		path, err := network.LocalPath("")
		if len(args) > 1 && args[0] == "-network" {
			path, args = args[1], args[2:]
		}
		if err != nil {
			return err
		}
		f, err := network.Read(path)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		c, err := client.Connect(ctx, client.ConfigOf(f))
		if err != nil {
			return err
		}
		return errors.Join(do(ctx, c, f, args), c.Close())
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// use PERSON NAME: a sample account makes an object, adds an entry, and once more, which is refused.
func use(ctx context.Context, c *client.Client, f *network.File, args []string) error {
	by := client.Actor{Key: client.NewKey()}
	if p, ok := f.Person(args[0]); ok {
		seed, err := network.ReadKey(p.KeyFile)
		if err != nil {
			return err
		}
		by.Key = seed.Signer()
	}
	at := client.Address(args[1], 1)
	if _, err := c.Put(ctx, by, at, client.Object{Entries: map[mutabledata.Key][]byte{"first": []byte("hello")}}); err != nil {
		return err
	}
	if _, err := c.Mutate(ctx, by, at, client.Insert("second", []byte("hi"))); err != nil {
		return err
	}
	if _, err := c.Mutate(ctx, by, at, client.Insert("second", nil)); !errors.Is(err, refusal.InvalidEntryActions) {
		return fmt.Errorf("inserted twice: %w", err)
	}
	return nil
}

// see NAME: prints the entry that use made.
func see(ctx context.Context, c *client.Client, _ *network.File, args []string) error {
	v, _, err := c.GetValue(ctx, client.Address(args[0], 1), "first")
	if err == nil {
		fmt.Printf("first=%s\n", v.Content)
	}
	return err
}

// TestScripts: the commands as a person uses them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			cache, err := os.MkdirTemp("", "simnet") // a socket's path is short
			if err != nil {
				return err
			}
			e.Defer(func() { os.RemoveAll(cache) })
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("HOME", cache)
			e.Setenv("PORT", fmt.Sprint(freePort(8)))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await},
	})
}

// freePort is the first of some ports that nobody listens at, below those that outgoing connections get.
func freePort(number int) int {
	for {
		if p := 20_000 + 16*rand.IntN(600); free(p, number) {
			return p
		}
	}
}

// await [-fresh] FILE: until a network file is there; -fresh: and its network answers.
func await(ts *testscript.TestScript, _ bool, args []string) {
	fresh := args[0] == "-fresh"
	path := ts.MkAbs(args[len(args)-1])
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		f, err := network.Read(path)
		if err == nil && (!fresh || ask(context.Background(), f.Sample.Control, "GET", "/status", &report{}) == nil) {
			return
		}
	}
	ts.Fatalf("%s: no network", path)
}
