package batch_test

import (
	"fmt"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/vault/core"
)

// watch stands around every vault's core and looks, after each of its steps, at what it holds undecided of one object.
type watch struct {
	object vaultnet.Address

	mu     sync.Mutex
	steps  int
	most   int
	broken []string
}

func (w *watch) wrap(vault int, _ vaultnet.PublicKey, s core.Stepper) core.Stepper {
	return &watched{Stepper: s, vault: vault, w: w}
}

type watched struct {
	core.Stepper
	vault int
	w     *watch
}

func (s *watched) Step(now vaultnet.Time, in []core.Input) core.Output {
	out := s.Stepper.Step(now, in)
	if v, ok := s.Stepper.(*core.Vault); ok {
		s.w.look(s.vault, v)
	}
	return out
}

func (w *watch) look(vault int, v *core.Vault) {
	o := v.Object(w.object)
	if o == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps++
	undecided := o.Undecided()
	w.most = max(w.most, len(undecided))
	if len(undecided) > vaultnet.MaxInFlight {
		w.broken = append(w.broken, fmt.Sprintf("vault %d holds %d undecided mutations", vault, len(undecided)))
	}
	taken := map[mutabledata.Key]bool{}
	for _, r := range undecided {
		m, err := mutabledata.Decode(r.Body)
		if err != nil {
			continue // a permit is closed
		}
		if m, ok := m.(*mutabledata.MutateEntries); ok {
			for _, a := range m.Actions {
				if taken[a.Key] {
					w.broken = append(w.broken, fmt.Sprintf("vault %d holds two undecided mutations of %q", vault, a.Key))
				}
				taken[a.Key] = true
			}
		}
	}
}

// check fails the test where a limit was broken.
func (w *watch) check(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.broken {
		if i == 10 {
			t.Errorf("and %d more", len(w.broken)-i)
			break
		}
		t.Error(s)
	}
	if w.steps == 0 {
		t.Error("no vault was watched")
	}
	t.Logf("at most %d undecided in %d steps", w.most, w.steps)
}
