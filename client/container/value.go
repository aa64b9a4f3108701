package container

import (
	"crypto/cipher"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"vaultnet"
	"vaultnet/internal/canonical"
)

// MaxValue is the greatest length of what is stored under a name, as it is stored: a hundred of them fit a node beside the
// permissions.
const MaxValue = 9500

// MaxContent is how long a name and its content may be together, in bytes.
const MaxContent = MaxValue - chacha20poly1305.NonceSizeX - chacha20poly1305.Overhead - 9

const domainValues vaultnet.Domain = "vaultnet/container/values/1" // container key → key of its values

// value is what is stored under a name, before it is sealed.
type value struct {
	Name    string
	Content []byte
}

// box seals and opens values.
type box struct {
	id   ID
	aead cipher.AEAD // nil: public
}

func (r *Ref) box() box {
	b := box{id: r.ID}
	if r.Private() {
		b.aead = newAEAD(domainValues.Hash(r.Key[:]))
	}
	return b
}

// newAEAD cannot fail: the key has its length.
func newAEAD(key [32]byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err)
	}
	return a
}

// context binds a value to its container and place: it opens nowhere else.
func (b *box) context(p place) []byte {
	return append(append(make([]byte, 0, 64), b.id[:]...), p[:]...)
}

func (b *box) seal(random io.Reader, p place, name string, content []byte) ([]byte, error) {
	plain := canonical.Marshal(&value{Name: name, Content: content})
	if b.aead == nil {
		return plain, nil
	}
	return sealWith(b.aead, random, plain, b.context(p))
}

// open returns the name and content under an entry key; false where they are not what an honest client wrote there.
func (b *box) open(r *Ref, p place, stored []byte) (value, bool) {
	if len(stored) > MaxValue {
		return value{}, false
	}
	plain := stored
	if b.aead != nil {
		var ok bool
		if plain, ok = openWith(b.aead, nil, stored, b.context(p)); !ok {
			return value{}, false
		}
	}
	var v value
	if canonical.Unmarshal(plain, &v, MaxValue) != nil || len(v.Name) == 0 || len(v.Name) > MaxName || r.place(v.Name) != p {
		return value{}, false
	}
	return v, true
}

// sealWith gives a fresh random nonce and what it seals.
func sealWith(a cipher.AEAD, random io.Reader, plain, context []byte) ([]byte, error) {
	out := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, err
	}
	return a.Seal(out, out, plain, context), nil
}

// openWith appends what was sealed to out.
func openWith(a cipher.AEAD, out, sealed, context []byte) ([]byte, bool) {
	if len(sealed) < a.NonceSize()+a.Overhead() {
		return nil, false
	}
	plain, err := a.Open(out, sealed[:a.NonceSize()], sealed[a.NonceSize():], context)
	return plain, err == nil
}
