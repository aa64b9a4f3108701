package signature_test

import (
	"bytes"
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"

	"vaultnet"
	"vaultnet/internal/signature"
)

var _ vaultnet.Verifier = (*signature.Verifier)(nil)
var _ vaultnet.Verifier = (*signature.Registry)(nil)
var _ vaultnet.Signer = (*signature.Key)(nil)

func seed(i int) (s [32]byte) {
	binary.BigEndian.PutUint64(s[:], uint64(i))
	return s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// smallOrderEncodings are all 14 encodings of points whose order divides 8, as libsodium and the speccheck paper
// (Chalkias, Garillot, Nikolaenko, 2020) list them: the eight points, and 0, 1 and −1 encoded as p, p+1 or with the
// sign of a zero x.
var smallOrderEncodings = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

// Attack 24: with a key of small order, R = the identity and S = 0 sign every message for whom the equation is all.
func TestSmallOrderKeysAreRefused(t *testing.T) {
	verifiers := map[string]vaultnet.Verifier{
		"ed25519":  signature.NewVerifier(10),
		"registry": signature.NewRegistry(1),
	}
	for _, enc := range smallOrderEncodings {
		key := vaultnet.PublicKey(unhex(t, enc))
		for name, v := range verifiers {
			if v.ValidKey(key) {
				t.Errorf("%s: small-order key %s is valid", name, enc)
			}
			for _, r := range smallOrderEncodings {
				var sig vaultnet.Signature
				copy(sig[:], unhex(t, r))
				if v.Verify(key, []byte("anything"), sig) {
					t.Errorf("%s: key %s signed with R = %s", name, enc, r)
				}
			}
		}
		all := signature.NewVerifier(0).VerifyBatch([]signature.Item{
			{Key: key, Signature: vaultnet.Signature{1}}, {Key: key, Signature: vaultnet.Signature{1}}})
		if all[0] || all[1] {
			t.Errorf("batch: key %s signed", enc)
		}
	}
}

func TestKeysOffTheCurveOrNotCanonicalAreRefused(t *testing.T) {
	v := signature.NewVerifier(10)
	for _, enc := range []string{
		"0200000000000000000000000000000000000000000000000000000000000000", // y = 2: not on the curve
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 3, which is on the curve as 3
		"f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	} {
		if v.ValidKey(vaultnet.PublicKey(unhex(t, enc))) {
			t.Errorf("key %s is valid", enc)
		}
	}
	if !v.ValidKey(signature.NewKey(seed(1)).Public()) {
		t.Error("an honest key is not valid")
	}
}

// RFC 8032 §7.1, tests 1 to 3.
func TestRFC8032(t *testing.T) {
	for _, c := range []struct{ seed, public, message, sig string }{
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	} {
		k := signature.NewKey([32]byte(unhex(t, c.seed)))
		message := unhex(t, c.message)
		if got := k.Public(); hex.EncodeToString(got[:]) != c.public {
			t.Errorf("public key %v, want %s", got, c.public)
		}
		sig := k.Sign(message)
		if hex.EncodeToString(sig[:]) != c.sig {
			t.Errorf("signature %x, want %s", sig, c.sig)
		}
		if !signature.NewVerifier(0).Verify(k.Public(), message, sig) {
			t.Errorf("RFC's signature refused")
		}
	}
}

// Every bit of a signature, and every byte of key and message, counts: a good one has no other form.
func TestNothingMayChange(t *testing.T) {
	v := signature.NewVerifier(1000)
	k := signature.NewKey(seed(1))
	message := []byte("message")
	sig := k.Sign(message)
	for range 2 { // the second time from memory
		if !v.Verify(k.Public(), message, sig) {
			t.Fatal("good signature refused")
		}
	}
	for bit := range 512 {
		bad := sig
		bad[bit/8] ^= 1 << (bit % 8)
		if v.Verify(k.Public(), message, bad) {
			t.Errorf("good with bit %d flipped", bit)
		}
	}
	for i := range message {
		bad := bytes.Clone(message)
		bad[i]++
		if v.Verify(k.Public(), bad, sig) {
			t.Errorf("good with byte %d of the message changed", i)
		}
	}
	if v.Verify(signature.NewKey(seed(2)).Public(), message, sig) {
		t.Error("good for another key")
	}
	if v.Verify(k.Public(), message, addOrder(sig)) {
		t.Error("S + L accepted: signatures are malleable")
	}
}

// addOrder adds the group's order to S, which leaves the equation true.
func addOrder(sig vaultnet.Signature) vaultnet.Signature {
	order := [32]byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10}
	carry := 0
	for i := range order {
		carry += int(sig[32+i]) + int(order[i])
		sig[32+i] = byte(carry)
		carry >>= 8
	}
	return sig
}

// torsion returns a key with a component of small order, and signatures by it: those whose verdict depends on whether
// the equation is multiplied by the cofactor, which is where verifiers disagree (ZIP 215).
func torsion(t testing.TB, message []byte) (key vaultnet.PublicKey, sig vaultnet.Signature) {
	t.Helper()
	var torsionPoint, a, r curve.EdwardsPoint
	var enc curve.CompressedEdwardsY
	copy(enc[:], unhex(t, smallOrderEncodings[6])) // order 8
	if _, err := torsionPoint.SetCompressedY(&enc); err != nil {
		t.Fatal(err)
	}
	var secret, nonce, k, s scalar.Scalar
	secret.SetUint64(1234567)
	nonce.SetUint64(7654321)
	a.MulBasepoint(curve.ED25519_BASEPOINT_TABLE, &secret)
	a.Add(&a, &torsionPoint)
	r.MulBasepoint(curve.ED25519_BASEPOINT_TABLE, &nonce)
	enc.SetEdwardsPoint(&a)
	copy(key[:], enc[:])
	enc.SetEdwardsPoint(&r)
	copy(sig[:], enc[:])
	hash := sha512.Sum512(bytes.Join([][]byte{sig[:32], key[:], message}, nil))
	if _, err := k.SetBytesModOrderWide(hash[:]); err != nil {
		t.Fatal(err)
	}
	s.Mul(&k, &secret)
	s.Add(&s, &nonce)
	if err := s.ToBytes(sig[32:]); err != nil {
		t.Fatal(err)
	}
	return key, sig
}

func TestTheEquationIsCofactoredSinglyAndInBatches(t *testing.T) {
	for i := range 16 {
		message := []byte{byte(i)}
		key, sig := torsion(t, message)
		if stdlib.Verify(key[:], message, sig[:]) {
			continue // the hash is a multiple of 8: no difference shows
		}
		v := signature.NewVerifier(0)
		if !v.ValidKey(key) || !v.Verify(key, message, sig) {
			t.Error("single: a signature good up to the cofactor is refused")
		}
		items := []signature.Item{{Key: key, Message: message, Signature: sig}}
		for j := range 5 {
			k := signature.NewKey(seed(j))
			items = append(items, signature.Item{Key: k.Public(), Message: message, Signature: k.Sign(message)})
		}
		for j, ok := range v.VerifyBatch(items) {
			if !ok {
				t.Errorf("batch: item %d refused", j)
			}
		}
	}
}

func TestSignaturesWithRNotCanonicalAreRefused(t *testing.T) {
	// R = the identity written as p+1, S = k·a: good under ZIP 215, not here.
	k := signature.NewKey(seed(3))
	v := signature.NewVerifier(0)
	for _, enc := range smallOrderEncodings[8:] {
		var sig vaultnet.Signature
		copy(sig[:], unhex(t, enc))
		h := sha512.Sum512(func() []byte { s := seed(3); return s[:] }())
		h[0] &= 248
		h[31] = h[31]&127 | 64
		var a, challenge scalar.Scalar
		if _, err := a.SetBytesModOrder(h[:32]); err != nil {
			t.Fatal(err)
		}
		public := k.Public()
		hash := sha512.Sum512(bytes.Join([][]byte{sig[:32], public[:], []byte("m")}, nil))
		if _, err := challenge.SetBytesModOrderWide(hash[:]); err != nil {
			t.Fatal(err)
		}
		challenge.Mul(&challenge, &a)
		if err := challenge.ToBytes(sig[32:]); err != nil {
			t.Fatal(err)
		}
		if v.Verify(public, []byte("m"), sig) {
			t.Errorf("R = %s accepted", enc)
		}
	}
}

// mixed returns items of which some are bad in some way.
func mixed(t testing.TB, n int, choice func(i int) int) []signature.Item {
	items := make([]signature.Item, n)
	for i := range items {
		k := signature.NewKey(seed(i % 7))
		m := fmt.Appendf(nil, "message %d", i%11)
		it := signature.Item{Key: k.Public(), Message: m, Signature: k.Sign(m)}
		switch choice(i) % 8 {
		case 0:
			it.Signature[3] ^= 1
		case 1:
			it.Key = vaultnet.PublicKey{}
		case 2:
			it.Message = []byte("another")
		case 3:
			it.Signature = addOrder(it.Signature)
		case 4:
			it.Key, it.Signature = torsion(t, m)
		case 5:
			it.Key = vaultnet.PublicKey{2}
		}
		items[i] = it
	}
	return items
}

func TestBatchesJudgeAsSingleVerificationDoes(t *testing.T) {
	for round := range 40 {
		for _, n := range []int{0, 1, 2, 3, 8, 40} {
			items := mixed(t, n, func(i int) int {
				if round < 4 {
					return 6 + i%2 // all good
				}
				return (i*7 + round*13 + i*i*round) % (8 + round)
			})
			v := signature.NewVerifier(16)
			got := v.VerifyBatch(items)
			for i := range items {
				it := items[i]
				if want := signature.NewVerifier(0).Verify(it.Key, it.Message, it.Signature); got[i] != want {
					t.Fatalf("round %d, %d items: item %d is %v in the batch, %v alone", round, n, i, got[i], want)
				}
			}
			for i, again := range v.VerifyBatch(items) {
				if again != got[i] {
					t.Fatal("another verdict the second time")
				}
			}
		}
	}
}

// Two wrong signatures whose errors cancel out pass an unweighted sum.
func TestErrorsDoNotCancelOut(t *testing.T) {
	k := signature.NewKey(seed(1))
	a := signature.Item{Key: k.Public(), Message: []byte("a"), Signature: k.Sign([]byte("a"))}
	b := signature.Item{Key: k.Public(), Message: []byte("b"), Signature: k.Sign([]byte("b"))}
	shift := func(sig *vaultnet.Signature, up bool) {
		var s, one scalar.Scalar
		if _, err := s.SetBytesModOrder(sig[32:]); err != nil {
			t.Fatal(err)
		}
		one.SetUint64(1)
		if up {
			s.Add(&s, &one)
		} else {
			s.Sub(&s, &one)
		}
		if err := s.ToBytes(sig[32:]); err != nil {
			t.Fatal(err)
		}
	}
	shift(&a.Signature, true)
	shift(&b.Signature, false)
	for i, ok := range signature.NewVerifier(0).VerifyBatch([]signature.Item{a, b}) {
		if ok {
			t.Errorf("item %d accepted", i)
		}
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	v := signature.NewVerifier(8)
	k := signature.NewKey(seed(1))
	for i := range 100 {
		m := []byte{byte(i)}
		for range 2 {
			if !v.Verify(k.Public(), m, k.Sign(m)) {
				t.Fatal("refused")
			}
		}
		if n := v.Remembered(); n > 8 {
			t.Fatalf("remembers %d signatures, at most 8", n)
		}
	}
}

func TestAKeyShowsNoSecret(t *testing.T) {
	s := seed(7)
	k := signature.NewKey(s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q"} {
		for _, x := range []any{k, *k, struct{ K *signature.Key }{k}, []signature.Key{*k}} {
			got := strings.ToLower(fmt.Sprintf(verb, x))
			if strings.Contains(got, hex.EncodeToString(s[:])) || strings.Contains(got, "0 0 0 0 0 7 0 0") ||
				strings.Contains(got, "0x0, 0x7, 0x0") {
				t.Errorf("%s of %T shows the seed: %s", verb, x, got)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := signature.NewKey(seed(1))
	sig, public := k.Sign([]byte("m")), k.Public()
	f.Add(public[:], []byte("m"), sig[:])
	f.Add([]byte{}, []byte{}, []byte{})
	for _, e := range smallOrderEncodings {
		f.Add(unhex(f, e), []byte("m"), append(unhex(f, e), make([]byte, 32)...))
	}
	v := signature.NewVerifier(64)
	f.Fuzz(func(t *testing.T, key, message, sigBytes []byte) {
		var it signature.Item
		copy(it.Key[:], key)
		copy(it.Signature[:], sigBytes)
		it.Message = message
		ok := v.Verify(it.Key, message, it.Signature)
		if ok && !v.ValidKey(it.Key) {
			t.Fatal("a key that is not valid signed")
		}
		other := signature.NewKey(seed(9))
		batch := []signature.Item{it, {Key: other.Public(), Message: message, Signature: other.Sign(message)}}
		got := signature.NewVerifier(0).VerifyBatch(batch)
		if got[0] != ok || !got[1] {
			t.Fatalf("alone %v, in a batch %v", ok, got)
		}
		// The standard library takes no cofactor and lets more keys pass: whatever it takes from a valid key is good.
		if v.ValidKey(it.Key) && stdlib.Verify(it.Key[:], message, it.Signature[:]) && !ok {
			t.Fatal("the standard library takes it")
		}
	})
}
