package network

import (
	"fmt"
	"strings"

	"vaultnet"
)

// Bounds of a network file.
const (
	MaxFileSize  = 1 << 20 // bytes
	MaxBootstrap = 1024    // addresses
	MaxSamples   = 1024    // sample accounts, and sample apps
	maxText      = 4096    // bytes of an address, path or label
)

// File is what a vault or a client must know to join a network.
type File struct {
	Parameters vaultnet.Parameters // its name and numbers; they give the network's id
	Bootstrap  []string            // multiaddrs of vaults, each ending in /p2p/ID; may be empty: the first vault's own file
	Sample     *Sample             // of a network on one machine, for trying things out; nil elsewhere
}

// Sample is what a local network has ready for whoever tries it.
type Sample struct {
	Control  string // where the process that runs the vaults listens for commands: host:port or the path of a socket; may be empty
	Accounts []Person
	Apps     []Person // each with a grant of its owner
}

// Person is a ready account or app. Its key is known to everybody: it is for testing only, and the file says so beside
// each.
type Person struct {
	Label   string
	Key     vaultnet.PublicKey
	KeyFile string             // path of the key file
	Owner   vaultnet.PublicKey // of an app: the account that granted it and pays; nobody for an account
}

// Name is the network's name.
func (f *File) Name() string { return f.Parameters.Name }

// ID is the network's id, which its parameters give.
func (f *File) ID() vaultnet.NetworkID { return f.Parameters.ID() }

// Person returns the sample account or app with a label.
func (f *File) Person(label string) (Person, bool) {
	if f.Sample == nil {
		return Person{}, false
	}
	for _, list := range [][]Person{f.Sample.Accounts, f.Sample.Apps} {
		for _, p := range list {
			if p.Label == label {
				return p, true
			}
		}
	}
	return Person{}, false
}

// Validate returns nil or an [*Error] that names the first field that is not as it should be.
func (f *File) Validate() error {
	if e := f.validate(); e != nil {
		return e
	}
	return nil
}

func (f *File) validate() *Error {
	if err := f.Parameters.Validate(); err != nil {
		return &Error{Field: "parameters", Wrong: err.Error()}
	}
	if !printable(f.Parameters.Name) {
		return &Error{Field: "name", Wrong: "is not printable text"}
	}
	if !wholeMilliseconds(f.Parameters) {
		return &Error{Field: "parameters", Wrong: "a duration is not of whole milliseconds"}
	}
	if len(f.Bootstrap) > MaxBootstrap {
		return &Error{Field: "bootstrap", Wrong: fmt.Sprintf("%d addresses, at most %d", len(f.Bootstrap), MaxBootstrap)}
	}
	for i, a := range f.Bootstrap {
		if len(a) > maxText || !strings.HasPrefix(a, "/") || !strings.Contains(a, "/p2p/") || !printable(a) {
			return &Error{Field: fmt.Sprintf("bootstrap[%d]", i), Wrong: fmt.Sprintf("%.100q is not the multiaddr of a vault", a),
				Remedy: "write /ip4/ADDRESS/tcp/PORT/p2p/ID or /ip4/ADDRESS/udp/PORT/quic-v1/p2p/ID, as the vault prints it when it starts"}
		}
	}
	if f.Sample == nil {
		return nil
	}
	if !f.Parameters.Local {
		return &Error{Field: "sample", Wrong: "only a local network has sample accounts", Remedy: "remove it"}
	}
	if c := f.Sample.Control; len(c) > maxText || !printable(c) {
		return &Error{Field: "sample.control", Wrong: "is no address"}
	}
	if err := wrongPeople("sample.accounts", f.Sample.Accounts, false); err != nil {
		return err
	}
	return wrongPeople("sample.apps", f.Sample.Apps, true)
}

func wrongPeople(field string, list []Person, apps bool) *Error {
	if len(list) > MaxSamples {
		return &Error{Field: field, Wrong: fmt.Sprintf("%d, at most %d", len(list), MaxSamples)}
	}
	for i, p := range list {
		if wrong := p.wrong(apps); wrong != "" {
			return &Error{Field: fmt.Sprintf("%s[%d]", field, i), Wrong: wrong}
		}
	}
	return nil
}

func (p *Person) wrong(app bool) string {
	switch {
	case p.Label == "" || len(p.Label) > maxText || !printable(p.Label):
		return "label: want some printable text"
	case p.Key.IsNobody():
		return "key: is missing"
	case len(p.KeyFile) > maxText || !printable(p.KeyFile):
		return "key-file: is no path"
	case app == p.Owner.IsNobody():
		return "owner: every app has one, no account has"
	}
	return ""
}

// secrets reports whether the file names key files.
func (f *File) secrets() bool {
	if f.Sample == nil {
		return false
	}
	for _, list := range [][]Person{f.Sample.Accounts, f.Sample.Apps} {
		for _, p := range list {
			if p.KeyFile != "" {
				return true
			}
		}
	}
	return false
}
