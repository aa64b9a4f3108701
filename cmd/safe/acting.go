package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/network"
)

// people are the flags of the commands that act for a person's account, or as one of its apps.
type people struct {
	common
	profile string
	app     string
}

func (p *people) flags(f *flag.FlagSet) {
	p.common.networkFlag(f)
	f.StringVar(&p.profile, "profile", "", "act for the account of the profile `NAME` (default: $SAFE_PROFILE, else the one that safe account use chose)")
	f.BoolVar(&p.json, "json", false, "answer in JSON")
}

// appFlags are flags, and that of acting as an app.
func (p *people) appFlags(f *flag.FlagSet) {
	p.flags(f)
	f.StringVar(&p.app, "app", "", "act as the app whose credentials are in `FILE`, for the account that gave it access (default: $SAFE_APP)")
}

// acting is who acts: a person's account, or an app.
type acting struct {
	*people
	file    *network.File
	client  *client.Client
	profile *profile
	account *auth.Account     // nil for an app
	cred    *auth.Credentials // nil for an account
	given   *auth.Given       // of an app

	parallel int // chunks at once; 0: as package container has it

	mu    sync.Mutex
	trees map[container.Ref]*container.FileSystem
}

// person opens the account of the profile that is meant.
func (p *people) person(ctx context.Context) (*acting, error) {
	all, err := openProfiles()
	if err != nil {
		return nil, err
	}
	named := p.profile
	if named == "" {
		named = os.Getenv("SAFE_PROFILE")
	}
	name, err := all.choose(named)
	if err != nil {
		return nil, err
	}
	f, err := all.read(name)
	if err != nil {
		return nil, err
	}
	session, err := auth.ParseSession(f.Session)
	if err != nil {
		return nil, exit{code: exitUsage, err: fmt.Errorf("%s: %w\nLog in again: safe account login -profile %s NAME", all.path(name), err, name)}
	}
	a := &acting{people: p, profile: f, trees: map[container.Ref]*container.FileSystem{}}
	if err := a.reach(ctx, f.Network, f.ID); err != nil {
		return nil, err
	}
	a.account, err = auth.Resume(ctx, a.client.Accounts(), session)
	if err != nil {
		a.client.Close()
		if errors.Is(err, auth.WrongCredentials) {
			err = exit{code: exitRefused, err: fmt.Errorf("the account of profile %s does not open any more: its password was changed, or network %q was made anew\nLog in again: safe account login -profile %s %s", name, f.Network, name, quoted(f.Account))}
		}
		return nil, err
	}
	if label := a.account.Label(); label != f.Label {
		f.Label = label
		_ = all.write(f) // it is shown from there by shell completion only
	}
	return a, nil
}

// anybody opens the account of a profile, or acts as an app where a credentials file is named.
func (p *people) anybody(ctx context.Context) (*acting, error) {
	path := p.app
	if path == "" && p.profile == "" {
		path = os.Getenv("SAFE_APP")
	}
	if path == "" {
		return p.person(ctx)
	}
	if p.profile != "" {
		return nil, usageError("-app and -profile: an app acts for the account that gave it access")
	}
	cred, err := readCredentials(path)
	if err != nil {
		return nil, err
	}
	a := &acting{people: p, cred: cred, trees: map[container.Ref]*container.FileSystem{}}
	if err := a.reach(ctx, cred.Name, hex.EncodeToString(cred.Network[:])); err != nil {
		return nil, err
	}
	if a.given, err = auth.Open(ctx, a.data(), cred); err != nil {
		a.client.Close()
		return nil, err
	}
	return a, nil
}

// readCredentials reads a credentials file. Others must not be able to read it.
func readCredentials(path string) (*auth.Credentials, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, exit{code: exitUsage, err: fmt.Errorf("credentials: %w", err)}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, exit{code: exitUsage, err: fmt.Errorf("others may read %s: chmod 600 %s", path, path)}
	}
	b, err := io.ReadAll(io.LimitReader(f, auth.MaxCredentials+1))
	if err != nil {
		return nil, exit{code: exitUsage, err: err}
	}
	var cred auth.Credentials
	if err := cred.UnmarshalText(b); err != nil {
		return nil, exit{code: exitUsage, err: fmt.Errorf("%s: %w", path, err)}
	}
	return &cred, nil
}

// reach connects to the network that a profile or credentials are of.
// Where no network is named it is theirs.
func (a *acting) reach(ctx context.Context, name, id string) error {
	if a.network == "" {
		a.network = a.home(name)
	}
	f, err := a.readNetwork()
	if err != nil {
		return err
	}
	here := f.ID()
	if id != "" && id != hex.EncodeToString(here[:]) {
		return exit{code: exitNoNetwork, err: fmt.Errorf("this is of network %q (%s), and the network file is of %q (%s)\nName the right one: -network FILE or NAME", name, id[:min(8, len(id))], f.Name(), here)}
	}
	a.file = f
	a.client, err = a.connect(ctx, f)
	return err
}

// home is the network file that a profile was made with, or the one of a network on this machine; "" where there is none.
func (a *acting) home(name string) string {
	if a.profile != nil {
		if _, err := os.Stat(a.profile.File); err == nil {
			return a.profile.File
		}
	}
	if network.ValidName(name) {
		if path, err := network.LocalPath(name); err == nil {
			if _, err := os.Stat(path); err == nil {
				return name
			}
		}
	}
	return ""
}

func (a *acting) close() { a.client.Close() }

// actor is who signs, and whose account pays.
func (a *acting) actor() client.Actor {
	if a.account != nil {
		by := a.account.Actor()
		return client.Actor{Key: by.Key, Account: by.Account}
	}
	return client.Actor{Key: client.KeyOf(a.cred.Key), Account: a.cred.Owner}
}

func (a *acting) data() container.Data {
	by := a.actor()
	return a.client.Accounts().Network.Data(auth.Actor{Key: by.Key, Account: by.Account})
}

// label is what people call who acts.
func (a *acting) label() string {
	if a.cred != nil {
		return "app " + a.cred.App.String() + " of " + a.cred.Owner.Short()
	}
	label := a.account.Label()
	if label == "" {
		label = a.account.Owner().Short()
	}
	return label
}

// show tells for whom the command acts: always, and beside what it prints.
func (a *acting) show() {
	if a.json {
		return // the answer says it
	}
	text := oneLine(a.label())
	if name := a.file.Name(); name != "local" {
		text += " on " + name
	}
	fmt.Fprintf(a.err, "as %s\n", text)
}

// answer is what a command answers with -json: the members of each part after "ok" and "account".
func (a *acting) answer(parts ...any) error {
	return answerJSON(a.out, append([]any{struct {
		Account string `json:"account"`
	}{a.label()}}, parts...)...)
}

// answerJSON writes one object with the members of all parts, in their order.
func answerJSON(w io.Writer, parts ...any) error {
	var b strings.Builder
	b.WriteString(`{"ok":true`)
	for _, p := range parts {
		part, err := marshal(p)
		if err != nil {
			return err
		}
		if body := strings.TrimSuffix(strings.TrimPrefix(part, "{"), "}"); body != "" {
			b.WriteString("," + body)
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func marshal(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// asPerson runs a command that acts for a person's account.
func (p *people) asPerson(ctx context.Context, do func(*acting) error) error {
	return p.act(ctx, p.person, do)
}

// asAnybody runs a command that acts for a person's account or as an app.
func (p *people) asAnybody(ctx context.Context, do func(*acting) error) error {
	return p.act(ctx, p.anybody, do)
}

func (p *people) act(ctx context.Context, open func(context.Context) (*acting, error), do func(*acting) error) error {
	a, err := open(ctx)
	if err != nil {
		return p.fault(ctx, nil, err)
	}
	defer a.close()
	a.show()
	return p.fault(ctx, a, do(a))
}

// tree is the file system at a container.
func (a *acting) tree(ref container.Ref) *container.FileSystem {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.trees[ref]
	if t == nil {
		cfg := a.client.Containers(a.actor())
		cfg.Parallel = a.parallel
		t = container.NewFileSystem(cfg, ref)
		a.trees[ref] = t
	}
	return t
}

// spot is a path as the person wrote it, and where that is.
type spot struct {
	path string // from the account's root, without a slash at its end
	dir  bool   // it was written with one
	fs   *container.FileSystem
	name string   // in fs; "." is its top
	into []string // without fs: what an app has access to below here, as names
}

// at finds where a path is. An app has only the containers that it was given.
func (a *acting) at(path string) (*spot, error) {
	s := &spot{path: path}
	if path != "/" && path != "" {
		s.path = strings.TrimSuffix(path, "/")
		s.dir = s.path != path
	}
	if s.path == "/" {
		s.path = "."
	}
	if s.path == "" {
		return nil, &container.Error{Op: "open", Name: "the empty path", Kind: container.Invalid, Cause: errors.New("name a file or directory; . is the root")}
	}
	if a.account != nil {
		s.fs, s.name = a.tree(a.account.Root()), s.path
		return s, nil
	}
	best := -1
	for i, c := range a.given.Containers {
		if (s.path == c.Path || strings.HasPrefix(s.path, c.Path+"/") || c.Path == auth.RootPath) && (best < 0 || len(c.Path) > len(a.given.Containers[best].Path)) {
			best = i
		}
	}
	if best >= 0 {
		c := a.given.Containers[best]
		s.fs, s.name = a.tree(c.Ref), "."
		if c.Path == auth.RootPath {
			s.name = s.path
		} else if s.path != c.Path {
			s.name = s.path[len(c.Path)+1:]
		}
		return s, nil
	}
	for _, c := range a.given.Containers {
		rest, ok := c.Path, s.path == "."
		if !ok {
			rest, ok = strings.CutPrefix(c.Path, s.path+"/")
		}
		if ok {
			first, _, _ := strings.Cut(rest, "/")
			s.into = append(s.into, first)
		}
	}
	if s.into == nil {
		return nil, a.noAccess(s.path)
	}
	slices.Sort(s.into)
	s.into = slices.Compact(s.into)
	return s, nil
}

// place is at, of something that is to be changed or read as a file: not of what only lies above an app's containers.
func (a *acting) place(path string) (*spot, error) {
	s, err := a.at(path)
	if err == nil && s.fs == nil {
		return nil, a.noAccess(s.path)
	}
	return s, err
}

func (a *acting) noAccess(path string) error {
	var has []string
	for _, c := range a.given.Containers {
		has = append(has, c.Path)
	}
	text := "it was given no container"
	if has != nil {
		text = "it was given " + strings.Join(has, ", ")
	}
	return &auth.Error{Op: "open", Subject: path, Kind: auth.AskAgain, Cause: errors.New(text)}
}

// below is the spot of a name in a directory.
func (s *spot) below(name string) *spot {
	return &spot{path: join(s.path, name), fs: s.fs, name: join(s.name, name)}
}

func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// stat describes what is at the spot; nil where nothing is.
func (s *spot) stat(ctx context.Context) (*container.Info, error) {
	info, err := s.fs.Stat(ctx, s.name)
	if errors.Is(err, container.NotExist) {
		return nil, nil
	}
	return info, s.told(err)
}

// told has an error speak of the path as the person wrote it.
func (s *spot) told(err error) error {
	var e *container.Error
	if errors.As(err, &e) && e.Name == s.name && s.name != s.path {
		c := *e
		c.Name = s.path
		return &c
	}
	return err
}

// quoted is a text as an argument of a shell.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./@", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
