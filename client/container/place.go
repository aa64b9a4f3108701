package container

import (
	"crypto/hmac"
	"crypto/sha256"

	"vaultnet"
	"vaultnet/mutabledata"
)

// Tag is of every node of a container.
const Tag vaultnet.Tag = 15000

// MaxName is the greatest length of a name, in bytes. The least is 1.
const MaxName = 4096

const (
	fanOut   = 32 // children of a sealed node
	fanBits  = 5
	maxLevel = 256 / fanBits // of a node; the root's is 0
)

// place is where a name lives: its entry key, whose bits, five a level, choose the way from the root.
type place [32]byte

func (r *Ref) place(name string) place {
	if !r.Private() {
		return sha256.Sum256([]byte(name))
	}
	h := hmac.New(sha256.New, r.Key[:])
	h.Write([]byte(name))
	return place(h.Sum(nil))
}

func (p place) key() mutabledata.Key { return mutabledata.Key(p[:]) }

// prefix is the way from the root to a node: a byte below fanOut for each level.
type prefix string

// prefix is the way to the node of a level on which the name may live, at most maxLevel.
func (p place) prefix(level int) prefix {
	way := make([]byte, level)
	for i := range way {
		bit := i * fanBits
		pair := uint16(p[bit/8]) << 8
		if bit/8+1 < len(p) {
			pair |= uint16(p[bit/8+1])
		}
		way[i] = byte(pair>>(16-fanBits-bit%8)) & (fanOut - 1)
	}
	return prefix(way)
}

// in reports whether the name lives in or below a node.
func (p place) in(at prefix) bool { return len(at) <= maxLevel && p.prefix(len(at)) == at }

func (p prefix) child(i int) prefix { return p + prefix([]byte{byte(i)}) }

// site is where a node is. The zero site is the root's.
type site struct {
	at   prefix
	salt string // what the seal of the node above says: random, so that nobody knows of the place before the node is there
}

// below is where a child of a node is whose seal says salt.
func (s site) below(i int, salt string) site { return site{s.at.child(i), salt} }

// toward is where the next node on the way to a place is, below a node whose seal says salt.
func (s site) toward(p place, salt string) site { return site{p.prefix(s.level() + 1), salt} }

func (s site) level() int { return len(s.at) }

// address is the address of a node of a container.
func (id ID) address(s site) vaultnet.Address {
	b := append(append([]byte("node"), id[:]...), byte(len(s.at)))
	b = append(append(b, s.at...), s.salt...)
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: sha256.Sum256(b), Tag: Tag}
}

// Address is where the container's first node is: what permissions are read from and usage is shown by.
func (r Ref) Address() vaultnet.Address { return r.ID.address(site{}) }
