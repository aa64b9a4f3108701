package auth

import (
	"io"
	"unicode/utf8"

	"vaultnet/client/container"
	"vaultnet/internal/canonical"
	"vaultnet/internal/sealed"
)

// MaxLabel is the greatest length of an account's label, in bytes.
const MaxLabel = 256

// maxPacket bounds a packet before it is sealed, in bytes.
const maxPacket = 2048

const packetFormat = 1

// packet is what an account is kept as: small, because everything else hangs in containers.
type packet struct {
	Format  uint64
	Changes uint64 // how often it was changed: of two copies, the one with more counts
	Made    bool   // everything that belongs to a new account is there
	Label   string
	Owner   [32]byte      // seed of the owner's key
	Secret  [32]byte      // what ids and keys of the account's own containers are derived from, so that none is made twice
	Root    container.Ref // the root container
	Apps    container.Ref // the authenticator's records
}

func (p *packet) encode() []byte { return canonical.Marshal(p) }

// decodePacket refuses what encode would not have written for a packet within the bounds.
func decodePacket(b []byte) (packet, error) {
	var p packet
	if err := canonical.Unmarshal(b, &p, maxPacket); err != nil {
		return packet{}, err
	}
	if p.Format != packetFormat || checkLabel("open", p.Label) != nil || !p.Root.Private() || !p.Apps.Private() {
		return packet{}, refuse("open", "account packet", Corrupt)
	}
	return p, nil
}

func (p *packet) seal(random io.Reader, at *place) ([]byte, error) {
	return sealed.NewBox(at.seal).Seal(random, p.encode(), at.address.Append(nil))
}

func openPacket(at *place, stored []byte) (packet, error) {
	if plain, ok := sealed.NewBox(at.seal).Open(nil, stored, at.address.Append(nil)); ok {
		if p, err := decodePacket(plain); err == nil {
			return p, nil
		}
	}
	return packet{}, refuse("open", "account packet", Corrupt)
}

func checkLabel(op, label string) error {
	if len(label) > MaxLabel || !utf8.ValidString(label) {
		return invalid(op, "label", "a label is text of at most 256 bytes")
	}
	for _, r := range label {
		if r < ' ' || r == 0x7f {
			return invalid(op, "label", "a label has no control characters")
		}
	}
	return nil
}
