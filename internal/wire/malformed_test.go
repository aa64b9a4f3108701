package wire

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// strictly is fxamacker's codec with the options of package canonical, but for depth: frames lie deeper than what is
// decoded with that package.
var strictly = struct {
	cbor.EncMode
	cbor.DecMode
}{
	func() cbor.EncMode {
		o := cbor.CoreDetEncOptions()
		o.TagsMd = cbor.TagsForbidden
		m, err := o.EncMode()
		if err != nil {
			panic(err)
		}
		return m
	}(),
	func() cbor.DecMode {
		m, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
			TagsMd: cbor.TagsForbidden, MaxNestedLevels: 32}.DecMode()
		if err != nil {
			panic(err)
		}
		return m
	}(),
}

// canonicalCBOR reports whether another codec, decoding b as whatever it is, encodes it alike.
func canonicalCBOR(t testing.TB, b []byte) bool {
	var v any
	if err := strictly.Unmarshal(b, &v); err != nil {
		t.Logf("%x: %v", b[:min(len(b), 40)], err)
		return false
	}
	again, err := strictly.Marshal(v)
	return err == nil && bytes.Equal(again, b)
}

func TestFramesAreCanonical(t *testing.T) {
	w := newWorld()
	for _, m := range w.samples() {
		f := frame(t, m)
		if !canonicalCBOR(t, f) {
			t.Errorf("%s: not canonical", RowOf(m).Name)
		}
		if s, ok := m.(*Submit); ok && (!canonicalCBOR(t, s.Request.Bytes) || len(s.Request.Attached) > 0 && !canonicalCBOR(t, s.Request.Attached)) {
			t.Error("request: not canonical")
		}
		back, err := decodeFrame(f, w.network, nil)
		if err != nil || !reflect.DeepEqual(back, []Message{m}) {
			t.Errorf("%s: came back as another, or not: %v", RowOf(m).Name, err)
		}
	}
	all := w.samples()
	frames, err := Encode(all)
	if err != nil || len(frames) != 1 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if back, err := Open(frames[0], w.network, w.v); err != nil || !reflect.DeepEqual(back, all) {
		t.Errorf("all together came back otherwise, or not: %v", err)
	}
}

func TestCutFramesAreRefused(t *testing.T) {
	w := newWorld()
	for _, m := range w.samples() {
		f := frame(t, m)
		step := 1 + len(f)/2000
		for n := 0; n < len(f); n += step {
			if _, err := Open(f[:n], w.network, w.v); !isRefusal(err) {
				t.Fatalf("%s: opened %d of %d bytes: %v", RowOf(m).Name, n, len(f), err)
			}
		}
		for _, more := range []string{"00", "80", "f6"} {
			b, _ := hex.DecodeString(more)
			if _, err := Open(append(bytes.Clone(f), b...), w.network, w.v); !isRefusal(err) {
				t.Errorf("%s: opened with %s behind it: %v", RowOf(m).Name, more, err)
			}
		}
	}
}

// A frame with one bit changed is refused, or is the frame of another message.
func TestChangedBitsStayCanonical(t *testing.T) {
	w := newWorld()
	for _, m := range w.samples() {
		f := frame(t, m)
		step := 1 + len(f)/500
		for i := 0; i < len(f); i += step {
			bad := bytes.Clone(f)
			bad[i] ^= 1 << (i % 8)
			sameAgain(t, w, bad)
		}
	}
}

// sameAgain checks that what can be decoded encodes to the same bytes, and that values are judged as their frame is.
func sameAgain(t testing.TB, w *world, b []byte) {
	messages, err := decodeFrame(b, w.network, nil)
	_, opened := Open(b, w.network, w.v)
	if err != nil {
		if !isRefusal(err) || !isRefusal(opened) {
			t.Fatalf("decoded %v, opened %v", err, opened)
		}
		return
	}
	if !canonicalCBOR(t, b) {
		t.Fatalf("decoded what is not canonical: %x", b)
	}
	frames, err := Encode(messages)
	if err != nil || len(frames) != 1 || !bytes.Equal(frames[0], b) {
		t.Fatalf("decoded %x but encoded %x: %v", b, frames, err)
	}
	var judged error
	for _, m := range messages {
		if err := Verify(m, w.network, w.v); err != nil && judged == nil {
			judged = err
		}
	}
	if (judged == nil) != (opened == nil) || opened != nil && !isRefusal(opened) {
		t.Fatalf("judged %v, opened %v", judged, opened)
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestMalformedFramesAreRefused(t *testing.T) {
	w := newWorld()
	getChunk := "84 0b 01 5820" + strings.Repeat("11", 32) + " f5"
	if _, err := Open(unhex("81"+getChunk), w.network, w.v); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ frame, says string }{
		"nothing":               {"", "canonical"},
		"no messages":           {"80", "want 1"},
		"an empty message":      {"81 80", "type"},
		"not an array":          {"40", "canonical"},
		"code alone":            {"81 81 0b", "fields"},
		"code zero":             {"81 81 00", "unknown"},
		"code unknown":          {"81 81 18ff", "unknown"},
		"code enormous":         {"81 81 1bffffffffffffffff", "unknown"},
		"code negative":         {"81 81 20", "type"},
		"head too long":         {"98 01" + getChunk, "canonical"},
		"number too long":       {"81 84 180b 01 5820" + strings.Repeat("11", 32) + "f5", "canonical"},
		"length too long":       {"81 84 0b 01 590020" + strings.Repeat("11", 32) + "f5", "canonical"},
		"indefinite frame":      {"9f" + getChunk + "ff", "canonical"},
		"indefinite string":     {"81 84 0b 01 5f 5820" + strings.Repeat("11", 32) + "ff f5", "canonical"},
		"reserved argument":     {"9c", "canonical"},
		"fewer than it says":    {"82" + getChunk, "canonical"},
		"more than it says":     {"81" + getChunk + getChunk, "too many"},
		"too few fields":        {"81 83 0b 01 5820" + strings.Repeat("11", 32), "fields"},
		"too many fields":       {"81 85 0b 01 5820" + strings.Repeat("11", 32) + "f5 f5", "fields"},
		"short name":            {"81 84 0b 01 581f" + strings.Repeat("11", 31) + "f5", "31 bytes"},
		"long name":             {"81 84 0b 01 5821" + strings.Repeat("11", 33) + "f5", "33 bytes"},
		"text for bytes":        {"81 84 0b 01 7820" + strings.Repeat("11", 32) + "f5", "canonical"},
		"null for a truth":      {"81 84 0b 01 5820" + strings.Repeat("11", 32) + "f6", "truth"},
		"number for a truth":    {"81 84 0b 01 5820" + strings.Repeat("11", 32) + "01", "truth"},
		"a tag":                 {"81 84 0b c1 01 5820" + strings.Repeat("11", 32) + "f5", "canonical"},
		"a map":                 {"a1 00" + getChunk, "canonical"},
		"absurdly many":         {"9bffffffffffffffff", "at most"},
		"absurdly long":         {"81 84 0b 01 5bffffffffffffffff", "bytes"},
		"more than can come":    {"991000 8080", "cut short"},
		"too many messages":     {"991001" + strings.Repeat("11", 5000), "at most"},
		"address of no kind":    {"81 83 08 01 5829 00" + strings.Repeat("00", 40), "not one"},
		"address of kind four":  {"81 83 08 01 5829 04" + strings.Repeat("00", 40), "not one"},
		"address of a chunk":    {"81 83 08 01 5829 03" + strings.Repeat("00", 40), "chunk"},
		"account with a tag":    {"81 83 08 01 5829 02" + strings.Repeat("00", 39) + "01", "not one"},
		"several for at most 1": {"81 86 05 01 5829 01" + strings.Repeat("00", 40) + "4101 f5 82", "at most one"},
	} {
		_, err := Open(unhex(c.frame), w.network, w.v)
		if !isRefusal(err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something with %q", name, err, c.says)
		}
	}
}

// What is deep, long or repeated costs no more than its bytes.
func TestGreedyFramesAreRefusedAtOnce(t *testing.T) {
	w := newWorld()
	most := vaultnet.MaxFrame
	start := time.Now()
	for name, f := range map[string][]byte{
		"deep":     bytes.Repeat([]byte{0x81}, most),
		"pointers": append(unhex("81 84 14 990400"), bytes.Repeat([]byte{0x82}, most-7)...),
		"records":  append(unhex("81 8f 13 5829 01"+strings.Repeat("00", 40)+"00 80 80 80 80 80 81 84"), bytes.Repeat([]byte{0x80}, most-70)...),
		"messages": append(unhex("991000"), bytes.Repeat([]byte{0x80}, most-3)...),
	} {
		if _, err := Open(f, w.network, w.v); !isRefusal(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestFramesHaveALimit(t *testing.T) {
	w := newWorld()
	for _, n := range []int{vaultnet.MaxFrame, vaultnet.MaxFrame + 1} {
		_, err := Open(make([]byte, n), w.network, w.v)
		if !isRefusal(err) || strings.Contains(err.Error(), "at most 4194304") != (n > vaultnet.MaxFrame) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// What a message says in two places has to agree.
func TestPartsThatDisagreeAreRefused(t *testing.T) {
	w := newWorld()
	a := vaultnet.AccountAddress(w.owner.Public())
	denied := refusal.New(refusal.AccessDenied)
	by := w.attest(w.vaults[0], vaultnet.Digest{})
	fresh := w.proposal(data)
	fresh.PolkaRound = -1
	fresh.By = w.attest(w.vaults[0], fresh.Leaf(w.network, data))
	bare := w.proposal(data)
	bare.Polka = nil
	part := func(from, total uint32, d *agreement.Decided, records ...agreement.Record) Message {
		return &Bundle{&agreement.Bundle{Address: data, State: &agreement.StatePart{Decided: d, From: from, Total: total, Records: records}}}
	}
	one := agreement.Record{Key: []byte{1}, Value: []byte{1}}
	half := agreement.Record{Key: []byte{1}, Value: make([]byte, agreement.PartSize/2+1)}
	issued := account.EncodeResult(&account.Issued{Body: w.body(allowances(data)), Counts: []byte{1, 8}})
	leaf := w.body(allowances(data))
	for name, m := range map[string]Message{
		"a fresh proposal with a polka":        &Bundle{&agreement.Bundle{Address: data, Proposal: fresh}},
		"a re-proposal without":                &Bundle{&agreement.Bundle{Address: data, Proposal: bare}},
		"a refusal without its reason":         &Reply{Address: data, Outcome: agreement.Refused},
		"a reason without refusal":             &Reply{Address: data, Outcome: agreement.Moved, Err: denied},
		"a result of what was not applied":     &Reply{Address: data, Outcome: agreement.Withdrawn, Result: []byte{1}},
		"a permit without result":              &Reply{Address: a, Outcome: agreement.Applied, Permit: by},
		"a permit of a data object":            &Reply{Address: data, Outcome: agreement.Applied, Result: issued, Permit: w.attest(w.vaults[0], leaf.Leaf(w.network))},
		"a permit of what was not applied":     &Reply{Address: a, Outcome: agreement.Stranger, Permit: by},
		"the digest of no set":                 &ReadAnswer{Set: SetRef{Digest: vaultnet.Digest{1}}},
		"a signature of no statement":          &StatementAnswer{By: w.attest(w.vaults[0], new(permit.Statement).Leaf(w.network))},
		"an asker of a data object":            &Read{Address: data, Query: []byte{1}, Ask: signedAsk(w, data)},
		"a read of an account without asker":   &Read{Address: a, Query: []byte{1}},
		"a view without members":               &ViewAnswer{Address: data, View: &agreement.View{By: by}},
		"members without a view":               &ViewAnswer{Address: data, Members: w.members(data)},
		"a part of a state with bodies":        part(0, 1, w.decided(w.insert()), one),
		"records beyond the last":              part(1, 1, w.decided(), one),
		"more records than a part takes":       part(0, 3, w.decided(), half, half, one),
		"a record that is not there":           part(0, 1, w.decided(), agreement.Record{Key: []byte{1}}),
		"fewer bodies than the header names":   disagreeing(w, w.decided(w.insert(), w.close()), func(d *agreement.Decided) { d.Bodies = d.Bodies[:1] }),
		"bodies in another order":              disagreeing(w, w.decided(w.insert(), w.close()), func(d *agreement.Decided) { slices.Reverse(d.Bodies) }),
		"a decided block without certificate":  disagreeing(w, w.decided(), func(d *agreement.Decided) { d.Certificate = nil }),
		"a decided block without its voters":   disagreeing(w, w.decided(), func(d *agreement.Decided) { d.Voters = nil }),
		"a decided block without the next set": disagreeing(w, w.decided(), func(d *agreement.Decided) { d.Set = nil }),
		"a link without certificate":           disagreeing(w, w.decided(), func(d *agreement.Decided) { d.Links[0].Certificate = nil }),
	} {
		refuses(t, w, name, m)
	}
	for name, m := range map[string]Message{
		"two halves":           part(0, 3, w.decided(), half, half),
		"one that is too long": part(2, 3, w.decided(), agreement.Record{Key: []byte{1}, Value: make([]byte, maxRecordValue)}),
		"no records of none":   part(0, 0, w.decided()),
	} {
		if err := Verify(m, w.network, w.v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func disagreeing(w *world, d *agreement.Decided, change func(*agreement.Decided)) Message {
	change(d)
	return &Bundle{&agreement.Bundle{Address: data, Decided: d}}
}

func signedAsk(w *world, at vaultnet.Address) *Ask {
	ask := &Ask{Deadline: now}
	ask.Sign(w.network, at, []byte{1}, w.owner)
	return ask
}

// What stands twice where it may stand once is refused; what counts twice is for whoever counts.
func TestDuplicates(t *testing.T) {
	w := newWorld()
	members := w.members(data)
	twice := append(members[:7:7], members[6])
	set := &agreement.Set{Number: 1, Members: twice}
	unordered := &agreement.Set{Number: 1, Members: append([]vaultnet.PublicKey{members[1], members[0]}, members[2:]...)}
	proof := w.proof(data)
	proof.Views = append(proof.Views, proof.Views[5])
	proposal := w.proposal(data)
	proposal.Proof = proof
	shown := w.permit(vaultnet.ChunkAddress(nil))
	shown.Signatures = append(shown.Signatures, shown.Signatures[3])
	decided := w.decided()
	decided.Voters = unordered
	link := w.decided()
	link.Links[0].Set = unordered
	for name, m := range map[string]Message{
		"member twice":              &Invite{data, set},
		"member twice in a read":    &ReadAnswer{Members: set},
		"members unordered":         &Invite{data, unordered},
		"members of a pointer":      &Pointers{List: []Pointer{{Address: data, Set: w.set(1, data)}, {Address: data, Set: unordered}}},
		"members of a reply":        &Reply{Address: data, Outcome: agreement.Moved, Members: unordered},
		"members of a set":          &SetAnswer{Address: data, Set: unordered},
		"members with DataExists":   &ViewAnswer{Address: data, Set: unordered},
		"voters":                    &Bundle{&agreement.Bundle{Address: data, Decided: decided}},
		"members of a link":         &Bundle{&agreement.Bundle{Address: data, Decided: link}},
		"view twice":                &Bundle{&agreement.Bundle{Address: data, Proposal: proposal}},
		"signature of permit twice": &PutChunk{Permit: shown},
	} {
		refuses(t, w, name, m)
	}
}
