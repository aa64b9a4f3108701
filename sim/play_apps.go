package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// tenant is an app that the account gives access, and what it does with it.
type tenant struct {
	app    auth.App
	access auth.Access
	cred   *auth.Credentials // nil: not yet
	ref    container.Ref     // of its container, as it was when it got access

	granted int64 // µs, when Authorise began
	revoked int64 // µs, when Revoke had returned; 0: not yet
	ends    vaultnet.Time
	done    int // mutations that were applied
	doubt   int // of which nobody knows
}

// house is the account of the play "apps".
type house struct {
	account   *auth.Account
	tenants   []*tenant
	elsewhere []vaultnet.Address // where no app may change anything
	revoking  bool               // Revoke has begun
	rekeyed   int64              // µs, when Rekey had returned; 0: not yet
	written   map[string]int64   // files in _documents → µs when their writing began, of those that are there for certain
	tries     uint64
}

// access to one container.
func to(path string, r auth.Rights, t auth.Terms) auth.Access {
	return auth.Access{Containers: []auth.ContainerAccess{{Path: path, Rights: r}}, Terms: t}
}

const everything = auth.Read | auth.Insert | auth.Update | auth.Delete

// theApps has a person give four apps access and take it back, while each goes as far as it can: one keeps its access, one
// is revoked while it writes without a pause, one has three uses, and one two seconds.
func (p *play) theApps() {
	h := &house{written: map[string]int64{}}
	for _, t := range []tenant{
		{app: auth.App{ID: "notes"}, access: to("_documents", everything, auth.Terms{})},
		{app: auth.App{ID: "stranger"}, access: to("_documents", everything, auth.Terms{})},
		{app: auth.App{ID: "thrice"}, access: to("_music", auth.Read|auth.Insert, auth.Terms{Uses: 3})},
		{app: auth.App{ID: "brief"}, access: to("_pictures", auth.Read|auth.Insert, auth.Terms{})},
	} {
		h.tenants = append(h.tenants, &t)
	}
	stage := 0
	p.live(func(n *reach) { p.person(n, h, &stage) })
	for _, t := range h.tenants {
		p.live(func(n *reach) { p.tenant(n, h, t) })
	}
	p.audits = append(p.audits, func(u *user) { p.auditApps(&reach{u: u}, h) })
}

// config is what package auth needs of the user.
func (p *play) authConfig(n *reach) auth.Config {
	return auth.Config{Network: n, Parameters: p.w.params, Signer: p.w.signer, Random: n.u.source(), Clock: n.u.now, Wait: n.u.wait,
		Cost: auth.Cost{Time: 1, Memory: 8, Threads: 1}}
}

// person is the account's owner: what it has done up to stage it does not do again.
func (p *play) person(n *reach, h *house, stage *int) {
	ctx := context.Background()
	var a *auth.Account
	if !p.until(n, func() (err error) {
		a, err = auth.Create(ctx, p.authConfig(n), "Daily", "correct horse", "mine")
		if errors.Is(err, auth.Exists) {
			a, err = auth.Login(ctx, p.authConfig(n), "Daily", "correct horse")
		}
		return err
	}) {
		return
	}
	h.account = a
	files := container.NewFileSystem(n.config(a.Actor()), a.Root())
	ref := func(path string) (r container.Ref, err error) {
		info, err := files.Stat(ctx, path)
		if err == nil {
			r, _ = info.Target()
		}
		return r, err
	}
	var steps []func() error
	for _, path := range []string{"_downloads", "_videos", "_public"} {
		steps = append(steps, func() error {
			r, err := ref(path)
			if err == nil && !slices.Contains(h.elsewhere, r.Address()) {
				h.elsewhere = append(h.elsewhere, r.Address())
			}
			return err
		})
	}
	for _, t := range h.tenants {
		steps = append(steps, func() error {
			t.granted = p.w.now
			access := t.access
			if t.app.ID == "brief" {
				t.ends = n.u.now().Add(2 * time.Second)
				access.Terms.Expires = t.ends
			}
			r, err := ref(access.Containers[0].Path)
			if err != nil {
				return err
			}
			cred, err := a.Authorise(ctx, t.app, access)
			if errors.Is(err, auth.Invalid) && t.ends > 0 { // it took so long
				return nil
			}
			if err == nil {
				t.ref, t.cred = r, &cred
			}
			return err
		})
	}
	pass := func() error {
		p.made = true
		n.u.sleep(time.Duration(2000+n.u.random.IntN(5000)) * time.Millisecond)
		return nil
	}
	stranger := h.tenants[1]
	steps = append(steps, pass, func() error {
		p.w.report.Kinds["app revoked"]++
		h.revoking = true
		r, err := a.Revoke(ctx, stranger.app)
		if err == nil && !r.Pending {
			stranger.revoked = p.w.now
		}
		return err
	}, func() error {
		err := a.Rekey(ctx, "_documents")
		if err == nil {
			h.rekeyed = p.w.now
		}
		return err
	}, pass, func() error {
		_, err := a.Tidy(ctx)
		return err
	})
	for *stage < len(steps) {
		if !p.until(n, steps[*stage]) {
			return
		}
		*stage++
	}
}

// tenant is an app that does what it may, and what it may not.
func (p *play) tenant(n *reach, h *house, t *tenant) {
	for t.cred == nil {
		if p.over {
			return
		}
		n.u.sleep(50 * time.Millisecond)
	}
	by := auth.Actor{Key: p.w.signer(t.cred.Key), Account: t.cred.Owner}
	stranger := t.app.ID == "stranger"
	for round := 0; (round < 40 || stranger) && !p.over && (t.revoked == 0 || p.w.now < t.revoked+2_000_000); round++ {
		switch {
		case t.app.ID == "notes" && n.u.random.IntN(2) == 0:
			p.write(n, h, t, by)
		case n.u.random.IntN(3) == 0 && len(h.elsewhere) > 0:
			p.trespass(n, h, t, by)
		default:
			p.press(n, h, t, by)
		}
		if !stranger || !h.revoking { // then it does not pause
			n.u.sleep(time.Duration(n.u.random.IntN(400)) * time.Millisecond)
		}
	}
}

// write has an app write a file where it may.
func (p *play) write(n *reach, h *house, t *tenant, by auth.Actor) {
	ctx := context.Background()
	h.tries++
	name, begun := fmt.Sprint("file ", h.tries), p.w.now
	err := auth.Try(ctx, n.Data(by), t.cred, func(g *auth.Given) error {
		c, err := g.Container(t.access.Containers[0].Path)
		if err != nil {
			return err
		}
		_, err = container.NewFileSystem(n.config(by), c.Ref).WriteFile(ctx, name, []byte("content of "+name))
		return err
	})
	if err == nil {
		h.written[name] = begun
	}
}

// insert puts an entry where nobody else does.
func (p *play) insert(n *reach, h *house, by auth.Actor, at vaultnet.Address) *act {
	h.tries++
	return n.u.do("app-insert", op.Mutate{As: by.Key, Account: by.Account, Address: at, Mutation: &mutabledata.MutateEntries{
		Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(fmt.Sprint("try ", h.tries)), Do: mutabledata.InsertEntry, Content: []byte("?")}}}})
}

// trespass tries to change what is none of the app's.
func (p *play) trespass(n *reach, h *house, t *tenant, by auth.Actor) {
	at := pick(n.u.random, h.elsewhere...)
	if o := pick(n.u.random, h.tenants...); o.ref.ID != t.ref.ID && o.cred != nil {
		at = o.ref.Address()
	}
	if a := p.insert(n, h, by, at); a.completion.Err == nil {
		p.w.check.fail(Confined, nil, "%s changes what it was never given: %v", t.app, at)
	}
}

// press changes something in the app's container, straight from the network, as long as that lets it.
func (p *play) press(n *reach, h *house, t *tenant, by auth.Actor) {
	a := p.insert(n, h, by, t.ref.Address())
	switch {
	case a.unknown():
		t.doubt++
	case a.completion.Err == nil:
		t.done++
		p.w.report.Kinds["app changed by "+t.app.ID]++
	}
	if a.completion.Err != nil {
		if a.is(refusal.GrantInvalid) || a.is(refusal.AccessDenied) {
			p.w.report.Kinds["app refused "+t.app.ID]++
		}
		return
	}
	slack := p.w.params.Skew + p.w.params.Skew/2 // by which clocks and blocks may differ, and by which two clocks do
	over := epoch.Add(time.Duration(a.begin) * time.Microsecond)
	switch {
	case t.revoked > 0 && a.begin > t.revoked:
		p.w.check.fail(Confined, nil, "%s makes a change that it began %v after Revoke had returned", t.app, time.Duration(a.begin-t.revoked)*time.Microsecond)
	case t.access.Terms.Uses > 0 && t.done > int(t.access.Terms.Uses):
		p.w.check.fail(Confined, nil, "%s with %d uses makes %d changes", t.app, t.access.Terms.Uses, t.done)
	case t.ends > 0 && over > t.ends.Add(slack):
		p.w.check.fail(Confined, nil, "%s makes a change that it began %v after its grant ended", t.app, over.Sub(t.ends))
	}
}

// holds is what an app may do in _documents, as it is now.
func (p *play) holds(n *reach, h *house, t *tenant) (set mutabledata.PermissionSet, err error) {
	by := h.account.Actor()
	info, err := container.NewFileSystem(n.config(by), h.account.Root()).Stat(context.Background(), "_documents")
	if err != nil {
		return 0, err
	}
	ref, _ := info.Target()
	_, list, err := container.Open(n.config(by), ref).Permissions(context.Background())
	for _, x := range list {
		if x.User == mutabledata.UserOf(p.w.signer(t.cred.Key).Public()) {
			set = x.Set
		}
	}
	return set, err
}

// auditApps demands that who kept access reads everything, and who lost it nothing that is newer.
func (p *play) auditApps(n *reach, h *house) {
	ctx := context.Background()
	notes, stranger := h.tenants[0], h.tenants[1]
	if h.account == nil || notes.cred == nil {
		p.unaudited(n, "the account", errors.New("it was not made in time"))
		return
	}
	var err error
	for range 10 {
		by := auth.Actor{Key: p.w.signer(notes.cred.Key), Account: notes.cred.Owner}
		err = auth.Try(ctx, n.Data(by), notes.cred, func(g *auth.Given) error {
			c, err := g.Container("_documents")
			if err != nil {
				return err
			}
			files := container.NewFileSystem(n.config(by), c.Ref)
			for _, name := range keys(h.written) {
				b, _, err := files.ReadFile(ctx, name)
				if errors.Is(err, container.NotExist) || err == nil && string(b) != "content of "+name {
					p.w.check.fail(Kept, nil, "an app that kept access does not find what it wrote before and after re-keying: %s: %v", name, err)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			break
		}
		n.u.sleep(3 * time.Second)
	}
	if err != nil {
		p.unaudited(n, "what the app wrote", err)
		return
	}
	p.w.report.Kinds["audited"]++
	if stranger.cred == nil || h.rekeyed == 0 {
		return
	}
	if set, err := p.holds(n, h, stranger); err == nil && set != 0 {
		p.w.check.fail(Confined, nil, "%s was revoked, and may still %v in the container that was re-keyed", stranger.app, set)
	}
	// Who was revoked has the old reference. It reads what is left there, and finds nothing that was written since.
	old := container.Open(n.config(p.own()), stranger.ref)
	for _, name := range keys(h.written) {
		if h.written[name] < h.rekeyed {
			continue
		}
		if _, err := old.Get(ctx, name); err == nil {
			p.w.check.fail(Confined, nil, "the revoked key opens %q, which was written after re-keying", name)
		}
	}
}
