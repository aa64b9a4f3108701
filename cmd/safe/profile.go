package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/client/auth"
	"vaultnet/client/keyring"
)

// profile is a person's account as this machine knows it: a file that only its user may read, with a session instead of
// the password.
type profile struct {
	name    string
	Format  int    `json:"format"`
	Network string `json:"network"`
	File    string `json:"network-file"` // where its file was
	ID      string `json:"network-id"`
	Account string `json:"account"` // its name
	Label   string `json:"label"`   // as it was last seen
	Owner   string `json:"owner"`
	Session string `json:"session"`
}

// String shows no secret.
func (p *profile) String() string { return p.name + " (" + p.Label + ")" }

// GoString is String.
func (p *profile) GoString() string { return p.String() }

const profileFormat = 1

// profiles is the folder of all of them; the file "current" in it names the one that acts where no other is named.
type profiles struct{ dir string }

const (
	profileSuffix  = ".json"
	currentProfile = "current"
)

func openProfiles() (*profiles, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, exit{code: exitUsage, err: fmt.Errorf("no folder for profiles: %w", err)}
	}
	return &profiles{filepath.Join(dir, "vaultnet", "profiles")}, nil
}

func (p *profiles) path(name string) string { return filepath.Join(p.dir, name+profileSuffix) }

// current is the name of the profile that acts; "" where none was chosen.
func (p *profiles) current() string {
	b, err := os.ReadFile(filepath.Join(p.dir, currentProfile))
	if name := strings.TrimSpace(string(b)); err == nil && keyring.CheckLabel(name) == nil {
		return name
	}
	return ""
}

func (p *profiles) use(name string) error {
	return writeSecret(filepath.Join(p.dir, currentProfile), []byte(name+"\n"))
}

// names lists the profiles, sorted.
func (p *profiles) names() []string {
	files, _ := os.ReadDir(p.dir)
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), profileSuffix); ok && keyring.CheckLabel(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// choose is the name of the profile that is meant: the one that is named, the current one, or the only one.
func (p *profiles) choose(named string) (string, error) {
	if named != "" {
		if err := keyring.CheckLabel(named); err != nil {
			return "", usageError("-profile: %w", err)
		}
		return named, nil
	}
	if name := p.current(); name != "" {
		return name, nil
	}
	names := p.names()
	switch len(names) {
	case 0:
		return "", exit{code: exitUsage, err: errors.New("nobody is logged in\nMake an account: safe account create NAME; open one that you have: safe account login NAME; act as an app: -app FILE")}
	case 1:
		return names[0], nil
	}
	return "", exit{code: exitUsage, err: fmt.Errorf("there are several profiles, and none was chosen: %s\nChoose one: safe account use NAME, or -profile NAME", strings.Join(names, ", "))}
}

func (p *profiles) read(name string) (*profile, error) {
	b, err := os.ReadFile(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		text := fmt.Sprintf("no profile %q", name)
		if all := p.names(); len(all) > 0 {
			text += "; there are: " + strings.Join(all, ", ")
		}
		return nil, exit{code: exitUsage, err: errors.New(text + "\nMake an account: safe account create NAME; open one that you have: safe account login NAME")}
	}
	if err != nil {
		return nil, exit{code: exitUsage, err: err}
	}
	f := &profile{name: name}
	if json.Unmarshal(b, f) != nil || f.Format != profileFormat {
		return nil, exit{code: exitUsage, err: fmt.Errorf("%s is no profile, or of another version of this program\nRemove it and log in again: safe account login NAME", p.path(name))}
	}
	return f, nil
}

// write stores a profile, whole or not at all.
func (p *profiles) write(f *profile) error {
	f.Format = profileFormat
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return writeSecret(p.path(f.name), append(b, '\n'))
}

func (p *profiles) remove(name string) error {
	if err := os.Remove(p.path(name)); err != nil {
		return err
	}
	if p.current() == name {
		return os.Remove(filepath.Join(p.dir, currentProfile))
	}
	return nil
}

// fill has a profile tell of an account.
func (f *profile) fill(network string, id vaultnet.NetworkID, file, account string, a *auth.Account) {
	owner := a.Owner()
	f.Network, f.ID, f.File, f.Account, f.Label = network, hex.EncodeToString(id[:]), file, account, a.Label()
	f.Owner, f.Session = hex.EncodeToString(owner[:]), a.Session().Secret()
}

// suggest is a name for the profile of an account: the account's, as far as it can be one.
func suggest(account string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, account)
	name = strings.Trim(name[:min(len(name), 63)], "-")
	if keyring.CheckLabel(name) != nil {
		return "default"
	}
	return name
}

// writeSecret writes a file that only its user may read, in a folder that only he may open, over what was there: whole or
// not at all.
func writeSecret(path string, content []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	t, err := os.CreateTemp(dir, ".safe-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(content)
	if err = errors.Join(err, t.Sync(), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
