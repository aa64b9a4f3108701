package core

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
)

// DataIn is the MutableData in a state's machine; nil where the machine is an account's or holds none. For observers
// and checkers: nothing decides by it.
func DataIn(m agreement.Machine) *mutabledata.Object {
	if d, ok := m.(*dataMachine); ok {
		return d.object
	}
	return nil
}

// AccountIn is the account in a state's machine; nil where the machine is a MutableData's or holds none.
func AccountIn(m agreement.Machine) *account.Account {
	if a, ok := m.(*accountMachine); ok {
		return a.account
	}
	return nil
}

// Object is the object at an address, nil where none is loaded. It is not to be stepped. For observers and checkers.
func (v *Vault) Object(a vaultnet.Address) *agreement.Object {
	if e := v.objects.get(a); e != nil && e.live != nil {
		return e.live.Object
	}
	return nil
}
