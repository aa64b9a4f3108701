package client

import (
	"sync"
	"time"

	"vaultnet"
	"vaultnet/client/op"
)

// start begins the loop over a carrier.
func (l *loop) start(c carrier) {
	l.carrier = c
	l.walks = newWalks(c, func(name vaultnet.Name, vaults []vaultnet.PublicKey) {
		l.mu.Lock()
		l.inbox.list = append(l.inbox.list, op.GroupFound(name, vaults))
		l.mu.Unlock()
		l.poke()
	})
	go l.run()
}

// close is [Client.Close].
func (l *loop) close() error {
	l.once.Do(func() {
		close(l.closing)
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.drain()
		if l.cfg.Settle > 0 {
			l.settle()
		}
		l.mu.Lock()
		l.ending = true
		l.inbox.room.Broadcast()
		l.mu.Unlock()
		l.poke()
		<-l.over
		l.walks.close()
		l.err = l.carrier.Close()
	})
	return l.err
}

// drain cancels all operations and waits for their ends, which op keeps to seconds.
func (l *loop) drain() {
	l.mu.Lock()
	l.drained = make(chan struct{})
	drained := l.drained
	l.mu.Unlock()
	l.poke()
	<-drained
}

// settle gives back what permits reserved and nobody used.
func (l *loop) settle() {
	until := time.Now().Add(l.cfg.Settle)
	var group sync.WaitGroup
	for _, p := range l.accounts.list { // which does not change any more
		k := newCall(op.SettleAll{As: p.as, Account: p.account, Unused: true, Options: op.Options{Timeout: max(time.Until(until), time.Millisecond)}})
		l.mu.Lock()
		l.starts = append(l.starts, k)
		l.mu.Unlock()
		group.Go(func() { <-k.done })
	}
	l.poke()
	group.Wait()
}

// maxPayers is how many accounts Close settles.
const maxPayers = 4096

// payer is an account that paid for something, and somebody who may ask for that.
type payer struct {
	account vaultnet.PublicKey
	as      vaultnet.Signer
}

// accounts is who paid, each once.
type accounts struct {
	list []payer
	has  map[vaultnet.PublicKey]bool
}

// note remembers who pays for an operation.
func (a *accounts) note(o op.Operation) {
	m, ok := o.(op.Mutate)
	if !ok || m.As == nil || len(a.list) >= maxPayers {
		return
	}
	account := m.Account
	if account.IsNobody() {
		account = m.As.Public()
	}
	if a.has[account] {
		return
	}
	if a.has == nil {
		a.has = make(map[vaultnet.PublicKey]bool)
	}
	a.has[account] = true
	a.list = append(a.list, payer{account, m.As})
}
