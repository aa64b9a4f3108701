package permit

import (
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// Attack 26, the data managers' side: one permit spent at two addresses, under two groups, after its expiry, by another
// key, and after it was refunded. What is spent in all never exceeds what was reserved.
func TestAttack26SpentInAll(t *testing.T) {
	list := allowances(3, 1, 2)
	b := body(1, list)
	at := [2]Usage{} // of the objects 1 and 2, held by groups that know nothing of each other
	spent := uint32(0)
	use := func(i int, p *Permit, by vaultnet.PublicKey, when vaultnet.Time) error {
		if err := p.Check(when, by, list[i].Address); err != nil {
			return err
		}
		next, err := at[i].Use(p, when, false)
		if err == nil {
			at[i] = next
			spent++
		}
		return err
	}
	presented := [2]*Permit{}
	for i := range presented {
		p, ok := Assemble(b, list, i, signed(b, 3))
		if !ok {
			t.Fatal("not assembled")
		}
		presented[i] = p
	}
	for range 10 {
		for i := range at { // each with each
			use(i, presented[0], app, start)
			use(i, presented[1], app, start)
			use(i, presented[i], eve, start)
		}
	}
	if spent != b.Total {
		t.Fatalf("spent %d, reserved %d", spent, b.Total)
	}
	for i := range at {
		for reasons, err := range map[refusal.Reason]error{
			refusal.UsedUp:    use(i, presented[i], app, start),
			refusal.Address:   use(i, presented[1-i], app, start),
			refusal.Requester: use(i, presented[i], eve, start),
			refusal.Expired:   use(i, presented[i], app, start+10*second+1),
			refusal.NotYet:    use(i, presented[i], app, start-1),
		} {
			if got := reason(t, err); got != reasons {
				t.Errorf("object %d: %v, want %v", i+1, got, reasons)
			}
		}
	}
	// Pruned and tried again: expired.
	for i := range at {
		at[i] = at[i].Prune(b.Expires + minute + 1)
		if got := reason(t, use(i, presented[i], app, b.Expires+minute+1)); got != refusal.Expired {
			t.Error(got)
		}
	}
	// Closed, stated and refunded, then used: closed.
	c := good(2, list, 0)
	u, err := Usage{}.Close(c, start, false)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := u.State(object(1), c.Body.Digest(), c.Body.Expires, start)
	if !ok || !s.Closed || s.Used != 0 {
		t.Fatalf("%+v", s)
	}
	if _, err := u.Use(c, start, false); reason(t, err) != refusal.Closed {
		t.Error(err)
	}
	if spent != b.Total {
		t.Fatalf("spent %d, reserved %d", spent, b.Total)
	}
}

// Attack 27, the data managers' side: whoever asks for a statement too late gets none.
func TestAttack27NoStatementAfterTheGrace(t *testing.T) {
	p := good(1, allowances(3, 1), 0)
	u, _ := Usage{}.Use(p, start, false)
	late := p.Body.Expires + minute + 1
	if _, ok := u.Prune(late).State(object(1), p.Body.Digest(), p.Body.Expires, late); ok {
		t.Error("a pruned use is stated as none")
	}
}

// Attack 30, the rules' part: a permit with signatures of managers that a vault does not know. All the client got are
// attached; how many are known is the vault's own count, and refusing is not for ever.
func TestAttack30UnknownSigners(t *testing.T) {
	list := allowances(3, 1)
	b := body(1, list)
	var old, now []vaultnet.PublicKey
	for i, m := range managers {
		if i < 6 {
			old = append(old, m.Public())
		}
		if i >= 2 {
			now = append(now, m.Public())
		}
	}
	few, _ := Assemble(b, list, 0, signed(b, 3))
	all, _ := Assemble(b, list, 0, signed(b, 8))
	if Managers(few, now) >= vaultnet.Weak(8) || Managers(few, old) < vaultnet.Weak(8) {
		t.Error("the first three are managers to the old set only")
	}
	if Managers(all, now) < vaultnet.Weak(8) || Managers(all, old) < vaultnet.Weak(8) {
		t.Error("with all signatures attached both take it")
	}
	if few.Body.Digest() != all.Body.Digest() || !few.Verify(network, verifier) || !all.Verify(network, verifier) {
		t.Error("one permit, objectively good both times")
	}
}
