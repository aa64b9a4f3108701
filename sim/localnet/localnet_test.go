package localnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/internal/patient"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
	"vaultnet/sim/localnet"
)

func TestMain(m *testing.M) {
	if os.Getenv(streamVariable) != "" { // the client of BenchmarkStream
		if err := runStreamClient(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(patient.Tests{M: m})
}

// soon is a context for what must be done in time, however busy the machine.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Two of eight lie, in what they serve and in what they vote: everything succeeds, and reads are right.
func TestLiarsAreOutvoted(t *testing.T) {
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 8, Liars: 2, Accounts: 2, Apps: 1})
	c := net.Client(t)
	ctx := soon(t)
	alice, bob := net.Accounts()[0].Actor(), net.Accounts()[1].Actor()
	notes := client.Address("notes", 15000)
	if _, err := c.Put(ctx, alice, notes, client.Object{Permissions: map[mutabledata.User]mutabledata.PermissionSet{
		mutabledata.Anyone: client.Allow(mutabledata.Insert)}}); err != nil {
		t.Fatal(err)
	}
	want := map[mutabledata.Key]string{}
	var all sync.WaitGroup
	for i := range 12 {
		key, value := mutabledata.Key(fmt.Sprint(i)), fmt.Sprintf("value %d", i)
		want[key] = value
		by := []client.Actor{alice, bob, net.Apps()[0].Actor()}[i%3]
		all.Go(func() {
			if _, err := c.Mutate(ctx, by, notes, client.Insert(key, []byte(value))); err != nil {
				t.Errorf("insert %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for i := range 12 {
		key := mutabledata.Key(fmt.Sprint(i))
		v, _, err := c.GetValue(ctx, notes, key)
		if err != nil || string(v.Content) != want[key] {
			t.Errorf("entry %d: %q, %v", i, v.Content, err)
		}
	}
	if _, _, err := c.GetValue(ctx, notes, "none"); !errors.Is(err, refusal.NoSuchEntry) {
		t.Errorf("an entry that is not there: %v", err)
	}
	if _, err := c.Mutate(ctx, bob, notes, client.Update("0", nil, 1)); !errors.Is(err, refusal.AccessDenied) {
		t.Errorf("an update by somebody who may only insert: %v", err)
	}
	content := bytes.Repeat([]byte("chunk"), 1000)
	for i := range 4 {
		content[0] = byte(i)
		name, err := c.PutChunk(ctx, alice, content)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.GetChunk(ctx, name)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("chunk %d: %d bytes, %v", i, len(got), err)
		}
	}
	lies := 0
	for _, s := range net.Status() {
		if s.Liar != (s.Index >= 6) {
			t.Errorf("vault %d: liar %v", s.Index, s.Liar)
		}
		lies += s.Lies
	}
	if lies == 0 {
		t.Error("nobody lied")
	}
	t.Logf("%d lies", lies)
}

// Vaults stop and come back, with what they had and what they missed.
func TestVaultsComeAndGo(t *testing.T) {
	net := localnet.Start(t, localnet.Config{Vaults: 8, Accounts: 1})
	c := net.Client(t)
	ctx := soon(t)
	alice := net.Accounts()[0].Actor()
	notes := client.Address("notes", 15000)
	if _, err := c.Put(ctx, alice, notes, client.Object{}); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 5} {
		if err := net.StopVault(i); err != nil {
			t.Fatal(err)
		}
		if err := net.StopVault(i); err != nil {
			t.Errorf("stopped twice: %v", err)
		}
		if net.Vault(i) != nil || net.Status()[i].Running {
			t.Errorf("vault %d still runs", i)
		}
	}
	m, err := c.Mutate(ctx, alice, notes, client.Insert("a", []byte("1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 5} {
		address := net.Status()[i].Address
		if err := net.StartVault(ctx, i); err != nil {
			t.Fatal(err)
		}
		if s := net.Status()[i]; !s.Running || s.Address != address {
			t.Errorf("vault %d: %+v", i, s)
		}
	}
	for _, i := range []int{0, 5} {
		wait(t, fmt.Sprintf("vault %d has what it missed", i), func() bool {
			s := net.Status()[i]
			return s.Running && s.Vault.Height >= m.Height
		})
	}
	for _, err := range []error{net.StopVault(8), net.StopVault(-1), net.StartVault(ctx, 8)} {
		if err == nil || !strings.Contains(err.Error(), "0 to 7") {
			t.Errorf("a vault that is not there: %v", err)
		}
	}
}

func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

// What is in data folders outlives the network; the samples are found again, not made.
func TestDataFolders(t *testing.T) {
	cfg := localnet.Config{Vaults: 5, Accounts: 1, Apps: 1, Data: t.TempDir()}
	notes := client.Address("notes", 15000)
	var addresses []string
	for round := range 2 {
		func() {
			ctx := soon(t)
			net, err := localnet.New(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := net.Close(); err != nil {
					t.Error(err)
				}
			}()
			c, err := net.Connect(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			alice, app := net.Accounts()[0].Actor(), net.Apps()[0].Actor()
			if round == 0 {
				if _, err := c.Put(ctx, alice, notes, client.Object{Entries: map[mutabledata.Key][]byte{"a": []byte("1")}}); err != nil {
					t.Fatal(err)
				}
			}
			if v, _, err := c.GetValue(ctx, notes, "a"); err != nil || string(v.Content) != "1" {
				t.Errorf("round %d: %q, %v", round, v.Content, err)
			}
			a, _, err := c.Account(ctx, alice)
			if err != nil || a.Done+a.Reserved+a.Available != localnet.DefaultOperations || len(a.Grants) != 1 || a.Grants[0].Key != app.Key.Public() {
				t.Errorf("round %d: account %+v, %v", round, a, err)
			}
			for i, s := range net.Status() {
				if round == 0 {
					addresses = append(addresses, s.Address)
				} else if s.Address != addresses[i] {
					t.Errorf("vault %d was %s, is %s", i, addresses[i], s.Address)
				}
			}
		}()
	}
}

// On loopback TCP; a port that is in use is named, and nothing is left running.
func TestTCP(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	_, err = localnet.New(soon(t), localnet.Config{Vaults: 2, TCP: true, Port: min(port, 65000)})
	var inUse *localnet.PortError
	if port <= 65000 && (!errors.As(err, &inUse) || inUse.Port != port || inUse.Vault != 0) {
		t.Errorf("a port in use: %v", err)
	}
	n := localnet.Start(t, localnet.Config{Vaults: 4, TCP: true, Accounts: 1})
	c := n.Client(t)
	if _, err := c.Put(soon(t), n.Accounts()[0].Actor(), client.Address("notes", 1), client.Object{}); err != nil {
		t.Error(err)
	}
	if b := n.Bootstrap(); len(b) != 4 || !strings.HasPrefix(b[0], "/ip4/127.0.0.1/tcp/") {
		t.Errorf("bootstrap: %v", b)
	}
}

func TestOneSeedOneNetwork(t *testing.T) {
	keys := func(seed uint64) (keys []vaultnet.PublicKey) {
		n := localnet.Start(t, localnet.Config{Vaults: 2, Seed: seed})
		for _, s := range n.Status() {
			keys = append(keys, s.Key)
		}
		return keys
	}
	a, b, c := keys(7), keys(7), keys(8)
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("seed 7: %v, again %v; seed 8: %v", a, b, c)
	}
	if localnet.SampleSeed(7, "alice") == localnet.SampleSeed(8, "alice") {
		t.Error("alice is the same in all networks")
	}
}

func TestTheNetworkFile(t *testing.T) {
	n := localnet.Start(t, localnet.Config{Vaults: 7, Accounts: 3, Apps: 2})
	f := n.File()
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(f.Bootstrap) != 5 || len(f.Sample.Accounts) != 3 || len(f.Sample.Apps) != 2 || f.Sample.Apps[1].Owner != f.Sample.Accounts[1].Key {
		t.Errorf("%+v %+v", f, f.Sample)
	}
}

func TestClosed(t *testing.T) {
	n, err := localnet.New(soon(t), localnet.Config{Vaults: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.StartVault(t.Context(), 0); !errors.Is(err, localnet.ErrClosed) {
		t.Errorf("starting a vault of a closed network: %v", err)
	}
	if n.Vault(0) != nil {
		t.Error("a vault runs")
	}
}

func TestConfigsThatAreRefused(t *testing.T) {
	for says, cfg := range map[string]localnet.Config{
		"Vaults -1":         {Vaults: -1},
		"Vaults 1001":       {Vaults: 1001},
		"Port 65530":        {TCP: true, Port: 65530},
		"Data without Port": {TCP: true, Data: "x"},
		"Latency":           {Latency: -1},
		"Capacity":          {Capacity: -1},
		"Memory":            {Memory: -1},
		"Liars 3":           {Vaults: 2, Liars: 3},
		"Accounts 101":      {Accounts: 101},
		"Apps 1":            {Apps: 1},
		"Operations":        {Operations: -1},
		"group-size":        {Parameters: vaultnet.Parameters{Name: "x"}},
	} {
		if _, err := localnet.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
