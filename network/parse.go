package network

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep a network file nests.
const maxDepth = 6

// object is a JSON object whose members are taken one by one, so that what is left over is known.
type object struct {
	path    string
	names   []string
	members map[string]any
	asked   map[string]bool
}

func (o *object) field(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// optional is a member, nil where it is absent or null; null is no value of anything here.
func (o *object) optional(name string) any {
	if o.asked == nil {
		o.asked = map[string]bool{}
	}
	o.asked[name] = true
	return o.members[name]
}

// parse reads JSON into *object, []any, string, int64 and bool. Repeated members, null, numbers that are no int64, text
// that is not UTF-8 and anything after the end are errors.
func parse(text []byte) (any, *Error) {
	notJSON := func(err error) *Error {
		return &Error{Wrong: "is not a network file", Cause: err, Remedy: "take the file that the network wrote"}
	}
	if len(text) > MaxFileSize {
		return nil, notJSON(errors.New("too large"))
	}
	if !utf8.Valid(text) {
		return nil, notJSON(errors.New("not UTF-8"))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := value(d, "", 0)
	if err == nil {
		if _, e := d.Token(); e != io.EOF {
			err = errors.New("something follows the end")
		}
	}
	var own *Error
	if errors.As(err, &own) {
		return nil, own
	}
	if err != nil {
		return nil, notJSON(err)
	}
	return v, nil
}

func value(d *json.Decoder, path string, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, errors.New("nested too deep")
		}
		if t == '[' {
			return elements(d, path, depth)
		}
		return members(d, path, depth)
	case json.Number:
		n, err := strconv.ParseInt(t.String(), 10, 64)
		if err != nil {
			return nil, &Error{Field: path, Wrong: "want a whole number of at most 2^63−1"}
		}
		return n, nil
	case nil:
		return nil, &Error{Field: path, Wrong: "is null", Remedy: "remove it or give it a value"}
	}
	return t, nil // a string or bool
}

func elements(d *json.Decoder, path string, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := value(d, fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func members(d *json.Decoder, path string, depth int) (any, error) {
	o := &object{path: path, members: map[string]any{}}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a member without a name")
		}
		if _, twice := o.members[name]; twice {
			return nil, &Error{Field: o.field(name), Wrong: "is there twice", Remedy: "remove one"}
		}
		v, err := value(d, o.field(name), depth+1)
		if err != nil {
			return nil, err
		}
		o.members[name] = v
		o.names = append(o.names, name)
	}
	_, err := d.Token()
	return o, err
}
