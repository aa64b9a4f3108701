package vaultnet_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaultnet"
)

func TestNetworkIDs(t *testing.T) {
	for want, p := range map[string]vaultnet.Parameters{
		"397c1812fd782124385b2859af69f5f7e1db6924bded2683a39de98e09a8d069": vaultnet.DefaultParameters(),
		"200b84f4d8b476c9fe55ffb6ec99b17a5b9f5e4f145d6ddf78627198aff7732b": vaultnet.LocalParameters(),
	} {
		id := p.ID()
		if hex.EncodeToString(id[:]) != want {
			t.Errorf("network id %x, want %s", id[:], want)
		}
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// Attack 31: vaults with other parameters are refused by the parameter's name, so each field has to count and be named.
func TestEveryParameterCountsAndIsNamed(t *testing.T) {
	p := vaultnet.DefaultParameters()
	if d := p.Difference(p); d != "" {
		t.Errorf("differs from itself in %s", d)
	}
	named := map[string]bool{}
	fields := reflect.TypeFor[vaultnet.Parameters]()
	for i := range fields.NumField() {
		q := p
		switch f := reflect.ValueOf(&q).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("other")
		case reflect.Bool:
			f.SetBool(!f.Bool())
		default:
			if _, ok := f.Interface().(time.Duration); ok {
				f.SetInt(f.Int() + int64(time.Millisecond))
			} else {
				f.SetInt(f.Int() + 1)
			}
		}
		name := fields.Field(i).Name
		if q.ID() == p.ID() {
			t.Errorf("%s is not covered by the network id", name)
		}
		d := p.Difference(q)
		if strings.ReplaceAll(d, "-", "") != strings.ToLower(strings.NewReplacer("After", "after").Replace(name)) || named[d] {
			t.Errorf("a difference in %s is called %q", name, d)
		}
		if q.Difference(p) != d {
			t.Errorf("%s: named otherwise from the other side", name)
		}
		named[d] = true
	}
}

// What the digest does not tell apart is no difference, or two networks with one id would refuse each other.
func TestDifferenceIsAsFineAsTheID(t *testing.T) {
	p := vaultnet.DefaultParameters()
	q := p
	q.Skew += time.Microsecond
	if (p.ID() == q.ID()) != (p.Difference(q) == "") {
		t.Errorf("ids alike: %v, difference: %q", p.ID() == q.ID(), p.Difference(q))
	}
}

func TestValidateNamesTheParameter(t *testing.T) {
	for want, change := range map[string]func(*vaultnet.Parameters){
		"name":               func(p *vaultnet.Parameters) { p.Name = strings.Repeat("x", 65) },
		"group-size":         func(p *vaultnet.Parameters) { p.GroupSize = 17 },
		"account-operations": func(p *vaultnet.Parameters) { p.AccountOperations = 0 },
		"skew":               func(p *vaultnet.Parameters) { p.Skew = 0 },
		"permit-lifetime":    func(p *vaultnet.Parameters) { p.PermitLifetime = vaultnet.MaxPermitLifetime + 1 },
		"unverified-grant":   func(p *vaultnet.Parameters) { p.UnverifiedGrant = 0 },
		"leave-after":        func(p *vaultnet.Parameters) { p.LeaveAfter = 0 },
		"join-after":         func(p *vaultnet.Parameters) { p.JoinAfter = -1 },
	} {
		p := vaultnet.DefaultParameters()
		change(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), "parameter "+want+":") {
			t.Errorf("%s out of bounds: %v", want, err)
		}
	}
	p := vaultnet.DefaultParameters()
	p.GroupSize = 0
	if p.Validate() == nil {
		t.Error("a group of none")
	}
}

func ExampleParameters_Difference() {
	ours, theirs := vaultnet.DefaultParameters(), vaultnet.DefaultParameters()
	theirs.AccountOperations = 500
	if ours.ID() != theirs.ID() {
		fmt.Println("another network: its", ours.Difference(theirs), "differs")
	}
	// Output: another network: its account-operations differs
}
