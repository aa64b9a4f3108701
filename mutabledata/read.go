package mutabledata

import (
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Read answers a query: canonical bytes, at most [MaxAnswer], which the query's Decode reads. A nil object is
// NoSuchData, an absent key NoSuchEntry, a user without a set NoSuchKey, a query out of bounds InvalidRequest.
func (o *Object) Read(q Query) ([]byte, error) {
	if q == nil {
		return nil, refusal.Invalid("no query")
	}
	if err := q.valid(); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, refusal.New(refusal.NoSuchData)
	}
	return q.read(o)
}

func (GetObject) read(o *Object) ([]byte, error) {
	b := canonical.AppendArray(make([]byte, 0, o.Size()+16), 2)
	b = appendObject(b, o)
	return canonical.AppendUint(b, uint64(o.floor)), nil
}

func (GetShell) read(o *Object) ([]byte, error) {
	b := canonical.AppendArray(nil, 6)
	b = canonical.AppendBytes(b, o.owner[:])
	b = canonical.AppendUint(b, uint64(o.version))
	b = appendPermissions(b, o)
	b = canonical.AppendUint(b, uint64(o.floor))
	b = canonical.AppendUint(b, uint64(o.Len()))
	return canonical.AppendUint(b, uint64(o.Size())), nil
}

func (GetVersion) read(o *Object) ([]byte, error) {
	return canonical.AppendUint(nil, uint64(o.version)), nil
}

func (GetEntries) read(o *Object) ([]byte, error) {
	return appendEntries(make([]byte, 0, o.Size()), o), nil
}

func (GetKeys) read(o *Object) ([]byte, error) {
	b := canonical.AppendArray(nil, o.Len())
	for k := range o.entries.All() {
		b = canonical.AppendBytes(b, k)
	}
	return b, nil
}

func (GetValues) read(o *Object) ([]byte, error) {
	b := canonical.AppendArray(make([]byte, 0, o.Size()), o.Len())
	for _, v := range o.entries.All() {
		b = appendValue(b, v)
	}
	return b, nil
}

func (q GetValue) read(o *Object) ([]byte, error) {
	v, ok := o.entries.Get(string(q.Key))
	if !ok {
		return nil, refusal.New(refusal.NoSuchEntry)
	}
	return appendValue(make([]byte, 0, entrySize("", v)), v), nil
}

func (q GetValuesOf) read(o *Object) ([]byte, error) {
	b := canonical.AppendArray(nil, len(q.Keys))
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

func (GetPermissions) read(o *Object) ([]byte, error) { return appendPermissions(nil, o), nil }

func (q GetUserPermissions) read(o *Object) ([]byte, error) {
	s, ok := o.permissions.Get(string(q.User))
	if !ok {
		return nil, refusal.New(refusal.NoSuchKey)
	}
	return canonical.AppendUint(nil, uint64(s)), nil
}
