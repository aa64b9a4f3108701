package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cometbft/cometbft/abci/example/kvstore"
	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/rpc/client/local"
	"github.com/cometbft/cometbft/types"

	"vaultnet/bench"
)

// comet is a chain of CometBFT with its example application, all validators in this process.
type comet struct {
	validators int

	folder string
	nodes  []*node.Node
}

func (c *comet) about() string {
	return fmt.Sprintf("CometBFT v0.38.26, kvstore, %d validators in one process, TCP, no pause between blocks", c.validators)
}

func (c *comet) guarantees() string {
	return `4 validators agree on one chain with Tendermint's rules, the same that a vault network follows for each object by itself; 1
of them may lie (of 8 vaults, 2). Votes are signed one by one. A client believes the node that it asks, which runs in its
own process here. The example application checks no signature, no permission and no payment, and keeps its state in
memory; the write-ahead log is on disk. All changes share one order and one proposer.`
}

func (c *comet) start(ctx context.Context) error {
	var err error
	if c.folder, err = os.MkdirTemp("", "vaultnet-peers-"); err != nil {
		return err
	}
	ports, err := freePorts(c.validators)
	if err != nil {
		return err
	}
	type validator struct {
		cfg  *config.Config
		key  *privval.FilePV
		node *p2p.NodeKey
	}
	var all []validator
	genesis := &types.GenesisDoc{ChainID: "peers", GenesisTime: time.Now(), ConsensusParams: types.DefaultConsensusParams(), InitialHeight: 1}
	for i := range c.validators {
		cfg := config.DefaultConfig()
		cfg.SetRoot(filepath.Join(c.folder, fmt.Sprint(i)))
		config.EnsureRoot(cfg.RootDir)
		cfg.DBBackend = "memdb"
		cfg.P2P.ListenAddress = fmt.Sprintf("tcp://127.0.0.1:%d", ports[i])
		cfg.P2P.AddrBookStrict, cfg.P2P.AllowDuplicateIP, cfg.P2P.PexReactor = false, true, false
		cfg.P2P.FlushThrottleTimeout = 0
		cfg.RPC.ListenAddress = ""
		cfg.RPC.MaxSubscriptionClients, cfg.RPC.MaxSubscriptionsPerClient = 10_000, 10_000 // each that waits is one
		cfg.RPC.TimeoutBroadcastTxCommit = 30 * time.Second
		cfg.Consensus.TimeoutCommit, cfg.Consensus.SkipTimeoutCommit = 0, true
		cfg.Consensus.CreateEmptyBlocks = false
		cfg.Consensus.PeerGossipSleepDuration = 5 * time.Millisecond
		cfg.Instrumentation.Prometheus = false
		cfg.TxIndex.Indexer = "null"
		v := validator{cfg: cfg, key: privval.GenFilePV(cfg.PrivValidatorKeyFile(), cfg.PrivValidatorStateFile())}
		v.key.Save()
		if v.node, err = p2p.LoadOrGenNodeKey(cfg.NodeKeyFile()); err != nil {
			return err
		}
		public, err := v.key.GetPubKey()
		if err != nil {
			return err
		}
		genesis.Validators = append(genesis.Validators, types.GenesisValidator{PubKey: public, Power: 10, Name: fmt.Sprint(i)})
		all = append(all, v)
	}
	if err := genesis.ValidateAndComplete(); err != nil {
		return err
	}
	for i, v := range all {
		var others []string
		for k, o := range all {
			if k != i {
				others = append(others, p2p.IDAddressString(o.node.ID(), strings.TrimPrefix(o.cfg.P2P.ListenAddress, "tcp://")))
			}
		}
		v.cfg.P2P.PersistentPeers = strings.Join(others, ",")
		n, err := node.NewNode(v.cfg, v.key, v.node, proxy.NewLocalClientCreator(kvstore.NewInMemoryApplication()),
			func() (*types.GenesisDoc, error) { return genesis, nil }, config.DefaultDBProvider,
			node.DefaultMetricsProvider(v.cfg.Instrumentation), log.NewNopLogger())
		if err != nil {
			return fmt.Errorf("validator %d: %w", i, err)
		}
		if err := n.Start(); err != nil {
			return fmt.Errorf("validator %d: %w", i, err)
		}
		c.nodes = append(c.nodes, n)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		connected := 0
		for _, n := range c.nodes {
			connected += n.Switch().Peers().Size()
		}
		if connected == c.validators*(c.validators-1) {
			break
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return fmt.Errorf("%d of %d connections after a minute", connected, c.validators*(c.validators-1))
		}
	}
	return c.commit(ctx, local.New(c.nodes[0]), "first=block")
}

// commit has a transaction decided and waits for it.
func (c *comet) commit(ctx context.Context, l *local.Local, tx string) error {
	r, err := l.BroadcastTxCommit(ctx, types.Tx(tx))
	switch {
	case err != nil:
		return err
	case r.CheckTx.Code != 0:
		return fmt.Errorf("not taken: code %d, %s", r.CheckTx.Code, r.CheckTx.Log)
	case r.TxResult.Code != 0:
		return fmt.Errorf("not applied: code %d, %s", r.TxResult.Code, r.TxResult.Log)
	}
	return nil
}

func (c *comet) clients(_ context.Context, s bench.Settings) ([]bench.Operation, error) {
	var all []bench.Operation
	for i := range s.Clients {
		l := local.New(c.nodes[i%len(c.nodes)])
		count := 0
		all = append(all, func(ctx context.Context) bench.Outcome {
			count++
			value := fmt.Sprintf("%x", content(i<<32|count, s.Size/2)) // the application takes no = in it
			return bench.Outcome{Bytes: s.Size, Err: c.commit(ctx, l, fmt.Sprintf("%032x=%s", i, value))}
		})
	}
	return all, nil
}

func (c *comet) spent() (bench.Spent, error) { return bench.Spent{}, nil }

func (c *comet) close() error {
	var errs []error
	for _, n := range c.nodes {
		errs = append(errs, n.Stop())
		n.Wait()
	}
	if c.folder != "" {
		errs = append(errs, os.RemoveAll(c.folder))
	}
	return errors.Join(errs...)
}
