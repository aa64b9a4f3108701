package container

import (
	"io"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/sealed"
)

// MaxValue is the greatest length of what is stored under a name, as it is stored: a hundred of them fit a node beside the
// permissions.
const MaxValue = 9500

// MaxContent is how long a name and its content may be together, in bytes.
const MaxContent = MaxValue - sealed.Overhead - 9

const domainValues vaultnet.Domain = "vaultnet/container/values/1" // container key → key of its values

// value is what is stored under a name, before it is sealed.
type value struct {
	Name    string
	Content []byte
}

// box seals and opens values.
type box struct {
	id     ID
	secret *sealed.Box // nil: public
}

func (r *Ref) box() box {
	b := box{id: r.ID}
	if r.Private() {
		b.secret = sealed.NewBox(domainValues.Hash(r.Key[:]))
	}
	return b
}

// context binds a value to its container and place: it opens nowhere else.
func (b *box) context(p place) []byte {
	return append(append(make([]byte, 0, 64), b.id[:]...), p[:]...)
}

func (b *box) seal(random io.Reader, p place, name string, content []byte) ([]byte, error) {
	plain := canonical.Marshal(&value{Name: name, Content: content})
	if b.secret == nil {
		return plain, nil
	}
	return b.secret.Seal(random, plain, b.context(p))
}

// open returns the name and content under an entry key; false where they are not what an honest client wrote there.
func (b *box) open(r *Ref, p place, stored []byte) (value, bool) {
	if len(stored) > MaxValue {
		return value{}, false
	}
	plain := stored
	if b.secret != nil {
		var ok bool
		if plain, ok = b.secret.Open(nil, stored, b.context(p)); !ok {
			return value{}, false
		}
	}
	var v value
	if canonical.Unmarshal(plain, &v, MaxValue) != nil || len(v.Name) == 0 || len(v.Name) > MaxName || r.place(v.Name) != p {
		return value{}, false
	}
	return v, true
}
