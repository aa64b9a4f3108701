package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"vaultnet/bench"
)

// etcdVariable tells a process that it is to be a member of etcd: it is its settings, as JSON.
const etcdVariable = "VAULTNET_PEERS_ETCD"

// member is what a member's process is told.
type member struct {
	Name    string `json:"name"`
	Folder  string `json:"folder"`
	Peer    string `json:"peer"`
	Client  string `json:"client"`
	Cluster string `json:"cluster"`
	Sync    bool   `json:"sync"`
}

// etcdProcess makes this process a member of etcd, where [etcd.start] started it as one, and ends it when its standard
// input ends. Each line before is answered with what the process has used.
func etcdProcess() {
	text := os.Getenv(etcdVariable)
	if text == "" {
		return
	}
	var m member
	err := json.Unmarshal([]byte(text), &m)
	if err == nil {
		err = m.serve(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "member of etcd:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (m member) serve(in io.Reader, out io.Writer) error {
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir = m.Name, m.Folder
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = urls(m.Peer), urls(m.Peer)
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = urls(m.Client), urls(m.Client)
	cfg.InitialCluster, cfg.ClusterState = m.Cluster, embed.ClusterStateFlagNew
	cfg.UnsafeNoFsync = !m.Sync
	cfg.LogLevel, cfg.LogOutputs = "fatal", []string{"stderr"}
	cfg.ElectionMs, cfg.TickMs = 3000, 300 // no election because a machine is busy
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	select {
	case <-e.Server.ReadyNotify():
	case err := <-e.Err():
		return err
	case <-time.After(time.Minute):
		return errors.New("not ready after a minute")
	}
	answer := json.NewEncoder(out)
	if err := answer.Encode(bench.OwnSpent()); err != nil {
		return err
	}
	orders := bufio.NewScanner(in)
	for orders.Scan() {
		if err := answer.Encode(bench.OwnSpent()); err != nil {
			return err
		}
	}
	return orders.Err()
}

func urls(s string) []url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err) // made here
	}
	return []url.URL{*u}
}

// etcd is a cluster of etcd, each member a process.
type etcd struct {
	members int
	sync    bool
	reads   bool

	folder      string
	list        []*etcdMember
	connections []*clientv3.Client
}

type etcdMember struct {
	command *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
	client  string
}

func (e *etcd) about() string {
	how := "no fsync"
	if e.sync {
		how = "fsync"
	}
	return fmt.Sprintf("etcd 3.6, %d members, each a process, %s, asked at its leader", e.members, how)
}

func (e *etcd) guarantees() string {
	return `7 members replicate one log with Raft; any 3 of them may crash, none may lie: each believes what the others say, and a
client believes the one member that it asks. Nothing is signed, here nothing is encrypted, and nobody is asked who he is.
A change is a transaction that compares a key's revision and puts a value; reads are linearizable. With fsync a change is
on the disks of 4 members before it is answered; without, the loss of power loses it.`
}

func (e *etcd) start(ctx context.Context) error {
	var err error
	if e.folder, err = os.MkdirTemp("", "vaultnet-peers-"); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ports, err := freePorts(2 * e.members)
	if err != nil {
		return err
	}
	var members []member
	var cluster []string
	for i := range e.members {
		m := member{Name: fmt.Sprint("m", i), Folder: filepath.Join(e.folder, fmt.Sprint(i)), Sync: e.sync,
			Peer: fmt.Sprintf("http://127.0.0.1:%d", ports[2*i]), Client: fmt.Sprintf("http://127.0.0.1:%d", ports[2*i+1])}
		members = append(members, m)
		cluster = append(cluster, m.Name+"="+m.Peer)
	}
	for _, m := range members {
		m.Cluster = strings.Join(cluster, ",")
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		c := exec.Command(self)
		c.Env = append(os.Environ(), etcdVariable+"="+string(text))
		c.Stderr = os.Stderr
		x := &etcdMember{command: c, client: m.Client}
		if x.orders, err = c.StdinPipe(); err != nil {
			return err
		}
		out, err := c.StdoutPipe()
		if err != nil {
			return err
		}
		x.answers = json.NewDecoder(out)
		if err := c.Start(); err != nil {
			return err
		}
		e.list = append(e.list, x)
	}
	for i, x := range e.list {
		var ready bench.Spent
		if err := x.answers.Decode(&ready); err != nil {
			return fmt.Errorf("member %d: %w", i, err)
		}
	}
	return nil
}

// leader is where the cluster's leader serves.
func (e *etcd) leader(ctx context.Context) (string, error) {
	for {
		for _, x := range e.list {
			c, err := e.connect(x.client)
			if err != nil {
				return "", err
			}
			st, err := c.Status(ctx, x.client)
			c.Close()
			if err == nil && st.Leader != 0 && st.Leader == st.Header.MemberId {
				return x.client, nil
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("no leader: %w", ctx.Err())
		}
	}
}

func (e *etcd) connect(endpoint string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 10 * time.Second, Logger: zap.NewNop()})
}

func (e *etcd) clients(ctx context.Context, s bench.Settings) ([]bench.Operation, error) {
	at, err := e.leader(ctx)
	if err != nil {
		return nil, err
	}
	for range s.Connections {
		c, err := e.connect(at)
		if err != nil {
			return nil, err
		}
		e.connections = append(e.connections, c)
	}
	var all []bench.Operation
	for i := range s.Clients {
		c := e.connections[i%len(e.connections)]
		key := fmt.Sprintf("%032x", i)
		first, err := c.Put(ctx, key, string(content(i, s.Size)))
		if err != nil {
			return nil, err
		}
		revision := first.Header.Revision
		random := rand.New(rand.NewPCG(1, uint64(i)))
		if e.reads {
			all = append(all, func(ctx context.Context) bench.Outcome {
				r, err := c.Get(ctx, fmt.Sprintf("%032x", random.IntN(s.Clients)))
				if err == nil && len(r.Kvs) != 1 {
					err = errors.New("a key is gone")
				}
				return bench.Outcome{Bytes: s.Size, Err: err}
			})
			continue
		}
		all = append(all, func(ctx context.Context) bench.Outcome {
			r, err := c.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(key), "=", revision)).
				Then(clientv3.OpPut(key, string(content(random.Int(), s.Size)))).Commit()
			if err == nil && !r.Succeeded {
				err = errors.New("compared unequal")
			}
			if err == nil {
				revision = r.Header.Revision
			}
			return bench.Outcome{Bytes: s.Size, Err: err}
		})
	}
	return all, nil
}

// content is fresh content.
func content(seed, size int) []byte {
	random := rand.New(rand.NewPCG(2, uint64(seed)))
	b := make([]byte, size)
	for i := 0; i < len(b); i += 8 {
		v := random.Uint64()
		for k := i; k < min(i+8, len(b)); k++ {
			b[k] = byte(v)
			v >>= 8
		}
	}
	return b
}

func (e *etcd) spent() (bench.Spent, error) {
	var all bench.Spent
	for i, x := range e.list {
		if _, err := io.WriteString(x.orders, "\n"); err != nil {
			return all, fmt.Errorf("member %d: %w", i, err)
		}
		var s bench.Spent
		if err := x.answers.Decode(&s); err != nil {
			return all, fmt.Errorf("member %d: %w", i, err)
		}
		all = all.Plus(s)
	}
	return all, nil
}

func (e *etcd) close() error {
	var errs []error
	for _, c := range e.connections {
		errs = append(errs, c.Close())
	}
	var group sync.WaitGroup
	for _, x := range e.list {
		group.Go(func() {
			_ = x.orders.Close()
			late := time.AfterFunc(10*time.Second, func() { _ = x.command.Process.Kill() })
			defer late.Stop()
			_ = x.command.Wait() // one that loses the others on its way out says so
		})
	}
	group.Wait()
	if e.folder != "" {
		errs = append(errs, os.RemoveAll(e.folder))
	}
	return errors.Join(errs...)
}

// freePorts are so many ports that nobody listens at.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end: none comes twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
