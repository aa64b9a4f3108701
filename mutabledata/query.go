package mutabledata

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Query is a read of one object: one of the Get types below. Each decodes its own answer, e.g. [GetValue.Decode]. Reads
// are public: no permission is asked for.
type Query interface {
	read(b []byte, o *Object) ([]byte, error) // appends to b; o is not nil
	encode() any
	valid() error
}

// The reads of semantics §1.
type (
	// GetObject reads everything. Answer: [*Object].
	GetObject struct{}
	// GetShell reads everything but the entries. Answer: [Shell].
	GetShell struct{}
	// GetVersion reads the shell's version. Answer: [Version].
	GetVersion struct{}
	// GetEntries reads all keys and values. Answer: [Entry] by key.
	GetEntries struct{}
	// GetKeys reads all keys. Answer: [Key] in order.
	GetKeys struct{}
	// GetValues reads all values. Answer: [Value] in order of their keys.
	GetValues struct{}
	// GetValue reads one value; NoSuchEntry where the key is absent. Answer: [Value].
	GetValue struct{ Key Key }
	// GetValuesOf reads the values under some keys as they were at one moment. A key that is absent is no error: its
	// place in the answer is empty. So one read tells "neither is there" from "one came while the other went". Answer:
	// *[Value] for each key, nil where absent.
	GetValuesOf struct{ Keys []Key } // in order, none twice, at most [vaultnet.MaxReadKeys]
	// GetPermissions reads the sets of all users. Answer: [Permission] by user.
	GetPermissions struct{}
	// GetUserPermissions reads the set of one user; NoSuchKey where it has none. Answer: [PermissionSet].
	GetUserPermissions struct{ User User }
)

// Codes of queries. On the wire and append-only.
const (
	codeObject          = 1
	codeShell           = 2
	codeVersion         = 3
	codeEntries         = 4
	codeKeys            = 5
	codeValues          = 6
	codeValue           = 7
	codeValuesOf        = 8
	codePermissions     = 9
	codeUserPermissions = 10
)

// MaxQuery is the greatest length of an encoded query, in bytes.
const MaxQuery = 512 << 10

// The encodings: arrays of the code and the fields.
type (
	plainQuery struct {
		_    struct{} `cbor:",toarray"`
		Code uint8
	}
	keyQuery struct {
		_    struct{} `cbor:",toarray"`
		Code uint8
		Key  Key
	}
	keysQuery struct {
		_    struct{} `cbor:",toarray"`
		Code uint8
		Keys []Key
	}
	userQuery struct {
		_    struct{} `cbor:",toarray"`
		Code uint8
		User User
	}
)

func (GetObject) encode() any            { return &plainQuery{Code: codeObject} }
func (GetShell) encode() any             { return &plainQuery{Code: codeShell} }
func (GetVersion) encode() any           { return &plainQuery{Code: codeVersion} }
func (GetEntries) encode() any           { return &plainQuery{Code: codeEntries} }
func (GetKeys) encode() any              { return &plainQuery{Code: codeKeys} }
func (GetValues) encode() any            { return &plainQuery{Code: codeValues} }
func (q GetValue) encode() any           { return &keyQuery{Code: codeValue, Key: q.Key} }
func (q GetValuesOf) encode() any        { return &keysQuery{Code: codeValuesOf, Keys: q.Keys} }
func (GetPermissions) encode() any       { return &plainQuery{Code: codePermissions} }
func (q GetUserPermissions) encode() any { return &userQuery{Code: codeUserPermissions, User: q.User} }

// EncodeQuery returns the canonical encoding of a query: an array of its code and its fields.
func EncodeQuery(q Query) []byte { return canonical.Marshal(q.encode()) }

// DecodeQuery reads what [EncodeQuery] wrote for a query within the bounds; anything else is InvalidRequest.
func DecodeQuery(b []byte) (Query, error) {
	code, err := peek(b)
	if err != nil {
		return nil, err
	}
	var q Query
	switch code {
	case codeValue:
		var w keyQuery
		err = canonical.Unmarshal(b, &w, MaxQuery)
		q = GetValue{Key: w.Key}
	case codeValuesOf:
		var w keysQuery
		err = canonical.Unmarshal(b, &w, MaxQuery)
		q = GetValuesOf{Keys: w.Keys}
	case codeUserPermissions:
		var w userQuery
		err = canonical.Unmarshal(b, &w, MaxQuery)
		q = GetUserPermissions{User: w.User}
	default:
		if int(code) >= len(plainQueries) || plainQueries[code] == nil {
			return nil, refusal.Invalid("query: code %d", code)
		}
		var w plainQuery
		err = canonical.Unmarshal(b, &w, MaxQuery)
		q = plainQueries[code]
	}
	if err != nil {
		return nil, err
	}
	if err := q.valid(); err != nil {
		return nil, err
	}
	return q, nil
}

var plainQueries = [...]Query{codeObject: GetObject{}, codeShell: GetShell{}, codeVersion: GetVersion{},
	codeEntries: GetEntries{}, codeKeys: GetKeys{}, codeValues: GetValues{}, codePermissions: GetPermissions{}}

func (GetObject) valid() error            { return nil }
func (GetShell) valid() error             { return nil }
func (GetVersion) valid() error           { return nil }
func (GetEntries) valid() error           { return nil }
func (GetKeys) valid() error              { return nil }
func (GetValues) valid() error            { return nil }
func (GetPermissions) valid() error       { return nil }
func (q GetUserPermissions) valid() error { return validUser(q.User) }

func (q GetValue) valid() error {
	if len(q.Key) > vaultnet.MaxKeySize {
		return errKeySize(q.Key)
	}
	return nil
}

func (q GetValuesOf) valid() error {
	if len(q.Keys) > vaultnet.MaxReadKeys {
		return refusal.Invalid("read: %d keys, at most %d", len(q.Keys), vaultnet.MaxReadKeys)
	}
	return validKeys(q.Keys)
}

func validKeys(ks []Key) error {
	for i, k := range ks {
		if len(k) > vaultnet.MaxKeySize {
			return errKeySize(k)
		}
		if i > 0 && ks[i-1] >= k {
			return refusal.Invalid("keys twice or out of order")
		}
	}
	return nil
}
