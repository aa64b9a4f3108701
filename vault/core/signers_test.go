package core

import (
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// A data manager that knows an older set of the account's managers says so at once to who shows w signatures, one of them
// of a newcomer; all there are it takes without a question, for it knows most of the signers.
func TestTooFewKnownSignersAreToldAtOnce(t *testing.T) {
	w := newTown(t, 24)
	w.run(time.Second)
	c := w.citizen("Alice")
	old := w.set(c.account)
	a := w.addressWhere(func(a vaultnet.Address) bool { // held by others than the account
		return !slices.ContainsFunc(w.group(a), func(h *house) bool { return old.Index(h.id) >= 0 })
	})
	c.applied(c.mutate(a, c.put(a), insert("one", "")), 5)
	w.stop(w.members(c.account)[0])
	w.until(time.Minute, "the managers change", func() bool { return w.set(c.account).Number > old.Number })
	w.run(5 * time.Second)
	w.drop = func(_, _ vaultnet.PublicKey, m wire.Message) bool { // so that nobody learns of the newcomer
		_, ok := m.(*wire.SetAnswer)
		return ok
	}
	whole := c.permit(c.key, a, 4)
	fresh := slices.IndexFunc(whole.Signatures, func(s merkle.Attestation) bool { return old.Index(s.Signer) < 0 })
	if fresh < 0 || len(whole.Signatures) < 6 {
		t.Fatalf("%d signatures, the newcomer's at %d", len(whole.Signatures), fresh)
	}
	bare := *whole
	bare.Signatures = nil
	for i, s := range whole.Signatures {
		if i == fresh || len(bare.Signatures) < 2 || len(bare.Signatures) == 2 && i > fresh {
			bare.Signatures = append(bare.Signatures, s)
		}
	}
	if len(bare.Signatures) != 3 {
		t.Fatalf("%d signatures", len(bare.Signatures))
	}
	var far []*house
	for _, h := range w.members(a) {
		if !slices.Contains(h.core.holdersOf(c.account), whole.Signatures[fresh].Signer) {
			far = append(far, h)
		}
	}
	if len(far) < 3 {
		t.Fatalf("%d of 8 do not know the newcomer", len(far))
	}
	r := w.sign(c.key, a, w.set(a).Number, mutabledata.Encode(insert("two", "")), wire.Attached{Permit: &bare})
	c.heard = nil
	for _, h := range far {
		w.post(c.id, h.id, &wire.Submit{Request: r})
	}
	w.run(askFor / 2)
	for _, h := range far {
		if reply := answers[*wire.Reply](c.heard)[h.id]; reply == nil || reply.Err == nil || reply.Err.Detail.Reason != refusal.Signers {
			t.Fatalf("%+v", reply)
		}
	}
	for id, reply := range c.submit(w.members(a), wire.NewRequest(w.network, r.Request, wire.Attached{Permit: whole})) {
		if reply.Outcome != agreement.Applied {
			t.Fatalf("%v: %d %v", id.Short(), reply.Outcome, reply.Err)
		}
	}
}
