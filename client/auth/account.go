package auth

import (
	"context"
	"errors"
	"io"
	"sync"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Account is a person's account, opened. Safe for concurrent use; other devices may have it open, too.
type Account struct {
	cfg Config

	mu      sync.Mutex
	at      place
	packet  packet
	version mutabledata.Version // of the packet, as it was last read or written
}

// maxRounds bounds how often one call tries again because others were quicker.
const maxRounds = 64

// Create makes an account for a locator (its name) and a password. Exists where there is one of both; another password
// makes another account of the same locator. A creation that failed at any point is completed by repeating it, or by
// logging in once its packet is stored. Costs: some twenty operations, most of them the new account's.
func Create(ctx context.Context, cfg Config, locator, password, label string) (*Account, error) {
	const op = "create"
	if err := errors.Join(cfg.check(op), checkCredentials(op, locator, password), checkLabel(op, label)); err != nil {
		return nil, fail(op, "", err)
	}
	a := &Account{cfg: cfg, at: derive(cfg.Parameters.ID(), locator, password, cfg.Cost).place()}
	if err := a.found(ctx, label); err != nil {
		return nil, fail(op, "", err)
	}
	if a.packet.Made {
		return nil, refuse(op, "", Exists)
	}
	if err := a.complete(ctx); err != nil {
		return nil, fail(op, "", err)
	}
	return a, nil
}

// found stores the packet, or finds the one that is there. The packet comes before the account of its owner's key, so that
// nothing is made that nobody could open again.
func (a *Account) found(ctx context.Context, label string) error {
	for range maxRounds {
		err := a.load(ctx)
		if !errors.Is(err, WrongCredentials) {
			return err
		}
		p := packet{Format: packetFormat, Label: label}
		for _, key := range []*[32]byte{&p.Owner, &p.Secret} {
			if _, err := io.ReadFull(a.cfg.Random, key[:]); err != nil {
				return err
			}
		}
		p.Root, p.Apps = p.ref(rootName, true), p.ref(recordsName, true)
		if err := a.cfg.makeAccount(ctx, a.at.actor(&a.cfg)); err != nil {
			return err
		}
		if o, err := a.cfg.store(ctx, &a.at, &p); err != nil || o == done {
			a.packet, a.version = p, 0
			if err != nil {
				return err
			}
			return a.load(ctx) // the version
		}
	}
	return refuse("create", "", Busy)
}

func (c *Config) cell(at *place) *cell {
	by := at.actor(c)
	return &cell{data: c.Network.Data(by), address: at.address, owner: by.Account}
}

// store puts a packet where there is none.
func (c *Config) store(ctx context.Context, at *place, p *packet) (outcome, error) {
	sealed, err := p.seal(c.Random, at)
	if err != nil {
		return lost, err
	}
	return c.cell(at).insert(ctx, sealed)
}

// makeAccount is no error where the account is there.
func (c *Config) makeAccount(ctx context.Context, by Actor) error {
	_, err := c.Network.Operate(ctx, by, &account.CreateAccount{})
	if errors.Is(err, refusal.AccountExists) {
		return nil
	}
	return err
}

// Login opens the account of a locator and a password. WrongCredentials says no more than that there is none of both: not
// which of them is wrong. A half-made account is completed.
func Login(ctx context.Context, cfg Config, locator, password string) (*Account, error) {
	const op = "log in"
	if err := errors.Join(cfg.check(op), checkCredentials(op, locator, password)); err != nil {
		return nil, fail(op, "", err)
	}
	return login(ctx, cfg, derive(cfg.Parameters.ID(), locator, password, cfg.Cost))
}

// Resume is Login with a session instead of a password. WrongCredentials where the password was changed.
func Resume(ctx context.Context, cfg Config, s Session) (*Account, error) {
	if err := cfg.check("log in"); err != nil {
		return nil, err
	}
	return login(ctx, cfg, s.secret)
}

func login(ctx context.Context, cfg Config, s secret) (*Account, error) {
	a := &Account{cfg: cfg, at: s.place()}
	if err := a.load(ctx); err != nil {
		return nil, fail("log in", "", err)
	}
	if !a.packet.Made {
		if err := a.complete(ctx); err != nil {
			return nil, fail("log in", "", err)
		}
	}
	return a, nil
}

// load reads the packet. WrongCredentials where there is none.
func (a *Account) load(ctx context.Context) error {
	a.mu.Lock()
	at := a.at
	a.mu.Unlock()
	v, ok, err := a.cfg.cell(&at).read(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return refuse("log in", "", WrongCredentials)
	}
	p, err := openPacket(&at, v.Content)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == at {
		a.packet, a.version = p, v.Version
	}
	return nil
}

// Refresh reads again what other devices may have changed. Changed where one changed the password.
func (a *Account) Refresh(ctx context.Context) error {
	err := a.load(ctx)
	if errors.Is(err, WrongCredentials) {
		err = refuse("refresh", "", Changed)
	}
	return fail("refresh", "", err)
}

// change changes the packet, with whatever others change at the same time: edit is given the newest, and may be called
// several times. Nothing is written where it returns false.
func (a *Account) change(ctx context.Context, op string, edit func(*packet) bool) error {
	for range maxRounds {
		if err := a.Refresh(ctx); err != nil {
			return err
		}
		a.mu.Lock()
		at, p, version := a.at, a.packet, a.version
		a.mu.Unlock()
		if !edit(&p) {
			return nil
		}
		p.Changes++
		sealed, err := p.seal(a.cfg.Random, &at)
		if err != nil {
			return fail(op, "", err)
		}
		o, err := a.cfg.cell(&at).update(ctx, sealed, version)
		if err != nil {
			return fail(op, "", err)
		}
		if o == done {
			a.mu.Lock()
			if a.at == at && a.version == version {
				a.packet, a.version = p, version+1
			}
			a.mu.Unlock()
			return nil
		}
	}
	return refuse(op, "", Busy)
}

// SetLabel gives the account another label. Of two devices that do so at once, one is the later.
func (a *Account) SetLabel(ctx context.Context, label string) error {
	if err := checkLabel("label", label); err != nil {
		return err
	}
	return a.change(ctx, "label", func(p *packet) bool {
		changed := p.Label != label
		p.Label = label
		return changed
	})
}

func (a *Account) now() packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.packet
}

// Label is what people call the account; may be empty.
func (a *Account) Label() string { return a.now().Label }

// Owner is the account's public key: what is known of it to others.
func (a *Account) Owner() vaultnet.PublicKey { return a.Actor().Account }

// Actor is the owner of the account.
func (a *Account) Actor() Actor {
	k := a.cfg.Signer(a.now().Owner)
	return Actor{Key: k, Account: k.Public()}
}

// Root is the root container: all others hang in it.
func (a *Account) Root() container.Ref { return a.now().Root }

// Session opens the account again without its password.
func (a *Account) Session() Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Session{a.at.secret}
}

// String is the label and the owner's key, shortened.
func (a *Account) String() string { return a.Label() + " (" + a.Owner().Short() + ")" }

// GoString is String: no print shows a key.
func (a *Account) GoString() string { return a.String() }
