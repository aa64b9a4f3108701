package network

import (
	"strings"
	"testing"
)

// What is read as a key was one, and no input shows what it holds in an error.
func FuzzDecodeKey(f *testing.F) {
	good, err := encodeKey(Seed{7}, "a note")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		seed, err := decodeKey(text)
		switch {
		case err == nil && !strings.Contains(string(text), seed.Public().String()):
			t.Fatal("a key that is not in the file")
		case err != nil && (err.Cause != nil || len(err.Wrong) > 60 || err.Field == "seed" || seed != Seed{}):
			t.Fatalf("it says too much: %v", err)
		}
	})
}
