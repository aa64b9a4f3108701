package batch_test

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client"
	"vaultnet/immutabledata"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// fake is a network of one, which everybody trusts: the same rules without agreement, permits or signatures. What it
// answers is what a network answers to one line after the other.
type fake struct {
	mu       sync.Mutex
	now      vaultnet.Time
	objects  map[vaultnet.Address]*mutabledata.Object
	heights  map[vaultnet.Address]vaultnet.Height
	accounts map[vaultnet.PublicKey]*account.Account
	chunks   map[vaultnet.Name][]byte
	seen     []client.Actor // who asked for changes of data
}

func newFake() *fake {
	return &fake{
		now: 1_900_000_000_000, objects: map[vaultnet.Address]*mutabledata.Object{}, heights: map[vaultnet.Address]vaultnet.Height{},
		accounts: map[vaultnet.PublicKey]*account.Account{}, chunks: map[vaultnet.Name][]byte{},
	}
}

func (f *fake) operate(by client.Actor, o account.Operation) (client.Receipt, account.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now++
	at := vaultnet.AccountAddress(by.Owner())
	a, r, err := f.accounts[by.Owner()].Apply(o, account.Context{Requester: by.Key.Public(), Owner: by.Owner(), At: f.now, Parameters: vaultnet.LocalParameters()})
	if err != nil {
		return client.Receipt{}, nil, err
	}
	f.accounts[by.Owner()] = a
	f.heights[at]++
	return client.Receipt{Address: at, Height: f.heights[at]}, r, nil
}

func (f *fake) CreateAccount(_ context.Context, by client.Actor) (client.Receipt, error) {
	r, _, err := f.operate(by, &account.CreateAccount{})
	return r, err
}

func (f *fake) Verify(_ context.Context, by client.Actor) (client.Receipt, error) {
	r, _, err := f.operate(by, &account.Verify{})
	return r, err
}

func (f *fake) InsertGrant(_ context.Context, by client.Actor, app vaultnet.PublicKey, terms account.Terms, version uint64) (client.Granted, error) {
	o := &account.InsertGrant{Key: app, Terms: terms, Version: version}
	if err := o.Validate(); err != nil {
		return client.Granted{}, err
	}
	r, result, err := f.operate(by, o)
	if err != nil {
		return client.Granted{}, err
	}
	return client.Granted{Receipt: r, Version: result.(*account.Granted).Version}, nil
}

func (f *fake) revoke(by client.Actor, o account.Operation) (client.Revoked, error) {
	r, result, err := f.operate(by, o)
	if err != nil {
		return client.Revoked{}, err
	}
	done := result.(*account.Revoked)
	return client.Revoked{Receipt: r, Version: done.Version, Until: done.Until}, nil
}

func (f *fake) DeleteGrant(_ context.Context, by client.Actor, app vaultnet.PublicKey, version uint64) (client.Revoked, error) {
	return f.revoke(by, &account.DeleteGrant{Key: app, Version: version})
}

func (f *fake) RevokeAll(_ context.Context, by client.Actor, temporary bool, except ...vaultnet.PublicKey) (client.Revoked, error) {
	slices.SortFunc(except, func(a, b vaultnet.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	except = slices.Compact(except)
	return f.revoke(by, &account.RevokeAll{Temporary: temporary, Except: except})
}

func (f *fake) TopUp(_ context.Context, by client.Actor, operations int64) (client.ToppedUp, error) {
	r, result, err := f.operate(by, &account.TopUp{Operations: operations})
	if err != nil {
		return client.ToppedUp{}, err
	}
	return client.ToppedUp{Receipt: r, Available: result.(*account.ToppedUp).Available}, nil
}

func (f *fake) Account(_ context.Context, by client.Actor) (*client.Account, vaultnet.Height, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.accounts[by.Owner()].Read(account.Query{Grants: true})
	if err != nil {
		return nil, 0, err
	}
	v, err := account.DecodeView(b)
	if err != nil {
		return nil, 0, err
	}
	return &client.Account{View: *v, Time: f.now}, f.heights[vaultnet.AccountAddress(by.Owner())], nil
}

// pays says whether an account pays for an actor.
func (f *fake) pays(by client.Actor) error {
	if by.Deadline > vaultnet.MaxDeadline {
		return refusal.Invalid("deadline: %v ahead, at most %v", by.Deadline, vaultnet.MaxDeadline)
	}
	_, _, err := f.accounts[by.Owner()].Apply(
		&account.IssuePermit{Allowances: []permit.Allowance{{Address: vaultnet.ChunkAddress(nil), Count: 1}}},
		account.Context{Requester: by.Key.Public(), Owner: by.Owner(), At: f.now, Parameters: vaultnet.LocalParameters()})
	if by.NoPermit && err == nil {
		return refusal.Permit(refusal.Missing)
	}
	return err
}

func (f *fake) Apply(_ context.Context, by client.Actor, at vaultnet.Address, m mutabledata.Mutation) (client.Mutated, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, by)
	if err := mutabledata.Validate(m); err != nil {
		return client.Mutated{}, err
	}
	if err := f.pays(by); err != nil {
		return client.Mutated{}, err
	}
	x, r, err := f.objects[at].Apply(m, mutabledata.Context{Requester: by.Key.Public(), Payer: by.Owner()})
	if err != nil {
		return client.Mutated{}, err
	}
	f.objects[at] = x
	f.heights[at]++
	done := client.Mutated{Receipt: client.Receipt{Address: at, Height: f.heights[at]}, Versions: map[mutabledata.Key]mutabledata.Version{}}
	if m, ok := m.(*mutabledata.MutateEntries); ok {
		for _, a := range m.Actions {
			if a.Do == mutabledata.InsertEntry || a.Do == mutabledata.UpdateEntry {
				done.Versions[a.Key] = r.Versions[len(done.Versions)]
			}
		}
	}
	return done, nil
}

func (f *fake) Read(_ context.Context, _ client.Actor, at vaultnet.Address, q mutabledata.Query) (any, vaultnet.Height, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.objects[at].Read(q)
	if err != nil {
		return nil, 0, err
	}
	var v any
	switch q := q.(type) {
	case mutabledata.GetObject:
		v, err = q.Decode(b)
	case mutabledata.GetShell:
		v, err = q.Decode(b)
	case mutabledata.GetVersion:
		v, err = q.Decode(b)
	case mutabledata.GetEntries:
		v, err = q.Decode(b)
	case mutabledata.GetKeys:
		v, err = q.Decode(b)
	case mutabledata.GetValues:
		v, err = q.Decode(b)
	case mutabledata.GetValue:
		v, err = q.Decode(b)
	case mutabledata.GetValuesOf:
		v, err = q.Decode(b)
	case mutabledata.GetPermissions:
		v, err = q.Decode(b)
	case mutabledata.GetUserPermissions:
		v, err = q.Decode(b)
	}
	return v, f.heights[at], err
}

func (f *fake) PutChunk(_ context.Context, by client.Actor, content []byte) (vaultnet.Name, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := immutabledata.NameOf(content)
	if err := immutabledata.Check(name, content); err != nil {
		return name, err
	}
	f.chunks[name] = content
	return name, f.pays(by)
}

func (f *fake) GetChunk(_ context.Context, name vaultnet.Name) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.chunks[name]
	if !ok {
		return nil, refusal.New(refusal.NoSuchData)
	}
	return content, nil
}
