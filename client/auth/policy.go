package auth

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"vaultnet"
)

// MaxPolicy is the greatest length of a policy file, in bytes.
const MaxPolicy = 256 << 10

// Policy answers requests where nobody is there to be asked. As a file it is JSON:
//
//	{"format": 1, "rules": [
//	  {"app": "org.example.backup", "scope": "*", "containers": {"_documents": "read"}, "expires": "720h"},
//	  {"app": "org.example.*", "own": true, "uses": 1000, "less": true}
//	]}
//
// The first rule whose app and scope fit decides. It never gives more than was asked for, nor more than it says: where more
// was asked for, a rule with "less" gives what both say, another denies. What no rule fits is denied. An app that asks again
// under a rule with "expires" gets its access for that long from then on.
type Policy struct {
	Format int    `json:"format"` // 1
	Rules  []Rule `json:"rules"`
}

// Rule is what some apps may have.
type Rule struct {
	App        string            `json:"app"`                  // an id; with * at its end, all that begin so
	Scope      string            `json:"scope,omitempty"`      // likewise; "*" is any, "" is none
	Containers map[string]Rights `json:"containers,omitempty"` // path → rights
	Own        bool              `json:"own,omitempty"`
	Less       bool              `json:"less,omitempty"`
	Temporary  bool              `json:"temporary,omitempty"` // whatever was asked for

	// Limits: an app that asks for more, or for no limit, gets this; 0: as it asks.
	Expires Lasting `json:"expires,omitempty"` // from now
	Uses    uint64  `json:"uses,omitempty"`
	Idle    Lasting `json:"idle,omitempty"`
	// Offline is the longest permit lifetime; 0: the network's, whatever was asked for.
	Offline Lasting `json:"offline,omitempty"`
}

// Lasting is a duration that is written "12h".
type Lasting time.Duration

// MarshalText writes the duration.
func (l Lasting) MarshalText() ([]byte, error) { return []byte(time.Duration(l).String()), nil }

// UnmarshalText reads what time.ParseDuration does; none below zero.
func (l *Lasting) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	if err != nil || d < 0 || d != d.Truncate(time.Millisecond) {
		return invalid("parse", "policy", "a duration: want hours, minutes or seconds as in 12h30m")
	}
	*l = Lasting(d)
	return nil
}

// ParsePolicy reads a policy file.
func ParsePolicy(text []byte) (*Policy, error) {
	const op, what = "parse", "policy"
	if len(text) > MaxPolicy {
		return nil, invalid(op, what, "longer than 256 KiB")
	}
	var p Policy
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, &Error{Op: op, Subject: what, Kind: Invalid, Cause: err}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid(op, what, "something follows it")
	}
	if p.Format != 1 {
		return nil, invalid(op, what, "of another format: this program reads 1")
	}
	for _, r := range p.Rules {
		if r.App == "" || strings.Contains(strings.TrimSuffix(r.App, "*"), "*") || strings.Contains(strings.TrimSuffix(r.Scope, "*"), "*") {
			return nil, invalid(op, what, "app and scope: a * stands only at the end, and an app is never empty")
		}
		for path, rights := range r.Containers {
			if checkPath(path) != nil || path == RootPath && rights != Read {
				return nil, invalid(op, path, "no path of a container, or the root for more than reading")
			}
		}
		terms := Terms{Uses: r.Uses, Idle: time.Duration(r.Idle), Offline: time.Duration(r.Offline)}
		if err := (&Access{Terms: terms}).check(op); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

func fits(pattern, s string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, start)
	}
	return pattern == s
}

// Decide says what an app gets that asks for access at a time. False: it is denied.
func (p *Policy) Decide(app App, asked Access, now vaultnet.Time) (Access, bool) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return fits(r.App, app.ID) && fits(r.Scope, app.Scope) })
	if i < 0 {
		return Access{}, false
	}
	r := &p.Rules[i]
	gets := Access{Own: asked.Own && r.Own, Terms: asked.Terms}
	for _, c := range asked.Containers {
		if rights := c.Rights & r.Containers[c.Path]; rights != 0 {
			gets.Containers = append(gets.Containers, ContainerAccess{c.Path, rights})
		}
	}
	gets.Sort()
	want := asked.clone()
	if all := gets.equalRights(&want); !all && (!r.Less || len(gets.Containers) == 0 && !gets.Own) {
		return Access{}, false
	}
	t := &gets.Terms
	if r.Expires > 0 {
		t.Expires = least(t.Expires, now.Add(time.Duration(r.Expires)))
	}
	t.Uses, t.Idle = least(t.Uses, r.Uses), least(t.Idle, time.Duration(r.Idle))
	t.Offline = min(t.Offline, time.Duration(r.Offline))
	t.Temporary = t.Temporary || r.Temporary
	return gets, true
}

// least is the smaller limit; 0 is none.
func least[T cmp.Ordered](a, b T) T {
	var none T
	if a == none || b == none {
		return max(a, b)
	}
	return min(a, b)
}
