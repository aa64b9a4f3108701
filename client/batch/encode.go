package batch

import (
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// JSON is the answer as one line of JSON without its end.
func (a *Answer) JSON() []byte { return appendAnswer(nil, a) }

func appendAnswer(b []byte, a *Answer) []byte {
	if a.Refusal != nil {
		return appendRefusal(b, a.Refusal)
	}
	o := beginObject(b)
	o.add("ok").raw("true")
	for _, f := range a.Fields {
		o.add(f.Name).b = appendValue(o.b, f.Value)
	}
	return o.end()
}

// appendRefusal writes a refusal with the details that belong to its kind.
func appendRefusal(b []byte, e *refusal.Error) []byte {
	o := beginObject(b)
	o.add("ok").raw("false")
	o.add("kind").text(e.Kind.String())
	o.add("message").text(message(e))
	d := &e.Detail
	switch e.Kind {
	case refusal.InvalidEntryActions:
		inner := beginObject(o.add("errors").b)
		for _, p := range d.Entries {
			inner.add(formatKey(mutabledata.Key(p.Key))).b = appendProblem(inner.b, p)
		}
		o.b = inner.end()
	case refusal.InvalidSuccessor:
		o.add("current").number(d.Current)
	case refusal.InvalidVersion:
		o.add("max").number(d.Max)
	case refusal.TooManyEntries:
		o.add("limit").b = strconv.AppendInt(o.b, d.Limit, 10)
	case refusal.DataTooLarge:
		o.add("size").b = strconv.AppendInt(o.b, d.Size, 10)
		o.add("limit").b = strconv.AppendInt(o.b, d.Limit, 10)
	case refusal.GrantInvalid, refusal.PermitInvalid:
		o.add("reason").text(d.Reason.String())
	case refusal.MutationInProgress:
		var keys KeyList
		for _, k := range d.Keys {
			keys = append(keys, mutabledata.Key(k))
		}
		o.add("keys").b = appendValue(o.b, keys)
		o.add("shell").b = strconv.AppendBool(o.b, d.Shell)
	case refusal.Unavailable:
		if d.OutcomeUnknown {
			o.add("outcome").text("unknown")
		}
	}
	if e.Kind.Retryable() {
		o.add("retryable").raw("true")
	}
	return o.end()
}

// message is one line for people. What was wrong with a request is said without the kind before it.
func message(e *refusal.Error) string {
	if e.Kind == refusal.InvalidRequest && e.Detail.What != "" && e.Cause == nil {
		return e.Detail.What
	}
	return e.Error()
}

func appendProblem(b []byte, p refusal.Problem) []byte {
	o := beginObject(b)
	o.add("kind").text(p.Kind.String())
	switch p.Kind {
	case refusal.EntryExists:
		o.add("version").number(p.Version)
	case refusal.InvalidSuccessor:
		o.add("current").number(p.Version)
	case refusal.InvalidVersion:
		o.add("max").number(p.Version)
	}
	return o.end()
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case vaultnet.Time:
		return appendText(b, formatTime(v))
	case Content:
		return appendContent(b, v)
	case Value:
		return appendVersioned(b, mutabledata.Value(v))
	case Values:
		return appendList(b, v, appendVersioned)
	case Entries:
		o := beginObject(b)
		for _, e := range v {
			o.add(formatKey(e.Key)).b = appendVersioned(o.b, e.Value)
		}
		return o.end()
	case KeyList:
		return appendList(b, v, func(b []byte, k mutabledata.Key) []byte { return appendText(b, formatKey(k)) })
	case Versions:
		o := beginObject(b)
		for _, e := range v {
			o.add(formatKey(e.Key)).number(uint64(e.Version))
		}
		return o.end()
	case PermissionSet:
		return appendPermissionSet(b, v)
	case Permissions:
		o := beginObject(b)
		for _, p := range v {
			o.add(p.User).b = appendPermissionSet(o.b, p.Set)
		}
		return o.end()
	case Grants:
		o := beginObject(b)
		for i := range v {
			o.add(v[i].Name).b = appendGrant(o.b, &v[i])
		}
		return o.end()
	case Answers:
		return appendList(b, v, func(b []byte, a Answer) []byte { return appendAnswer(b, &a) })
	}
	panic("batch: a value that no answer holds") // Field names them all; no input makes another
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendContent(b []byte, c Content) []byte {
	if utf8.Valid(c) {
		return appendText(b, string(c))
	}
	o := beginObject(b)
	o.add("hex").text(hex.EncodeToString(c))
	return o.end()
}

func appendVersioned(b []byte, v mutabledata.Value) []byte {
	o := beginObject(b)
	o.add("content").b = appendContent(o.b, v.Content)
	o.add("version").number(uint64(v.Version))
	return o.end()
}

func appendPermissionSet(b []byte, s PermissionSet) []byte {
	o := beginObject(b)
	for _, a := range actions {
		if r := mutabledata.PermissionSet(s).Get(a); r != mutabledata.Unset {
			o.add(a.String()).b = strconv.AppendBool(o.b, r == mutabledata.Allow)
		}
	}
	return o.end()
}

// appendGrant writes what is set of a grant.
func appendGrant(b []byte, g *Grant) []byte {
	o := beginObject(b)
	o.add("key").text(g.Key.String())
	if g.Terms.Label != "" {
		o.add("label").text(g.Terms.Label)
	}
	for _, m := range []struct {
		name string
		at   vaultnet.Time
	}{{"created", g.Created}, {"last-used", g.LastUsed}, {"last-verified", g.LastVerified}, {"expires", g.Terms.Expires}} {
		if m.at != 0 {
			o.add(m.name).text(formatTime(m.at))
		}
	}
	if g.Terms.Uses != 0 {
		o.add("uses").number(g.UsesLeft)
	}
	if g.Terms.Idle != 0 {
		o.add("idle").text(g.Terms.Idle.String())
	}
	if g.Terms.Temporary {
		o.add("temporary").raw("true")
	}
	for _, m := range []struct {
		name   string
		length time.Duration
	}{{"permit", g.Terms.PermitLifetime}, {"unverified", g.Terms.Unverified}} {
		if m.length != 0 {
			o.add(m.name).text(m.length.String())
		}
	}
	return o.end()
}

// jsonObject is a JSON object being written, its members in the order in which they are added.
type jsonObject struct {
	b     []byte
	first bool
}

func beginObject(b []byte) *jsonObject { return &jsonObject{b: append(b, '{'), first: true} }

// add begins a member; its value follows.
func (o *jsonObject) add(name string) *jsonObject {
	if !o.first {
		o.b = append(o.b, ',')
	}
	o.first = false
	o.b = append(appendText(o.b, name), ':')
	return o
}

func (o *jsonObject) raw(s string)    { o.b = append(o.b, s...) }
func (o *jsonObject) text(s string)   { o.b = appendText(o.b, s) }
func (o *jsonObject) number(n uint64) { o.b = strconv.AppendUint(o.b, n, 10) }
func (o *jsonObject) end() []byte     { return append(o.b, '}') }

// appendText writes a JSON string: what must be escaped, and the line ends that old JavaScript takes for ones.
func appendText(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r < 0x20 || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		case r == 0x2028 || r == 0x2029:
			b = append(b, '\\', 'u', '2', '0', '2', digits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
