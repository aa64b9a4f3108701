package mutabledata

import (
	"slices"

	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Read answers a query: canonical bytes, at most [MaxAnswer], which the query's Decode reads. A nil object is
// NoSuchData, an absent key NoSuchEntry, a user without a set NoSuchKey, a query out of bounds InvalidRequest.
func (o *Object) Read(q Query) ([]byte, error) { return o.AppendRead(nil, q) }

// AppendRead appends what [Object.Read] answers to b; nil where that is an error.
func (o *Object) AppendRead(b []byte, q Query) ([]byte, error) {
	if q == nil {
		return nil, refusal.Invalid("no query")
	}
	if err := q.valid(); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, refusal.New(refusal.NoSuchData)
	}
	return q.read(b, o)
}

func (GetObject) read(b []byte, o *Object) ([]byte, error) {
	b = canonical.AppendArray(slices.Grow(b, int(o.Size())+16), 2)
	b = appendObject(b, o)
	return canonical.AppendUint(b, uint64(o.floor)), nil
}

func (GetShell) read(b []byte, o *Object) ([]byte, error) {
	b = canonical.AppendArray(b, 6)
	b = canonical.AppendBytes(b, o.owner[:])
	b = canonical.AppendUint(b, uint64(o.version))
	b = appendPermissions(b, o)
	b = canonical.AppendUint(b, uint64(o.floor))
	b = canonical.AppendUint(b, uint64(o.Len()))
	return canonical.AppendUint(b, uint64(o.Size())), nil
}

func (GetVersion) read(b []byte, o *Object) ([]byte, error) {
	return canonical.AppendUint(b, uint64(o.version)), nil
}

func (GetEntries) read(b []byte, o *Object) ([]byte, error) {
	return appendEntries(slices.Grow(b, int(o.Size())), o), nil
}

func (GetKeys) read(b []byte, o *Object) ([]byte, error) {
	b = canonical.AppendArray(b, o.Len())
	for k := range o.entries.All() {
		b = canonical.AppendBytes(b, k)
	}
	return b, nil
}

func (GetValues) read(b []byte, o *Object) ([]byte, error) {
	b = canonical.AppendArray(slices.Grow(b, int(o.Size())), o.Len())
	for _, v := range o.entries.All() {
		b = appendValue(b, v)
	}
	return b, nil
}

func (q GetValue) read(b []byte, o *Object) ([]byte, error) {
	v, ok := o.entries.Get(string(q.Key))
	if !ok {
		return nil, refusal.New(refusal.NoSuchEntry)
	}
	return appendValue(slices.Grow(b, int(entrySize("", v))), v), nil
}

func (q GetValuesOf) read(b []byte, o *Object) ([]byte, error) {
	b = canonical.AppendArray(b, len(q.Keys))
	for _, k := range q.Keys {
		v, ok := o.entries.Get(string(k))
		if !ok {
			b = canonical.AppendArray(b, 0)
			continue
		}
		b = appendValue(canonical.AppendArray(b, 1), v)
	}
	return b, nil
}

func (GetPermissions) read(b []byte, o *Object) ([]byte, error) { return appendPermissions(b, o), nil }

func (q GetUserPermissions) read(b []byte, o *Object) ([]byte, error) {
	s, ok := o.permissions.Get(string(q.User))
	if !ok {
		return nil, refusal.New(refusal.NoSuchKey)
	}
	return canonical.AppendUint(b, uint64(s)), nil
}
