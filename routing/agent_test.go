package routing

import (
	"strings"
	"testing"
	"time"

	"vaultnet"
)

// What a node says of its parameters is read as it was said, whatever the network is called.
func TestAgentTellsParameters(t *testing.T) {
	for _, name := range []string{"", "local", "with spaces", `"quoted" \ and % and` + "\n", strings.Repeat("ü", 32)} {
		p := vaultnet.DefaultParameters()
		p.Name, p.Local, p.AccountOperations, p.Skew = name, true, 1<<63-1, 1500*time.Millisecond
		s := agent(p)
		q, ok := parametersIn(s)
		if !ok || q != p || q.ID() != p.ID() || len(s) > maxAgent {
			t.Errorf("%q: read %+v %v, want %+v", s, q, ok, p)
		}
	}
	for _, s := range []string{"", "vaultnet", "go-ipfs/0.9", "vaultnet/1 group-size=x", agent(vaultnet.DefaultParameters())[:80], strings.Repeat("x", 1<<20)} {
		if p, ok := parametersIn(s); ok {
			t.Errorf("%.80q is read as %+v", s, p)
		}
	}
}
