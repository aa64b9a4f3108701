package network

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Read reads a network file. The error is an [*Error]; errors.Is(err, fs.ErrNotExist) tells that there is none.
func Read(path string) (*File, error) {
	b, e := readBounded(path, MaxFileSize)
	if e != nil {
		if errors.Is(e, fs.ErrNotExist) {
			e.Wrong, e.Remedy = "no network file", "start a network of your own (go run ./cmd/simnet) or name the file of one that runs"
		}
		return nil, e
	}
	f, err := decode(b)
	if err != nil {
		err.Path = path
		return nil, err
	}
	return f, nil
}

// Decode reads the text of a network file.
func Decode(text []byte) (*File, error) {
	f, err := decode(text)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func readBounded(path string, limit int64) ([]byte, *Error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Path: path, Wrong: "cannot be opened", Cause: bare(err)}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, &Error{Path: path, Wrong: "cannot be read", Cause: bare(err)}
	}
	if int64(len(b)) > limit {
		return nil, &Error{Path: path, Wrong: "is too large to be what it should be"}
	}
	return b, nil
}

// bare is the cause of an error of package os without the path, which is told already.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
