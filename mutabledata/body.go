package mutabledata

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// MaxBody is the greatest length of an encoded mutation, in bytes: twice the greatest object, so that one that is a
// little too large is told so (DataTooLarge).
const MaxBody = 2 * vaultnet.MaxSize

// Codes of mutations. On the wire and append-only.
const (
	codePut                = 1
	codeMutateEntries      = 2
	codeSetUserPermissions = 3
	codeDelUserPermissions = 4
	codeChangeOwner        = 5
)

// The bodies: arrays of the code and the fields.
type (
	putBody struct {
		_           struct{} `cbor:",toarray"`
		Code        uint8
		Owner       vaultnet.PublicKey
		Version     Version
		Permissions []Permission
		Entries     []Entry
	}
	entriesBody struct {
		_          struct{} `cbor:",toarray"`
		Code       uint8
		Actions    []EntryAction
		MaxEntries int
	}
	setBody struct {
		_       struct{} `cbor:",toarray"`
		Code    uint8
		User    User
		Set     PermissionSet
		Version Version
	}
	delBody struct {
		_       struct{} `cbor:",toarray"`
		Code    uint8
		User    User
		Version Version
	}
	ownerBody struct {
		_       struct{} `cbor:",toarray"`
		Code    uint8
		Owner   vaultnet.PublicKey
		Version Version
	}
)

func (m *Put) encode() any {
	return &putBody{Code: codePut, Owner: m.Owner, Version: m.Version, Permissions: m.Permissions, Entries: m.Entries}
}

func (m *MutateEntries) encode() any {
	return &entriesBody{Code: codeMutateEntries, Actions: m.Actions, MaxEntries: m.MaxEntries}
}

func (m *SetUserPermissions) encode() any {
	return &setBody{Code: codeSetUserPermissions, User: m.User, Set: m.Set, Version: m.Version}
}

func (m *DelUserPermissions) encode() any {
	return &delBody{Code: codeDelUserPermissions, User: m.User, Version: m.Version}
}

func (m *ChangeOwner) encode() any {
	return &ownerBody{Code: codeChangeOwner, Owner: m.Owner, Version: m.Version}
}

// Encode returns the canonical body of a [vaultnet.Request]: an array of the mutation's code and its fields. It does not
// check m; see [Validate].
func Encode(m Mutation) []byte {
	if e, ok := m.(*MutateEntries); ok {
		return e.body()
	}
	return canonical.Marshal(m.encode())
}

// body is what [canonical.Marshal] makes of encode, in memory of its size: contents may be long.
func (m *MutateEntries) body() []byte {
	n := 1 + canonical.HeadSize(codeMutateEntries) + canonical.HeadSize(uint64(len(m.Actions))) + canonical.HeadSize(uint64(max(m.MaxEntries, ^m.MaxEntries)))
	for i := range m.Actions {
		a := &m.Actions[i]
		n += 1 + headed(len(a.Key)) + canonical.HeadSize(uint64(a.Do)) + headed(len(a.Content)) + canonical.HeadSize(uint64(a.Version))
	}
	b := canonical.AppendArray(make([]byte, 0, n), 3)
	b = canonical.AppendUint(b, codeMutateEntries)
	b = canonical.AppendArray(b, len(m.Actions))
	for i := range m.Actions {
		a := &m.Actions[i]
		b = canonical.AppendArray(b, 4)
		b = canonical.AppendBytes(b, string(a.Key))
		b = canonical.AppendUint(b, uint64(a.Do))
		b = canonical.AppendBytes(b, a.Content)
		b = canonical.AppendUint(b, uint64(a.Version))
	}
	return canonical.AppendInt(b, int64(m.MaxEntries))
}

// Decode reads a body. It refuses, as InvalidRequest, what [Encode] would not have written for a mutation that
// [Validate] accepts. Nothing decoded refers to body.
func Decode(body []byte) (Mutation, error) {
	code, err := peek(body)
	if err != nil {
		return nil, err
	}
	var m Mutation
	switch code {
	case codePut:
		b := new(putBody)
		err = canonical.Unmarshal(body, b, MaxBody)
		m = &Put{Owner: b.Owner, Version: b.Version, Permissions: b.Permissions, Entries: b.Entries}
	case codeMutateEntries:
		b := new(entriesBody)
		err = canonical.Unmarshal(body, b, MaxBody)
		m = &MutateEntries{Actions: b.Actions, MaxEntries: b.MaxEntries}
	case codeSetUserPermissions:
		b := new(setBody)
		err = canonical.Unmarshal(body, b, MaxBody)
		m = &SetUserPermissions{User: b.User, Set: b.Set, Version: b.Version}
	case codeDelUserPermissions:
		b := new(delBody)
		err = canonical.Unmarshal(body, b, MaxBody)
		m = &DelUserPermissions{User: b.User, Version: b.Version}
	case codeChangeOwner:
		b := new(ownerBody)
		err = canonical.Unmarshal(body, b, MaxBody)
		m = &ChangeOwner{Owner: b.Owner, Version: b.Version}
	default:
		return nil, refusal.Invalid("mutation: code %d", code)
	}
	if err != nil {
		return nil, err
	}
	if err := m.valid(); err != nil {
		return nil, err
	}
	if m, ok := m.(*MutateEntries); ok {
		m.digest()
	}
	return m, nil
}

// peek reads the code at the front of a body or query: the first element, a small integer, of an array of a few.
func peek(b []byte) (byte, error) {
	if len(b) < 2 || b[0]&0xe0 != 0x80 || b[0]&0x1f > 23 || b[1] > 23 {
		return 0, refusal.Invalid("neither mutation nor query")
	}
	return b[1], nil
}
