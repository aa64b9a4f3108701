package network

import (
	"os"
	"path/filepath"
)

// Write writes the file, in place of one that is there, at once or not at all: nobody reads half of it. Missing folders
// are made. Where it names key files only its owner may read it (mode 0600), else everybody (0644).
func (f *File) Write(path string) error {
	text, err := f.Encode()
	if err != nil {
		err.(*Error).Path = path
		return err
	}
	mode := os.FileMode(0o644)
	if f.secrets() {
		mode = 0o600
	}
	temporary, e := prepare(path, text, mode)
	if e != nil {
		return e
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return &Error{Path: path, Wrong: "cannot be written", Cause: bare(err)}
	}
	return nil
}

// prepare writes text beside path, under another name, which it returns.
func prepare(path string, text []byte, mode os.FileMode) (string, *Error) {
	failed := func(err error) *Error {
		return &Error{Path: path, Wrong: "cannot be written", Cause: bare(err), Remedy: "choose another place"}
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", failed(err)
	}
	t, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", failed(err)
	}
	_, err = t.Write(text)
	if err == nil {
		err = t.Chmod(mode)
	}
	if err == nil {
		err = t.Sync()
	}
	if e := t.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(t.Name())
		return "", failed(err)
	}
	return t.Name(), nil
}
