package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A sink writes all that it gets, however often the disk begins meanwhile, and tells when the disk fails.
func TestSink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	s := sink{file: f}
	for range 3 * sinkStep / len(block) {
		if n, err := s.Write(block); n != len(block) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, bytes.Repeat(block, 3*sinkStep/len(block))) {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	if f, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	s = sink{file: f}
	f.Close()
	if _, err := s.Write(block); err == nil {
		t.Error("written to a closed file")
	}
	if s.finish() == nil {
		t.Error("a closed file is on the disk")
	}
}
