package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/routing"
)

// Of finding the network.
const (
	joinTry   = 3 * time.Second // one attempt
	joinAgain = 100 * time.Millisecond
	joinCap   = 2 * time.Second
)

// join finds the network, however long that takes. A vault to which nobody else was named, only remembered, is the first
// of its network again where nobody answers for T_leave: what it held together with others it knows from its store, and
// it does not take those for gone any earlier.
func (v *Vault) join(ctx context.Context, remembered bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(v.ctx, cancel)()
	begun := time.Now()
	for wait := joinAgain; ; wait = min(2*wait, joinCap) {
		try, done := context.WithTimeout(ctx, joinTry)
		err := v.net.Join(try)
		done()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("vault: did not join the network: %w", err)
		}
		if f := v.cfg.Observer.Join; f != nil {
			f(err)
		}
		if remembered && time.Since(begun) >= v.cfg.Parameters.LeaveAfter {
			v.knows(nil)
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	v.joined.Store(true)
	return nil
}

// othersNamed reports whether any of the addresses is another vault's. One that cannot be read is refused elsewhere.
func othersNamed(addresses []string, self vaultnet.PublicKey) bool {
	id, err := routing.PeerID(self)
	return slices.ContainsFunc(addresses, func(a string) bool { return err != nil || !strings.HasSuffix(a, "/p2p/"+id.String()) })
}

// Of remembering addresses, so that a vault finds its network also where those that were named to it are gone.
const (
	maxRemembered   = 64
	rememberFirst   = 2 * time.Second
	rememberEvery   = time.Minute
	maxContactBytes = 512
)

// remember notes from time to time whom the vault met; what it noted may be lost with a crash.
func (v *Vault) remember() {
	timer := time.NewTimer(rememberFirst)
	defer timer.Stop()
	var last []string
	for {
		select {
		case <-timer.C:
			timer.Reset(rememberEvery)
		case <-v.ctx.Done():
			return
		}
		met := v.net.Met()
		if slices.Equal(met, last) {
			continue
		}
		if err := remember(v.cfg.Store, met, false); err != nil {
			v.fail(err)
			return
		}
		last = met
	}
}

// remember keeps addresses of vaults that were met, lately met first.
func remember(s Store, addresses []string, sync bool) error {
	addresses = slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return len(a) > maxContactBytes })
	if len(addresses) == 0 {
		return nil
	}
	return writeMarks(s, sync, mark{contactsKey, addresses[:min(len(addresses), maxRemembered)]})
}

// contacts is what [remember] kept. It is a help: what cannot be read is none.
func contacts(s Store) []string {
	var addresses []string
	if _, err := readMark(s, contactsKey, &addresses); err != nil {
		return nil
	}
	return addresses
}
