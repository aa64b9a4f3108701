package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultnet/client/auth"
	"vaultnet/client/batch"
	"vaultnet/internal/patient"
	"vaultnet/network"
	"vaultnet/sim/localnet"
)

func TestMain(m *testing.M) {
	auth.DefaultCost = auth.Cost{Time: 1, Memory: 64, Threads: 1} // passwords are not what is tested; it is most of the time
	testscript.Main(patient.Tests{M: m}, map[string]func(){"safe": main})
}

// safe runs the command within the test.
func safe(t *testing.T, in string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(context.Background(), args, streams{strings.NewReader(in), &out, &err})
	return code, out.String(), err.String()
}

// TestUsage: what is wrong with a command line is said in a line or two, and the exit code tells it from a refusal.
func TestUsage(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", 0, "SUBCOMMANDS"},
		{"-h", 0, "EXIT CODES"},
		{"--help", 0, "EXAMPLES"},
		{"fly", 2, `no subcommand "fly"`},
		{"-fly", 2, "fly"},
		{"data", 0, "set-permissions"},
		{"data -h", 0, "get-user-permissions"},
		{"data fly", 2, `no subcommand "fly"`},
		{"data sleep", 2, `no subcommand "sleep"`},
		{"data mutate --help", 0, "KEY@VERSION=CONTENT"},
		{"data put", 2, "-as, -name is missing"},
		{"data put", 2, "Try: safe data put -h"},
		{"data put -as alice -as bob", 2, "given twice"},
		{"data put -as Alice", 2, "want only a-z"},
		{"data put -tag x", 2, "want an integer"},
		{"data put -entry a", 2, "no = between"},
		{"data put -entry a=1 -entry hex:61=2", 2, "twice"},
		{"data put -entry a=@/no/such/file", 2, "no such file"},
		{"data put -allow bob", 2, "USER:ACTION"},
		{"data put -allow bob:fly", 2, "no action"},
		{"data put -allow bob:insert -deny bob:insert", 2, "twice"},
		{"data mutate -update a=1", 2, "KEY@VERSION"},
		{"data mutate -delete a", 2, "KEY@VERSION"},
		{"data mutate -expect a@never", 2, "integer"},
		{"data mutate -max-entries 0", 2, "at least 1"},
		{"data get-version -name n -timeout 0s", 2, "at least 1ms"},
		{"data get-version -name n -permit some", 2, "none"},
		{"data get-version -name n now", 2, "no arguments"},
		{"data get-version -name n", 3, "go run ./cmd/simnet"},
		{"data get-version -name n -network other", 3, "simnet -name NAME"},
		{"data get-version -name n -network ./nowhere.json", 3, "nowhere.json"},
		{"account show", 2, "nobody is logged in"},
		{"account create -h", 0, "create-account"},
		{"chunk put", 2, "FILE"},
		{"chunk put f", 2, "-as is missing"},
		{"chunk get", 2, "NAME"},
		{"chunk get hello", 2, "64 hex digits"},
		{"key", 0, "safe key new alice"},
		{"key new", 2, "LABEL"},
		{"key new Alice", 2, "want only a-z"},
		{"key new anyone", 2, "everybody"},
		{"key show nobody", 2, "safe key new nobody"},
		{"key show", 0, "no keys"},
		{"batch -h", 0, "change-owner"},
		{"batch ops.jsonl", 2, "standard input"},
		{"batch -parallel 0", 2, "1 to 1000"},
		{"batch -timeout 0s", 2, "at least"},
		{"batch", 3, "go run ./cmd/simnet"},
	} {
		code, stdout, stderr := safe(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("safe %s: exit code %d, want %d; it says %q, want %q", c.args, code, c.code, stdout+stderr, c.says)
		}
	}
}

// Every operation of the table but those of a batch itself is a verb, and every member of it a flag.
func TestEveryOperationIsAVerb(t *testing.T) {
	for _, v := range batch.Verbs() {
		code, stdout, stderr := safe(t, "", "data", v.Name, "-h")
		if (code == 0) != (v.Group != batch.Control) {
			t.Errorf("%s: exit code %d: %s", v.Name, code, stderr)
		}
		for _, f := range v.New().Flags() {
			if code == 0 && !strings.Contains(stdout, "-"+f.Name) {
				t.Errorf("%s: the help does not tell of -%s", v.Name, f.Name)
			}
		}
	}
}

// TestScripts runs the scripts in testdata: the command in processes of its own, on a network of real vaults.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	t.Parallel()
	file := startNetwork(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LONG", "_documents/"+strings.Repeat("a", 4097))
			e.Setenv("BYTES", "_documents/\xff")
			gone := *file // a network of which nobody is there any more
			gone.Bootstrap = nil
			for _, address := range file.Bootstrap {
				gone.Bootstrap = append(gone.Bootstrap, somePort.ReplaceAllString(address, "/tcp/9/"))
			}
			if err := gone.Write(filepath.Join(e.WorkDir, "gone.json")); err != nil {
				return err
			}
			other := *file // one whose parameters are not the network's
			other.Parameters.AccountOperations++
			if err := other.Write(filepath.Join(e.WorkDir, "other.json")); err != nil {
				return err
			}
			return home(e.WorkDir, file, e.Setenv)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"mode": mode, "exits": exits, "noise": noise, "hole": hole,
			"await": await, "cmpfiles": cmpFiles, "says": says},
	})
}

var somePort = regexp.MustCompile(`/tcp/\d+/`)

// home is a user's home: an empty folder, with the network file where simnet leaves it.
func home(dir string, file *network.File, setenv func(name, value string)) error {
	setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	return file.Write(filepath.Join(dir, "cache", "vaultnet", "local.json"))
}

// mode fails a script unless a file has a mode.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode 0600 FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if info.Mode().Perm() != parseMode(ts, args[0]) {
		ts.Fatalf("%s has mode %v", args[1], info.Mode().Perm())
	}
}

func parseMode(ts *testscript.TestScript, s string) os.FileMode {
	var m os.FileMode
	for _, c := range s {
		if c < '0' || c > '7' {
			ts.Fatalf("mode %q", s)
		}
		m = m<<3 | os.FileMode(c-'0')
	}
	return m
}

// exits runs safe and fails a script unless it ends with a code; what it says is compared by stdout and stderr as usual.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARG…")
	}
	err := ts.Exec("safe", args[1:]...)
	code := "0"
	if err != nil {
		var ok bool
		if code, ok = strings.CutPrefix(err.Error(), "exit status "); !ok {
			ts.Fatalf("%v", err)
		}
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// says runs a command until what it prints fits a pattern, for half a minute at most. Completion asks the network and soon
// gives up, so that nobody waits at a prompt: on a machine with much else to do it may find nothing at first.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: says PATTERN COMMAND…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for began := time.Now(); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Since(began) > 30*time.Second {
			ts.Fatalf("what it prints does not fit %q", args[0])
		}
	}
}

// noise makes a file of random bytes.
func noise(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: noise SIZE FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(content)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), content, 0o644))
}

// hole makes a file of zeros that takes no room.
func hole(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hole FILE SIZE")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// await waits until a file that fits a pattern is there, of at least so many bytes.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await PATTERN [SIZE]")
	}
	least := int64(0)
	if len(args) == 2 {
		n, err := strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
		least = n
	}
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		files, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		for _, f := range files {
			if info, err := os.Stat(f); err == nil && info.Size() >= least {
				return
			}
		}
	}
	ts.Fatalf("%s does not come", args[0])
}

// cmpFiles compares files that are no text.
func cmpFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cmpfiles FILE FILE")
	}
	a, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	if !bytes.Equal(a, b) {
		ts.Fatalf("%s, of %d bytes, and %s, of %d bytes, are not the same", args[0], len(a), args[1], len(b))
	}
}

// startNetwork starts a dozen vaults on loopback TCP, with ready accounts, and gives the network file.
func startNetwork(t *testing.T) *network.File {
	t.Helper()
	net := localnet.Start(t, localnet.Config{Parameters: localnet.Brief(), Vaults: 12, TCP: true, Accounts: 2, Apps: 1})
	f := net.File()
	keys := t.TempDir()
	for i, p := range net.Accounts() {
		f.Sample.Accounts[i].KeyFile = filepath.Join(keys, p.Label+".key")
		if err := network.WriteKey(f.Sample.Accounts[i].KeyFile, p.Seed, "for testing only"); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range net.Apps() {
		f.Sample.Apps[i].KeyFile = filepath.Join(keys, p.Label+".key")
		if err := network.WriteKey(f.Sample.Apps[i].KeyFile, p.Seed, "for testing only"); err != nil {
			t.Fatal(err)
		}
	}
	return f
}
