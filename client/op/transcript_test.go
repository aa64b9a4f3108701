package op

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// transcript is what passes between the client and its vaults, as people read it: messages of one kind at one moment are
// one line.
type transcript struct {
	w     *world
	text  bytes.Buffer
	start vaultnet.Time
	at    vaultnet.Time
	lines []string
	count []int
}

func (x *transcript) note(line string) {
	if x.w.now != x.at {
		x.flush()
		x.at = x.w.now
	}
	for i := range x.lines {
		if x.lines[i] == line {
			x.count[i]++
			return
		}
	}
	x.lines, x.count = append(x.lines, line), append(x.count, 1)
}

func (x *transcript) flush() {
	for i, line := range x.lines {
		fmt.Fprintf(&x.text, "%7dms  %s\n", x.at-x.start, strings.Replace(line, "#", fmt.Sprint(x.count[i]), 1))
	}
	x.lines, x.count = nil, nil
}

// do writes what an operation says and hears, and how it ends.
func (x *transcript) do(what string, o Operation) {
	w := x.w
	x.start = w.now
	fmt.Fprintf(&x.text, "%s\n", what)
	w.watch = func(to *vault, m wire.Message) { x.note("-> # " + describe(m)) }
	w.hear = func(from vaultnet.PublicKey, m wire.Message) { x.note("<- # " + describe(m)) }
	d := w.do(o)
	x.flush()
	w.watch, w.hear = nil, nil
	if d.Err != nil {
		fmt.Fprintf(&x.text, "%7dms  = %v\n\n", w.now-x.start, d.Err)
		return
	}
	fmt.Fprintf(&x.text, "%7dms  = ok, height %d\n\n", w.now-x.start, d.Height)
	w.run(0, 500*time.Millisecond) // answers that come late
}

func describe(m wire.Message) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", m), "*wire.")
	switch m := m.(type) {
	case *wire.Submit:
		with := ""
		if d, ok := m.Request.Decoded.(*wire.Mutation); ok && d.Permit != nil {
			with += fmt.Sprintf(" + permit, %d signed", len(d.Permit.Signatures))
		}
		if m.Request.Proof != nil {
			with += " + proof of set"
		}
		return fmt.Sprintf("%s %s, set %d, seen %d%s", name, body(m.Request), m.Request.Set, m.Seen, with)
	case *wire.Reply:
		out := map[agreement.Outcome]string{1: "applied", 2: "refused", 3: "withdrawn", 4: "moved", 5: "stranger"}[m.Outcome]
		if m.Err != nil {
			out += " " + m.Err.Error()
		}
		return fmt.Sprintf("%s %s at %d", name, out, m.Height)
	case *wire.Read:
		if m.Full {
			return name + " the value"
		}
		return name + " the digest"
	case *wire.ReadAnswer:
		if m.Err != nil {
			return fmt.Sprintf("%s %v at %d", name, m.Err, m.Height)
		}
		return fmt.Sprintf("%s %d bytes at %d", name, len(m.Value), m.Height)
	case *wire.Bundle:
		if m.Want != nil {
			return fmt.Sprintf("%s want above %d", name, m.Want.Have)
		}
		return fmt.Sprintf("%s block %d with its certificate", name, m.Decided.Header.Height)
	case *wire.SetAnswer:
		if m.Set == nil {
			return name + " none, settled"
		}
		return fmt.Sprintf("%s set %d", name, m.Set.Number)
	case *wire.OutcomeAnswer:
		return fmt.Sprintf("%s outcome %d, clear %t", name, m.Outcome, m.Clear)
	}
	return name
}

func body(r *agreement.Request) string {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		return strings.TrimPrefix(fmt.Sprintf("%T", d.Mutation), "*mutabledata.")
	case *wire.Operation:
		return strings.TrimPrefix(fmt.Sprintf("%T", d.Operation), "*account.")
	}
	return "Close"
}

func TestTranscripts(t *testing.T) {
	for name, script := range map[string]func(w *world, x *transcript){
		"first-steps": func(w *world, x *transcript) {
			alice, a := w.person("alice"), w.address("notes")
			x.do("create an account", Operate{As: alice, Operation: &account.CreateAccount{}})
			x.do("put an object", Mutate{As: alice, Address: a, Mutation: put(alice)})
			x.do("insert k", Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			x.do("insert l: the permit is of eight", Mutate{As: alice, Address: a, Mutation: insert("l", "v")})
			x.do("insert k again: refused, withdrawn, final", Mutate{As: alice, Address: a, Mutation: insert("k", "w")})
			x.do("read", Read{Address: a, Query: mutabledata.GetEntries{}})
			x.do("read the account: what is held is settled first", ReadAccount{As: alice})
		},
		"lagging-member": func(w *world, x *transcript) {
			alice, a := w.owner("alice"), w.address("notes")
			w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
			m := w.members(a)
			for _, v := range m[3:] {
				v.slow = true
			}
			if err := w.decide(a, nil, w.at(a).last().set); err != nil {
				t.Fatal(err)
			}
			for _, v := range m {
				v.slow = false
			}
			x.do("read: three have block 2, five are behind", Read{Address: a, Query: mutabledata.GetEntries{}})
			for _, v := range m[3:] {
				v.height[a] = 1
			}
			w.c = w.client()
			for _, v := range m[1:3] {
				v.silent = true
			}
			x.do("read: one has block 2, two are silent", Read{Address: a, Query: mutabledata.GetEntries{}})
		},
		"silent-members": func(w *world, x *transcript) {
			alice, a := w.owner("alice"), w.address("notes")
			w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
			w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			for _, v := range w.members(a)[:3] {
				v.silent = true
			}
			x.do("insert with three of eight silent: no quorum, no certainty", Mutate{As: alice, Address: a, Mutation: insert("l", "v"),
				Options: Options{Timeout: 4 * time.Second, Deadline: time.Second}})
			w.members(a)[3].silent = true
			x.do("with four silent it cannot even be withdrawn", Mutate{As: alice, Address: a, Mutation: insert("l", "v"),
				Options: Options{Timeout: 4 * time.Second}})
		},
		"permit-refused": func(w *world, x *transcript) {
			alice, a := w.owner("alice"), w.address("notes")
			w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
			w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			var first *permit.Body
			for _, v := range w.members(a) {
				v.doubts(a, func(p *permit.Permit) bool {
					if first == nil {
						first = &p.Body
					}
					return p.Body == *first
				})
			}
			x.do("insert with a permit whose signers nobody knows", Mutate{As: alice, Address: a, Mutation: insert("l", "v")})
		},
		"signer-unknown": func(w *world, x *transcript) {
			alice, a := w.owner("alice"), w.address("notes")
			w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
			w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			m := w.members(a)
			m[0].doubts(a, func(p *permit.Permit) bool { return len(p.Signatures) == 3 })
			m[1].silent, m[2].silent = true, true
			x.do("insert, and a member that is needed does not know one of three signers", Mutate{As: alice, Address: a, Mutation: insert("l", "v")})
			x.do("insert, with the same permit", Mutate{As: alice, Address: a, Mutation: insert("m", "v")})
		},
		"set-changed": func(w *world, x *transcript) {
			alice, a := w.owner("alice"), w.address("notes")
			w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
			w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			w.swap(a)
			x.do("insert: the set has changed", Mutate{As: alice, Address: a, Mutation: insert("l", "v")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 9)
			if name == "silent-members" {
				w = newWorld(t, 8)
			}
			x := &transcript{w: w}
			script(w, x)
			file := filepath.Join("testdata", name+".txt")
			if *rewrite {
				if err := os.WriteFile(file, x.text.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, x.text.Bytes()) {
				t.Errorf("%s is no longer so (go test -run Transcripts -rewrite):\n%s", file, x.text.String())
			}
		})
	}
}
