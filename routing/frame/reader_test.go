package frame

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"vaultnet"
)

func readerOf(r io.Reader, reserve func(int) bool) *Reader {
	return &Reader{Stream: bufio.NewReaderSize(r, 64), Begin: func(int) {}, End: func() {}, Room: func(n int) []byte { return make([]byte, n) }, Reserve: reserve}
}

func plenty(int) bool { return true }

func TestFrameReader(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 3*FirstPart+5)
	good := Append(Append(Append(nil, []byte("a")), long), []byte("bc"))
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(good), "byte by byte": iotest.OneByteReader(bytes.NewReader(good)), "halves": iotest.HalfReader(bytes.NewReader(good)),
	} {
		f := readerOf(r, plenty)
		for _, want := range [][]byte{[]byte("a"), long, []byte("bc")} {
			got, reserved, err := f.Next()
			if err != nil || !bytes.Equal(got, want) || reserved != max(0, len(want)-FirstPart) {
				t.Fatalf("%s: %d bytes, %d reserved, %v; want %d bytes", name, len(got), reserved, err, len(want))
			}
		}
		if _, _, err := f.Next(); err != io.EOF {
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
		"empty frame":        {header(0), ErrLength},
		"too long":           {header(vaultnet.MaxFrame + 1), ErrLength},
		"far too long":       {header(1<<32 - 1), ErrLength},
		"half a length":      {header(5)[:2], ErrTruncated},
		"length only":        {header(5), ErrTruncated},
		"part of a frame":    {append(header(5), 1, 2), ErrTruncated},
		"part of a long one": {append(header(vaultnet.MaxFrame), make([]byte, FirstPart+1)...), ErrTruncated},
	} {
		if frame, _, err := readerOf(bytes.NewReader(c.in), plenty).Next(); !errors.Is(err, c.want) || frame != nil {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(frame), err, c.want)
		}
	}
	in := Append(nil, make([]byte, 2*growth*FirstPart))
	asked := 0
	_, reserved, err := readerOf(bytes.NewReader(in), func(n int) bool { asked += n; return asked <= growth*FirstPart }).Next()
	if !errors.Is(err, ErrMemory) || reserved != growth*FirstPart {
		t.Errorf("without memory: %v, %d reserved", err, reserved)
	}
}

// A length alone takes no memory beyond the first part.
func TestFrameReaderGrowsWithWhatComes(t *testing.T) {
	in := append(binary.BigEndian.AppendUint32(nil, vaultnet.MaxFrame), 1)
	if n := testing.AllocsPerRun(10, func() { readerOf(bytes.NewReader(in), plenty).Next() }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	var most int
	readerOf(bytes.NewReader(in), func(n int) bool { most += n; return true }).Next()
	if most != 0 {
		t.Errorf("%d bytes reserved for a frame of which one byte came", most)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(Append(Append(nil, []byte("a")), []byte("bcd")))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add([]byte{0, 64, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := readerOf(bytes.NewReader(in), plenty)
		var read []byte
		for {
			frame, reserved, err := r.Next()
			if err != nil {
				if err == io.EOF && !bytes.Equal(read, in) {
					t.Fatalf("%x was read as %x", in, read)
				}
				if err != io.EOF && !errors.Is(err, ErrLength) && !errors.Is(err, ErrTruncated) {
					t.Fatal(err)
				}
				if !bytes.HasPrefix(in, read) {
					t.Fatalf("%x was read as %x", in, read)
				}
				return
			}
			if len(frame) == 0 || len(frame) > vaultnet.MaxFrame || reserved != max(0, len(frame)-FirstPart) {
				t.Fatalf("a frame of %d bytes, %d reserved", len(frame), reserved)
			}
			read = Append(read, frame)
		}
	})
}
