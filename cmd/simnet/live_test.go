package main

import (
	"bytes"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// told is what is written when do has happened, without times.
func told(vaults int, do func(l *live)) []string {
	var out bytes.Buffer
	l := newLive(&out, vaults, map[vaultnet.PublicKey]string{{1}: "sample-1"})
	do(l)
	l.close()
	var lines []string
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		for i, f := range fields {
			if f == "ms" {
				fields[i-1] = "0"
			}
		}
		lines = append(lines, strings.Join(fields[1:], " "))
	}
	return lines
}

func insert(id byte) *agreement.Request {
	r := &agreement.Request{ID: vaultnet.Digest{id}, Decoded: &wire.Mutation{Mutation: &mutabledata.MutateEntries{
		Actions: []mutabledata.EntryAction{{Key: "k", Do: mutabledata.InsertEntry}, {Key: "l", Do: mutabledata.ExpectAbsent}}}}}
	r.Request = vaultnet.Request{Address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{0xab}, Tag: 7}, Requester: vaultnet.PublicKey{1}}
	return r
}

func refusedReply(id byte, k refusal.Kind) *wire.Reply {
	return &wire.Reply{Address: insert(id).Address, ID: vaultnet.Digest{id}, Outcome: agreement.Refused, Height: 3, Err: refusal.New(k)}
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// However many vaults see it, a change is one line.
func TestAChangeIsToldOnce(t *testing.T) {
	want(t, told(16, func(l *live) {
		l.begin()
		for range 8 {
			l.submitted(insert(1))
		}
		for range 8 {
			l.applied(insert(1), 4)
		}
	}), "mutate ab000000/7 sample-1 h 4 0 ms insert 1, expect 1")
}

func TestNothingIsToldBeforeTheBeginning(t *testing.T) {
	want(t, told(16, func(l *live) {
		l.applied(insert(1), 4)
		l.begin()
		l.applied(insert(1), 4)
	}))
}

// A refusal is told when so many say it that one of them is honest, once for each kind, and not after the change.
func TestARefusalNeedsThreeOfEight(t *testing.T) {
	want(t, told(16, func(l *live) {
		l.begin()
		l.submitted(insert(1))
		for range 3 { // one liar, three times
			l.refused(1, refusedReply(1, refusal.AccessDenied))
		}
		for vault := range 8 {
			l.refused(vault, refusedReply(1, refusal.TooManyMutations))
			l.refused(vault, refusedReply(2, refusal.NoSuchData)) // of a request that nobody saw
		}
		l.applied(insert(1), 4)
		for vault := range 8 {
			l.refused(vault, refusedReply(1, refusal.AccessDenied))
		}
	}), "mutate ab000000/7 sample-1 h 3 0 ms refused: TooManyMutations", "mutate ab000000/7 sample-1 h 4 0 ms insert 1, expect 1")
}

// A chunk is told when enough vaults hold it, and who put it.
func TestAChunkIsTold(t *testing.T) {
	name := vaultnet.Name{0xcd}
	want(t, told(8, func(l *live) {
		l.begin()
		l.stored(0, vaultnet.Name{0xee}, 5) // copied between vaults: nobody put it
		p := &permit.Permit{Body: permit.Body{Requester: vaultnet.PublicKey{1}}, Allowance: permit.Allowance{Address: vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: name}}}
		l.offered(&wire.PutChunk{Permit: p})
		l.offered(&wire.PutChunk{})
		for vault := range 8 {
			for range 2 {
				l.stored(vault, name, 12)
			}
		}
	}), "put-chunk #cd000000 sample-1 0 ms 12 bytes")
}

func TestAVaultThatStopsIsTold(t *testing.T) {
	want(t, told(8, func(l *live) { l.failed(3, refusal.New(refusal.NetworkFull)) }), "vault 3 has stopped: NetworkFull")
}

// What is remembered is bounded, and so are the lines that wait.
func TestLiveIsBounded(t *testing.T) {
	gate := &gated{open: make(chan struct{})}
	l := newLive(gate, 1, nil)
	l.begin()
	for i := range maxSights + 10 {
		r := insert(0)
		r.ID = vaultnet.Digest{byte(i), byte(i >> 8), byte(i >> 16)}
		l.applied(r, 1)
	}
	if len(l.recent) != maxSights || len(l.order) != maxSights {
		t.Errorf("%d and %d are remembered, want %d", len(l.recent), len(l.order), maxSights)
	}
	if l.dropped == 0 || len(l.lines) != maxLines {
		t.Errorf("%d lines wait, %d dropped", len(l.lines), l.dropped)
	}
	close(gate.open)
	for len(l.lines) == maxLines {
	}
	last := insert(0)
	last.ID = vaultnet.Digest{31: 1}
	l.applied(last, 1)
	l.close()
	if !strings.Contains(gate.text.String(), "lines left out") {
		t.Error("nobody says that lines are left out")
	}
}

// gated does not write until it is opened.
type gated struct {
	text bytes.Buffer
	open chan struct{}
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	return g.text.Write(p)
}

// Names from the network do not reach the terminal as they are.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"a b": "a b", "a\x1b[2Jb\n": "a?[2Jb?", "héé": "héé", "\x9b\xff": "??", "abcdefgh": "abcdef…"} {
		if got := printable(text, 6); got != want && printable(text, 10) != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
