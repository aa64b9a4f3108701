package vault

import (
	"time"

	"vaultnet"
	"vaultnet/vault/core"
)

// open verifies a frame and leaves what is in it to the loop. It blocks while too much of the peer waits, and while all
// workers are busy; there are as many for vaults as for clients, so that neither keeps the other waiting. An error: the
// frame is not as it should be, or the vault stops.
func (v *Vault) open(from vaultnet.PublicKey, frame []byte) error {
	begun := time.Now()
	vault, err := v.inbox.admit(from)
	if err != nil {
		return err
	}
	workers := v.workers[class(vault)]
	workers <- struct{}{}
	defer func() { <-workers }()
	if err := v.inbox.clear(vault); err != nil {
		v.inbox.refuse(from)
		return err
	}
	at := time.Now()
	in, err := core.Open(frame, from, v.opener)
	f := Frame{From: from, Bytes: len(frame), Inputs: len(in), Waited: at.Sub(begun), Verify: time.Since(at), Err: err}
	v.metrics.frame(&f, in)
	if tell := v.cfg.Observer.Frame; tell != nil {
		tell(f)
	}
	if err != nil {
		v.inbox.refuse(from)
		return err
	}
	v.inbox.add(from, in, len(frame))
	return nil
}

// peer tells the loop that a vault can be talked to, or that there is no connection to a peer any more.
func (v *Vault) peer(k vaultnet.PublicKey, up bool) {
	v.inbox.tell(k, up)
	if f := v.cfg.Observer.Peer; f != nil {
		f(k, up)
	}
}

// knows tells the loop what is in the routing table.
func (v *Vault) knows(vaults []vaultnet.PublicKey) {
	v.inbox.table(vaults)
	if f := v.cfg.Observer.Known; f != nil {
		f(vaults)
	}
}
