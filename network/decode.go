package network

import (
	"encoding/hex"
	"fmt"
	"time"

	"vaultnet"
)

func decode(text []byte) (*File, *Error) {
	d := decoder{}
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	top := d.object(root, "")
	if n := d.integer(top, "format"); d.err == nil && n != format {
		return nil, &Error{Field: "format", Wrong: fmt.Sprintf("%d, this program reads %d", n, format),
			Remedy: "use the program that wrote it, or have the file made anew"}
	}
	f := &File{}
	p := &f.Parameters
	p.Name = d.text(top, "name")
	id := d.key(top, "id", true)
	parameters := d.object(d.member(top, "parameters"), "parameters")
	p.GroupSize = int(min(max(d.integer(parameters, "group-size"), -1), 1000))
	p.AccountOperations = d.integer(parameters, "account-operations")
	p.Skew = d.duration(parameters, "skew")
	p.PermitLifetime = d.duration(parameters, "permit-lifetime")
	p.UnverifiedGrant = d.duration(parameters, "unverified-grant")
	p.LeaveAfter = d.duration(parameters, "leave-after")
	p.JoinAfter = d.duration(parameters, "join-after")
	p.Local = d.boolean(parameters, "local")
	d.nothingElse(parameters)
	f.Bootstrap = d.texts(top, "bootstrap")
	if s := top.optional("sample"); s != nil {
		sample := d.object(s, "sample")
		f.Sample = &Sample{}
		if c := sample.optional("control"); c != nil {
			f.Sample.Control = d.string(c, "sample.control")
		}
		f.Sample.Accounts = d.people(sample, "accounts")
		f.Sample.Apps = d.people(sample, "apps")
		d.nothingElse(sample)
	}
	d.nothingElse(top)
	if d.err != nil {
		return nil, d.err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	if given := f.ID(); id != [32]byte(given) {
		return nil, &Error{Field: "id", Wrong: fmt.Sprintf("the parameters give %x…, the file says %x…: it was changed by hand", given[:8], id[:8]),
			Remedy: "parameters are fixed when a network is made: take the file as the network wrote it"}
	}
	return f, nil
}

// decoder takes a parsed file apart; it keeps the first error, and gives zeros after it.
type decoder struct{ err *Error }

func (d *decoder) wrong(field, format string, args ...any) {
	if d.err == nil {
		d.err = &Error{Field: field, Wrong: fmt.Sprintf(format, args...)}
	}
}

// object is v, which has to be an object; it is not nil.
func (d *decoder) object(v any, field string) *object {
	o, ok := v.(*object)
	if !ok {
		d.wrong(field, "want an object")
		o = &object{}
	}
	o.path = field
	return o
}

// member is a member that has to be there.
func (d *decoder) member(o *object, name string) any {
	v := o.optional(name)
	if v == nil {
		d.wrong(o.field(name), "is missing")
	}
	return v
}

func (d *decoder) string(v any, field string) string {
	s, ok := v.(string)
	if !ok && d.err == nil {
		d.wrong(field, "want a string")
	}
	return s
}

func (d *decoder) text(o *object, name string) string {
	return d.string(d.member(o, name), o.field(name))
}

func (d *decoder) integer(o *object, name string) int64 {
	n, ok := d.member(o, name).(int64)
	if !ok {
		d.wrong(o.field(name), "want a whole number of at most 2^63−1")
	}
	return n
}

func (d *decoder) boolean(o *object, name string) bool {
	b, ok := d.member(o, name).(bool)
	if !ok {
		d.wrong(o.field(name), "want true or false")
	}
	return b
}

func (d *decoder) duration(o *object, name string) time.Duration {
	s := d.text(o, name)
	t, err := time.ParseDuration(s)
	if err != nil {
		d.wrong(o.field(name), "%.40q is not a duration as Go writes them: 2s, 10m, 24h", s)
	}
	return t
}

// key is 32 bytes in lower-case hex, all zero where it is optional and absent.
func (d *decoder) key(o *object, name string, required bool) (k [32]byte) {
	v := o.optional(name)
	if v == nil && !required {
		return k
	}
	s, _ := v.(string)
	n := copy(k[:], decodeHex(s))
	if n != len(k) {
		d.wrong(o.field(name), "want 64 lower-case hexadecimal digits")
	}
	return k
}

// decodeHex is nil for what is not lower-case hex of 32 bytes.
func decodeHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 || hex.EncodeToString(b) != s {
		return nil
	}
	return b
}

func (d *decoder) texts(o *object, name string) []string {
	list, ok := d.member(o, name).([]any)
	if !ok {
		d.wrong(o.field(name), "want a list")
	}
	var texts []string
	for i, v := range list {
		texts = append(texts, d.string(v, fmt.Sprintf("%s[%d]", o.field(name), i)))
	}
	return texts
}

func (d *decoder) people(o *object, name string) []Person {
	v := o.optional(name)
	list, ok := v.([]any)
	if v != nil && !ok {
		d.wrong(o.field(name), "want a list")
	}
	var people []Person
	for i, v := range list {
		o := d.object(v, fmt.Sprintf("%s[%d]", o.field(name), i))
		p := Person{Label: d.text(o, "label"), Key: vaultnet.PublicKey(d.key(o, "key", true)), Owner: vaultnet.PublicKey(d.key(o, "owner", false))}
		if f := o.optional("key-file"); f != nil {
			p.KeyFile = d.string(f, o.field("key-file"))
		}
		if !d.boolean(o, "testing-only") {
			d.wrong(o.field("testing-only"), "want true: everybody knows these keys")
		}
		d.nothingElse(o)
		people = append(people, p)
	}
	return people
}

// nothingElse refuses members that nobody asked for.
func (d *decoder) nothingElse(o *object) {
	for _, name := range o.names {
		if !o.asked[name] {
			d.wrong(o.field(name), "is not a field of a network file")
			if d.err.Remedy == "" {
				d.err.Remedy = "remove it"
			}
		}
	}
}
