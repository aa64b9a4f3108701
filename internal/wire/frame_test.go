package wire

import (
	"bytes"
	"reflect"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// full is a put of an object that fills its limit to the byte.
func (w *world) full(t testing.TB, key mutabledata.Key) *agreement.Request {
	t.Helper()
	content := bytes.Repeat([]byte{1}, vaultnet.MaxSize-200)
	r := w.mutation(&mutabledata.Put{Owner: w.owner.Public(),
		Entries: []mutabledata.Entry{{Key: key, Value: mutabledata.Value{Content: content}}}}, Attached{Permit: w.permit(data), Proof: w.proof(data)})
	if r.Decoded == nil {
		t.Fatal("not a request")
	}
	return r
}

func (w *world) openAll(t testing.TB, frames [][]byte) []Message {
	t.Helper()
	var all []Message
	for _, f := range frames {
		if len(f) > vaultnet.MaxFrame {
			t.Fatalf("frame of %d bytes", len(f))
		}
		messages, err := Open(f, w.network, w.v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, messages...)
	}
	return all
}

func TestMessagesFillFramesInOrder(t *testing.T) {
	w := newWorld()
	var all []Message
	for i := range 9 {
		all = append(all, &Submit{w.full(t, "k"), vaultnet.Height(i)}, &GetSet{Call(i), data})
	}
	frames, err := Encode(all)
	if err != nil || len(frames) != 3 {
		t.Errorf("%d frames for nine requests of 1 MiB: %v", len(frames), err)
	}
	if got := w.openAll(t, frames); !reflect.DeepEqual(got, all) {
		t.Error("not the same messages in the same order")
	}
	all = nil
	for i := range 2*MaxMessages + 1 {
		all = append(all, &GetSet{Call(i), data})
	}
	frames, err = Encode(all)
	if err != nil || len(frames) != 3 {
		t.Errorf("%d frames for %d messages: %v", len(frames), len(all), err)
	}
	if got := w.openAll(t, frames); !reflect.DeepEqual(got, all) {
		t.Error("not the same messages in the same order")
	}
	if frames, err := Encode(nil); len(frames) != 0 || err != nil {
		t.Errorf("%d frames of nothing: %v", len(frames), err)
	}
}

// A block of five full mutations fits no frame: the bundle goes in parts, bodies first.
func TestLargeBundlesGoInParts(t *testing.T) {
	w := newWorld()
	var five []*agreement.Request
	for _, k := range []mutabledata.Key{"a", "b", "c", "d", "e"} {
		five = append(five, w.full(t, k))
	}
	whole := &Bundle{&agreement.Bundle{Address: data, Height: 9, Decided: w.decided(five...), Requests: five[:2],
		Votes: w.votes(data, 2)}}
	if err := Verify(whole, w.network, w.v); err != nil {
		t.Fatal(err)
	}
	frames, err := Encode([]Message{&GetSet{1, data}, whole, &GetSet{2, data}})
	if err != nil {
		t.Fatal(err)
	}
	got := w.openAll(t, frames)
	if len(got) != 10 || !reflect.DeepEqual(got[0], Message(&GetSet{1, data})) || !reflect.DeepEqual(got[9], Message(&GetSet{2, data})) {
		t.Fatalf("%d messages", len(got))
	}
	var bodies []*agreement.Request
	for _, m := range got[1:8] {
		bodies = append(bodies, m.(*Bundle).Requests...)
	}
	if !reflect.DeepEqual(bodies, append(five[:2:2], five...)) {
		t.Error("other bodies, or in another order")
	}
	last := got[8].(*Bundle)
	bare := *whole.Decided
	bare.Bodies = nil
	if !reflect.DeepEqual(last.Decided, &bare) || !reflect.DeepEqual(last.Votes, whole.Votes) || last.Height != 9 {
		t.Error("the rest of the bundle is another")
	}
	if len(whole.Decided.Bodies) != 5 || len(whole.Requests) != 2 {
		t.Error("the bundle was changed")
	}
}

// One message that cannot be encoded holds up no other.
func TestWhatCannotBeEncodedIsLeftOut(t *testing.T) {
	w := newWorld()
	good := []Message{&GetSet{1, data}, &GetSet{2, data}}
	frames, err := Encode([]Message{good[0], nil, (*Submit)(nil), &Submit{}, &Bundle{}, &GetSet{}, &Goodbye{&refusal.Error{}}, good[1]})
	if err == nil {
		t.Error("nothing said of six messages that are none")
	}
	if got := w.openAll(t, frames); !reflect.DeepEqual(got, good) {
		t.Errorf("%d messages", len(got))
	}
	for _, m := range []Message{nil, (*Submit)(nil), &Submit{}, (*Bundle)(nil), &Bundle{}, &Invite{}, &Goodbye{}} {
		if err := Verify(m, w.network, w.v); !isRefusal(err) {
			t.Errorf("%T: %v", m, err)
		}
	}
}

// One message goes to many: encoding and judging only read it.
func TestMessagesAreOnlyRead(t *testing.T) {
	w := newWorld()
	all := w.samples()
	before, err := Encode(all)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			for _, m := range all {
				if err := Verify(m, w.network, w.v); err != nil {
					t.Error(err)
				}
			}
			if after, err := Encode(all); err != nil || !reflect.DeepEqual(after, before) {
				t.Error("encoded otherwise", err)
			}
		})
	}
	done.Wait()
}

// What is opened keeps nothing of a frame of at most 64 KiB, whose memory is used again.
func TestOpenedMessagesKeepNothingOfTheirFrame(t *testing.T) {
	w := newWorld()
	opener := NewOpener(w.network, w.v)
	for range 2 { // what the opener remembers is not to be of the frame either
		for i, m := range w.samples() {
			f := frame(t, m)
			if len(f) > 64<<10 {
				continue
			}
			read := bytes.Clone(f)
			messages, err := opener.Open(read)
			if err != nil {
				t.Fatal(i, err)
			}
			for k := range read {
				read[k] ^= 0xff
			}
			if again := frame(t, messages[0]); !bytes.Equal(again, f) {
				t.Errorf("%d %T changed with its frame", i, m)
			}
		}
	}
}
