package wire

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/permit"
	"vaultnet/refusal"
)

var update = flag.Bool("update", false, "write docs/wire.md anew")

func TestTableIsInOrder(t *testing.T) {
	for i := range Table {
		r := &Table[i]
		if int(r.Code) != i+1 || r.Persona == 0 || r.From == 0 || r.MaxSize <= 0 || r.MaxSize > maxMessage || r.Purpose == "" {
			t.Errorf("row %d: %+v", i, r)
		}
		if got := RowOf(r.fresh()); got != r {
			t.Errorf("a %s has row %v", r.Name, got)
		}
	}
	if RowOf(nil) != nil {
		t.Error("no message has a row")
	}
}

// Codes are on the wire: none ever changes its meaning.
func TestCodesStay(t *testing.T) {
	const want = "Hello Goodbye Submit Withdraw Read GetOutcome GetView GetSet GetStatement PutChunk GetChunk Reply ReadAnswer " +
		"OutcomeAnswer ViewAnswer SetAnswer StatementAnswer ChunkAnswer Bundle Pointers Invite Chunks Leaving"
	var got []string
	for i := range Table {
		got = append(got, Table[i].Name)
	}
	if !strings.HasPrefix(strings.Join(got, " "), want) {
		t.Errorf("codes: %v", got)
	}
}

// What is within all bounds is within the bound of its size, too: nothing that can be sent is refused for it.
func TestTheGreatestMessagesFit(t *testing.T) {
	w := newWorld()
	var sixteen []vaultnet.PublicKey
	for i := range maxMembers {
		sixteen = append(sixteen, vaultnet.PublicKey{byte(i)})
	}
	set := &agreement.Set{Number: maxHeight, Members: sixteen}
	by := w.attest(w.vaults[0], vaultnet.Digest{})
	by.Path.Siblings = make([]vaultnet.Digest, maxSiblings)
	problems := &refusal.Error{Kind: refusal.InvalidEntryActions}
	for i := range refusal.MaxProblems {
		key := fmt.Sprintf("%0*d", vaultnet.MaxKeySize, i)
		problems.Detail.Entries = append(problems.Detail.Entries, refusal.Problem{Key: key, Kind: refusal.InvalidVersion, Version: 1<<64 - 1})
	}
	shown := *w.permit(data)
	for len(shown.Signatures) < permit.MaxSigners {
		shown.Signatures = append(shown.Signatures, *by)
	}
	ref := SetRef{Number: maxHeight, Digest: vaultnet.Digest{1}}
	pointers := &Pointers{List: make([]Pointer, maxPointers)}
	for i := range pointers.List {
		pointers.List[i] = Pointer{Address: data, Set: set}
	}
	for _, m := range []Message{
		&Hello{vaultnet.Parameters{Name: strings.Repeat("n", maxNetName), AccountOperations: 1<<63 - 1}},
		&Goodbye{problems},
		&Read{Call: 1<<64 - 1, Address: data, Query: make([]byte, maxQuery)},
		&PutChunk{Call: 1<<64 - 1, Content: make([]byte, vaultnet.MaxSize), Permit: &shown},
		&Reply{Address: data, Outcome: agreement.Applied, Set: ref, Result: make([]byte, maxResult), Members: set, Permit: by, Nearer: sixteen},
		&Reply{Address: data, Outcome: agreement.Refused, Set: ref, Err: problems, Members: set, Nearer: sixteen},
		&ReadAnswer{Set: ref, Time: maxTime, Err: problems, Value: make([]byte, maxValue), Members: set, Nearer: sixteen},
		&OutcomeAnswer{Set: ref, Result: make([]byte, maxResult), Members: set},
		&ViewAnswer{Address: data, Members: sixteen, View: &agreement.View{By: by}, Err: problems, Set: set},
		&SetAnswer{Address: data, Set: set, Nearer: sixteen},
		&StatementAnswer{Set: ref, Statement: permit.Statement{Address: data, Expires: maxTime}, By: by, Members: set, Err: problems},
		&ChunkAnswer{Content: make([]byte, vaultnet.MaxSize), Err: problems, Nearer: sixteen},
		pointers,
		&Invite{data, set},
		&Chunks{Names: make([]vaultnet.Name, maxChunkNames)},
		&Leaving{maxTime, true, by},
	} {
		c := coder{mode: encoding, frame: true}
		err := appendMessage(&c, m)
		row := RowOf(m)
		if err != nil || len(c.buf) > row.MaxSize {
			t.Errorf("%s: %d bytes, at most %d: %v", row.Name, len(c.buf), row.MaxSize, err)
		}
		if _, err := decodeFrame(frame(t, m), w.network, nil); err != nil {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
}

const heading = `# Messages

What travels between nodes. This table is made of the one in the code (package internal/wire); a test compares them.

A frame is at most %d bytes of canonical CBOR: an array of 1 to %d messages. A message is an array of the type's code and
its fields, in the order of the Go type's; a struct within is an array of its fields, what is optional an array of none or
one, an address the 41 bytes of kind, name and tag. A request is two byte strings, itself and what is attached to it, as
its reference names them. A frame of which anything is wrong, signatures included, is refused whole.

A vote, a proposal or a wish in a frame ends with its attestation: signer, signature, leaf index, width of the turn's tree and
the siblings of the path as one byte string; or, where signer, signature, width and the upper ends of both paths are those
of the attestation written before it in the frame, only the index and the siblings below the two leaves' meeting. It must be
so where it can be, as long as what is left out comes to no more than twice the bytes of messages before.

| code | message | purpose | sent by | handled by | bytes, at most | lists, at most |
|---|---|---|---|---|---|---|
`

// TestDocumentIsCurrent compares docs/wire.md with the table; go test ./internal/wire -update writes it.
func TestDocumentIsCurrent(t *testing.T) {
	const path = "../../docs/wire.md"
	var b strings.Builder
	fmt.Fprintf(&b, heading, vaultnet.MaxFrame, MaxMessages)
	for i := range Table {
		r := &Table[i]
		fmt.Fprintf(&b, "| %d | %s | %s | %v | %v | %d | %s |\n", r.Code, r.Name, r.Purpose, r.From, r.Persona, r.MaxSize, r.Counts)
	}
	if *update {
		if err := os.MkdirAll("../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("docs/wire.md is not what the table says (%v): go test ./internal/wire -update", err)
	}
}
