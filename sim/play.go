package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// play is people and apps that work on containers, through packages client/container and client/auth: the workload
// "containers". Which of [plays] a run stages follows from its seed.
type play struct {
	w      *world
	random *rand.Rand
	crash  float64 // probability of a user's crash at each batch of steps

	owner vaultnet.Signer
	apps  []vaultnet.Signer
	top   container.Ref
	books *books

	made  bool // the containers are there
	over  bool // nothing new is to be begun
	roles int  // that still have something to do

	audits []func(u *user) // at the end, of a healed network
}

// A piece is what a play can be about.
type piece struct {
	name  string
	stage func(p *play)
}

var pieces = [...]piece{
	{"writers", (*play).writers}, // eight insert, update and delete; the container splits, is overfilled, granted, revoked, re-keyed
	{"contest", (*play).contest}, // twenty make the same names
	{"files", (*play).files},     // eight write, rename and remove files; a directory is re-keyed
	{"apps", (*play).theApps},    // an authenticator gives apps access and takes it back
}

// plays are the pieces' names.
func plays() []string { return []string{"writers", "contest", "files", "apps"} }

// newPlay stages a run's play.
func (w *world) newPlay() *play {
	p := &play{w: w, random: stream(w.options.Seed, "play"), books: newBooks()}
	p.crash = pick(p.random, 0, 0, 0.002, 0.01)
	key := func() vaultnet.Signer {
		var seed [32]byte
		fill(p.random, seed[:])
		return w.signer(seed)
	}
	p.owner = key()
	for range 2 {
		p.apps = append(p.apps, key())
	}
	fill(p.random, p.top.ID[:])
	fill(p.random, p.top.Key[:])
	n := p.random.IntN(len(pieces))
	if i := slices.Index(plays(), string(w.options.Play)); i >= 0 {
		n = i
	}
	w.trace.line("PLAY", "%s", pieces[n].name)
	w.report.Kinds["play "+pieces[n].name]++
	pieces[n].stage(p)
	return p
}

// own and app are who acts.
func (p *play) own() auth.Actor { return auth.Actor{Key: p.owner, Account: p.owner.Public()} }

func (p *play) app(i int) auth.Actor {
	return auth.Actor{Key: p.apps[i%len(p.apps)], Account: p.owner.Public()}
}

// live has a user play a role. When it crashes, another one begins the role anew: what a life remembers outside of its
// function is what the person remembers.
func (p *play) live(role func(n *reach)) {
	p.roles++
	p.again(role)
}

func (p *play) again(role func(n *reach)) {
	p.w.newUser(func(u *user) {
		defer func() {
			x := recover()
			if _, ok := x.(crashed); ok {
				p.w.report.Injected["user-crash"]++
				u.vanish()
				p.again(role)
				return
			}
			p.roles--
			if x != nil {
				panic(x)
			}
		}()
		u.sleep(time.Duration(u.random.IntN(300)) * time.Millisecond)
		role(&reach{u, p.crash})
	})
}

// set is the permission set with all that changes entries.
const set = mutabledata.PermissionSet(0)

var mayWrite = set.Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)

// until repeats something that may fail for want of a quorum, until it is done or the play is over.
func (p *play) until(n *reach, do func() error) bool {
	for wait := 100 * time.Millisecond; !p.over; wait = min(2*wait, 5*time.Second) {
		err := do()
		if err == nil {
			return true
		}
		if !passing(err) {
			p.w.check.fail(Kept, nil, "%s cannot do what it has every right to: %v", n.u.name, err)
			return false
		}
		n.u.sleep(wait)
	}
	return false
}

// passing reports whether an error speaks of the moment: repeating may help.
func passing(err error) bool {
	var r *refusal.Error
	return errors.As(err, &r) && (r.Kind == refusal.Unavailable || r.Kind == refusal.NotSettled || r.Kind == refusal.TooManyMutations ||
		r.Kind == refusal.TooManyPermits || r.Kind == refusal.PermitInvalid || r.Kind == refusal.MutationInProgress || r.Kind == refusal.NetworkFull ||
		r.Kind == refusal.DeadlinePassed || r.Kind == refusal.InvalidSuccessor || r.Kind == refusal.CorruptData) ||
		errors.Is(err, container.Moved) || errors.Is(err, container.Conflict) || errors.Is(err, auth.Busy)
}

// wait has a role wait for the containers; false where the play is over.
func (p *play) wait(n *reach) bool {
	for !p.made && !p.over {
		n.u.sleep(100 * time.Millisecond)
	}
	return !p.over
}

// found makes the account, grants the apps, and makes the top container with directories in it.
func (p *play) found(n *reach, directories ...string) bool {
	ctx, by := context.Background(), p.own()
	steps := []func() error{
		func() error {
			_, err := n.Operate(ctx, by, &account.CreateAccount{})
			if errors.Is(err, refusal.AccountExists) {
				err = nil
			}
			return err
		},
		func() error {
			for i := range p.apps {
				v, err := n.Account(ctx, by)
				if err != nil {
					return err
				}
				_, err = n.Operate(ctx, by, &account.InsertGrant{Key: p.apps[i].Public(), Terms: account.Terms{Label: fmt.Sprint("app ", i)}, Version: v.Version + 1})
				if err != nil {
					return err
				}
			}
			return nil
		},
		func() error {
			_, err := container.Create(ctx, n.config(by), p.top, nil)
			return err
		},
	}
	files := container.NewFileSystem(n.config(by), p.top)
	for _, d := range directories {
		steps = append(steps, func() error {
			if _, err := files.Mkdir(ctx, d); err != nil && !errors.Is(err, container.Exist) {
				return err
			}
			return nil
		}, func() error {
			for i := range p.apps {
				if err := files.Permit(ctx, d, mutabledata.UserOf(p.apps[i].Public()), mayWrite, true); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, s := range steps {
		if !p.until(n, s) {
			return false
		}
	}
	p.made = true
	return true
}

// audit is the end of a play: in a healed network, what is there is compared with what users were told.
func (p *play) audit() {
	p.over, p.crash = true, 0
	for _, a := range p.audits {
		p.w.newUser(func(u *user) { a(u) })
	}
}

// idle reports whether all roles are over.
func (p *play) idle() bool { return p == nil || p.roles == 0 }
