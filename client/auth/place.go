package auth

import (
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"vaultnet"
	"vaultnet/internal/base64url"
)

// Cost is what deriving keys from a password takes: Argon2id's parameters (RFC 9106).
type Cost struct {
	Time    uint32 // passes, 1…16
	Memory  uint32 // KiB, 8…1,048,576
	Threads uint8  // 1…16
}

// DefaultCost is every network's (design §12): 3 passes over 64 MiB, about a fifth of a second.
var DefaultCost = Cost{Time: 3, Memory: 64 << 10, Threads: 1}

func (c Cost) check(op string) error {
	if c.Time < 1 || c.Time > 16 || c.Memory < 8 || c.Memory > 1<<20 || c.Threads < 1 || c.Threads > 16 {
		return invalid(op, "", "cost out of bounds")
	}
	return nil
}

// Bounds of credentials, in bytes.
const (
	MaxLocator  = 1024
	MaxPassword = 4096
)

// The uses of what a password gives.
const (
	domainSalt     vaultnet.Domain = "vaultnet/auth/salt/1"     // network, locator → salt
	domainPassword vaultnet.Domain = "vaultnet/auth/password/1" // locator, password → input of Argon2id
	domainName     vaultnet.Domain = "vaultnet/auth/name/1"     // secret → name of the packet
	domainOwner    vaultnet.Domain = "vaultnet/auth/owner/1"    // secret → seed of the packet's owner
	domainSeal     vaultnet.Domain = "vaultnet/auth/seal/1"     // secret → key that seals the packet
)

// secret is what Argon2id makes of a locator and a password. All that is needed to open the account follows from it.
type secret [32]byte

// derive stretches locator and password. Both go in whole, so that one locator serves any number of people.
func derive(network vaultnet.NetworkID, locator, password string, c Cost) secret {
	salt := domainSalt.Hash(network[:], []byte(locator))
	input := domainPassword.Hash([]byte(locator), []byte(password))
	return secret(argon2.IDKey(input[:], salt[:], c.Time, c.Memory, c.Threads, 32))
}

// place is where an account's packet lies, who owns it, and what opens it.
type place struct {
	secret  secret
	address vaultnet.Address
	seed    [32]byte
	seal    [32]byte
}

func (s secret) place() place {
	return place{
		secret:  s,
		address: vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(domainName.Hash(s[:])), Tag: PacketTag},
		seed:    domainOwner.Hash(s[:]),
		seal:    domainSeal.Hash(s[:]),
	}
}

// actor owns the packet and pays for it: a key with an account of its own, so that nothing shows whose packet it is.
func (p *place) actor(c *Config) Actor {
	k := c.Signer(p.seed)
	return Actor{Key: k, Account: k.Public()}
}

// checkCredentials refuses what is no locator or password. Both are taken as the bytes they are.
func checkCredentials(op, locator, password string) error {
	switch {
	case locator == "" || len(locator) > MaxLocator || !utf8.ValidString(locator):
		return invalid(op, "", "an account's name is text of 1 to 1024 bytes")
	case password == "" || len(password) > MaxPassword:
		return invalid(op, "", "a password has 1 to 4096 bytes")
	}
	return nil
}

// Session opens an account without its password until that is changed: what a program keeps (readable by its user alone)
// so as not to ask each time. It prints as "secret".
type Session struct{ secret secret }

// String hides the session.
func (Session) String() string { return "secret" }

// GoString hides the session.
func (Session) GoString() string { return "secret" }

// Secret is the session as text, which [ParseSession] reads: as secret as the password.
func (s Session) Secret() string { return base64url.Encode(s.secret[:]) }

// ParseSession reads what [Session.Secret] gives.
func ParseSession(text string) (Session, error) {
	b, err := base64url.Decode(text)
	if err != nil || len(b) != len(secret{}) {
		return Session{}, invalid("parse", "session", "it is not one, or only a part of one")
	}
	return Session{secret(b)}, nil
}
