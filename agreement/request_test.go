package agreement

import (
	"testing"

	"vaultnet"
)

// Rule 2: requests go to every member (design §4.2).

func TestRule02RelaysARequestOnceIfNoProposalTakesItUp(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("1=a", 1))
	s.waits(199)
	if len(s.sends(givesBodies)) > 0 {
		t.Fatal("relayed at once")
	}
	s.waits(9_000)
	if n := len(s.sends(givesBodies)); n != 1 {
		t.Fatalf("relayed %d times", n)
	}
}

func TestRule02DoesNotRelayWhatWasProposed(t *testing.T) {
	s := alone(t, 8, 3)
	r := s.request("1=a", 1)
	s.submit(r)
	s.proposes(0, s.block("X", r))
	s.waits(9_000)
	if len(s.sends(givesBodies)) > 0 {
		t.Fatal("relayed what a proposal contains")
	}
}

func TestRule02DoesNotRelayWhatWasRelayed(t *testing.T) {
	s := alone(t, 8, 3)
	s.says(1, &Bundle{Requests: []*Request{s.request("1=a", 1)}})
	s.awake()
	s.waits(9_000)
	if len(s.sends(givesBodies)) > 0 {
		t.Fatal("relayed what another relayed")
	}
}

func TestRule02OneReachedMemberIsEnough(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	for i := range 8 {
		c.step(c.members[i], Input{From: client, Submit: c.request("1=a", 1)})
		c.run(8_000)
		c.height(vaultnet.Height(i + 2))
		c.silent()
	}
}

func TestRule02AnOlderSetMovedANewerSetWaits(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("1=a", 2))
	s.replied() // this member is behind: it says nothing
	s.asleep()
	s.submit(s.request("1=a", 0))
	s.replied("moved")
	s.asleep()
}

func TestRule02AStrangerSaysSo(t *testing.T) {
	c := newCluster(t, 8)
	m := c.join(vault(200))
	c.step(m, Input{From: client, Submit: c.request("1=a", 2)})
	if len(m.replies) != 1 || m.replies[0].Outcome != Stranger {
		t.Fatalf("%+v", m.replies)
	}
}

// A height that a client has seen and the member lacks makes it ask the set, at most once a second, and not for ever.
func TestRule02AsksForAHeightItLacks(t *testing.T) {
	s := alone(t, 8, 3)
	r := s.request("1=bad", 1)
	s.in(Input{From: client, Submit: r, Seen: 7})
	s.waits(100)
	if n := len(s.sends(asksBlocks)); n != 1 {
		t.Fatalf("asked %d times", n)
	}
	for range 5 {
		s.in(Input{From: client, Submit: r, Seen: 7})
		s.waits(1_000)
		if n := len(s.sends(asksBlocks)); n > 1 {
			t.Fatalf("asked %d times in a second", n)
		}
	}
	asked := map[vaultnet.PublicKey]int{}
	s.waits(60_000)
	for _, o := range s.sends(asksBlocks) {
		asked[o.To]++
	}
	for i := 1; i < 8; i++ {
		if n := asked[s.crew[i].key]; n == 0 || n > 2 {
			t.Errorf("member %d was asked %d times", i, n)
		}
	}
	s.asleep()
}

func TestRule02TheAnswerIsRepeatedForWhatIsApplied(t *testing.T) {
	s := alone(t, 1, 0)
	r := s.request("1=a", 1)
	s.submit(r)
	s.replied("applied 2")
	s.submit(r)
	s.replied("applied 2")
	s.waits(300_000) // long after its deadline, and after another block made the state forget it
	s.submit(s.request("1=b", 1))
	s.replied("applied 3")
	s.submit(r)
	s.replied("applied 2")
	if len(s.m.object.State().Machine.(*toy).entries) != 2 {
		t.Fatal("applied again")
	}
	s.waits(600_000) // results are kept for ten minutes
	s.submit(s.request("1=c", 1))
	s.waits(20_000)
	s.submit(s.request("1=d", 1))
	s.replied("applied 4", "applied 5")
	s.submit(r)
	s.replied("refused DeadlinePassed")
}
