package core

import (
	"testing"
	"time"

	"vaultnet/account"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

func TestPutMutateReadSettle(t *testing.T) {
	for _, frames := range []bool{false, true} {
		w := newTown(t, 8)
		w.frames = frames
		w.run(time.Second)
		c := w.citizen("Alice")
		a := address("notes")
		p := c.put(a, mutabledata.Entry{Key: "title", Value: mutabledata.Value{Content: []byte("Notes")}})
		c.applied(c.mutate(a, p, insert("one", "1")), 5)
		for _, r := range c.read(a, mutabledata.GetValue{Key: "one"}) {
			if r.Err != nil || !r.Member || r.Height != 2 {
				t.Fatalf("read: height %d, %v", r.Height, r.Err)
			}
			if v, err := (mutabledata.GetValue{}).Decode(r.Value); err != nil || string(v.Content) != "1" {
				t.Fatalf("read %q, %v", v.Content, err)
			}
		}
		w.run(12 * time.Second) // until the permit is over everywhere
		st := answers[*wire.StatementAnswer](c.ask(w.members(a), &wire.GetStatement{Call: 3, Address: a, Permit: p.Body.Digest(),
			Expires: p.Body.Expires}))
		settle := &account.Settle{Body: p.Body, Allowance: p.Allowance, Path: p.Path}
		for _, s := range st {
			if s.Err != nil || s.By == nil || s.Statement.Used != 2 {
				t.Fatalf("statement %+v", s)
			}
			settle.Used = s.Statement.Used
			settle.Statements = append(settle.Statements, *s.By)
		}
		sortAttestations(settle.Statements)
		reply := c.applied(c.operate(c.key, settle), 5)
		if r, err := account.DecodeResult(reply.Result); err != nil || r.(*account.Settled).Returned != 6 {
			t.Fatalf("settled %v, %v", r, err)
		}
		w.run(time.Minute)
		if !w.quiet() {
			t.Fatal("the town does not sleep")
		}
	}
}
