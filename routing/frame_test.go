package routing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"vaultnet"
)

func readerOf(r io.Reader, reserve func(int) bool) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, 64), begin: func(int) {}, end: func() {}, reserve: reserve}
}

var time0 time.Time

func plenty(int) bool { return true }

func TestFrameReader(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 3*firstPart+5)
	good := appendFrame(appendFrame(appendFrame(nil, []byte("a")), long), []byte("bc"))
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(good), "byte by byte": iotest.OneByteReader(bytes.NewReader(good)), "halves": iotest.HalfReader(bytes.NewReader(good)),
	} {
		f := readerOf(r, plenty)
		for _, want := range [][]byte{[]byte("a"), long, []byte("bc")} {
			got, reserved, err := f.next()
			if err != nil || !bytes.Equal(got, want) || reserved != max(0, len(want)-firstPart) {
				t.Fatalf("%s: %d bytes, %d reserved, %v; want %d bytes", name, len(got), reserved, err, len(want))
			}
		}
		if _, _, err := f.next(); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
}

func TestFrameReaderRefuses(t *testing.T) {
	header := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"empty frame":        {header(0), errLength},
		"too long":           {header(vaultnet.MaxFrame + 1), errLength},
		"far too long":       {header(1<<32 - 1), errLength},
		"half a length":      {header(5)[:2], errTruncated},
		"length only":        {header(5), errTruncated},
		"part of a frame":    {append(header(5), 1, 2), errTruncated},
		"part of a long one": {append(header(vaultnet.MaxFrame), make([]byte, firstPart+1)...), errTruncated},
	} {
		if frame, _, err := readerOf(bytes.NewReader(c.in), plenty).next(); !errors.Is(err, c.want) || frame != nil {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(frame), err, c.want)
		}
	}
	in := appendFrame(nil, make([]byte, 4*firstPart))
	asked := 0
	_, reserved, err := readerOf(bytes.NewReader(in), func(n int) bool { asked += n; return asked <= firstPart }).next()
	if !errors.Is(err, errMemory) || reserved != firstPart {
		t.Errorf("without memory: %v, %d reserved", err, reserved)
	}
}

// A length alone takes no memory beyond the first part.
func TestFrameReaderGrowsWithWhatComes(t *testing.T) {
	in := append(binary.BigEndian.AppendUint32(nil, vaultnet.MaxFrame), 1)
	if n := testing.AllocsPerRun(10, func() { readerOf(bytes.NewReader(in), plenty).next() }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	var most int
	readerOf(bytes.NewReader(in), func(n int) bool { most += n; return true }).next()
	if most != 0 {
		t.Errorf("%d bytes reserved for a frame of which one byte came", most)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendFrame(appendFrame(nil, []byte("a")), []byte("bcd")))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add([]byte{0, 64, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := readerOf(bytes.NewReader(in), plenty)
		var read []byte
		for {
			frame, reserved, err := r.next()
			if err != nil {
				if err == io.EOF && !bytes.Equal(read, in) {
					t.Fatalf("%x was read as %x", in, read)
				}
				if err != io.EOF && !errors.Is(err, errLength) && !errors.Is(err, errTruncated) {
					t.Fatal(err)
				}
				if !bytes.HasPrefix(in, read) {
					t.Fatalf("%x was read as %x", in, read)
				}
				return
			}
			if len(frame) == 0 || len(frame) > vaultnet.MaxFrame || reserved != max(0, len(frame)-firstPart) {
				t.Fatalf("a frame of %d bytes, %d reserved", len(frame), reserved)
			}
			read = appendFrame(read, frame)
		}
	})
}

func TestQueueKeepsOrder(t *testing.T) {
	var q queue
	next, want, bytes := 0, 0, 0
	for round := range 2000 {
		for range round * 7 % 13 {
			f := binary.BigEndian.AppendUint32(nil, uint32(next))
			q.push(queued{frame: f})
			bytes += lengthSize + len(f)
			next++
		}
		batch, due := q.take(nil, round*5%60, time0)
		if !due.IsZero() {
			t.Fatal("something is due later")
		}
		for _, f := range batch {
			if got := int(binary.BigEndian.Uint32(f)); got != want {
				t.Fatalf("took %d, want %d", got, want)
			}
			want++
			bytes -= lengthSize + len(f)
		}
		if q.len() != next-want || q.bytes != bytes {
			t.Fatalf("%d frames of %d bytes, want %d of %d", q.len(), q.bytes, next-want, bytes)
		}
	}
	frames, size := q.clear()
	if frames != next-want || size != bytes || q.len() != 0 || q.bytes != 0 {
		t.Errorf("cleared %d frames of %d bytes, want %d of %d", frames, size, next-want, bytes)
	}
}

func TestQueueHoldsBackWhatIsNotDue(t *testing.T) {
	var q queue
	at := time0.Add(1000)
	q.push(queued{frame: []byte{1}})
	q.push(queued{frame: []byte{2}, due: at})
	if batch, due := q.take(nil, 1000, time0.Add(1)); len(batch) != 1 || !due.IsZero() {
		t.Errorf("took %v, due %v", batch, due)
	}
	if batch, due := q.take(nil, 1000, time0.Add(1)); len(batch) != 0 || due != at {
		t.Errorf("took %v, due %v", batch, due)
	}
	if batch, _ := q.take(nil, 1000, at); len(batch) != 1 || q.len() != 0 {
		t.Errorf("took %v", batch)
	}
}
