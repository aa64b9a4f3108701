package agreement

import (
	"crypto/sha256"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/internal/writes"
	"vaultnet/refusal"
)

// toy is a Machine over a small map: a request's body is "key=value"; a value "bad" is refused.
type toy struct{ entries map[string]string }

func (m *toy) parse(r *Request) (key, value string) {
	key, value, _ = strings.Cut(string(r.Body), "=")
	return key, value
}

func (m *toy) Check(pending []*Request, r *Request, at vaultnet.Time) error {
	k, v := m.parse(r)
	for _, p := range pending {
		if q, _ := m.parse(p); q == k {
			return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{k}}}
		}
	}
	if len(pending) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	if v == "bad" || v == "once" && m.entries[k] != "" {
		return refusal.New(refusal.AccessDenied)
	}
	return nil
}

func (m *toy) Apply(rs []*Request, at vaultnet.Time) (Machine, []Result, error) {
	n := &toy{entries: map[string]string{}}
	for k, v := range m.entries {
		n.entries[k] = v
	}
	var results []Result
	for i, r := range rs {
		if err := n.Check(rs[:i], r, at); err != nil {
			return nil, nil, err
		}
		k, v := n.parse(r)
		n.entries[k] = v
		results = append(results, Result(v))
	}
	return n, results, nil
}

func (m *toy) Digest() vaultnet.Digest {
	h := sha256.New()
	for _, w := range m.Records() {
		h.Write(append(append(w.Key, '='), w.Value...))
	}
	return vaultnet.Digest(h.Sum(nil))
}

func (m *toy) Diff(old Machine, to *writes.List) { // entries are never removed
	for _, w := range m.Records() {
		to.Put(w.Key[0], w.Key[1:], w.Value)
	}
}

func (m *toy) Records() []vaultnet.Write {
	var w []vaultnet.Write
	for k, v := range m.entries {
		w = append(w, vaultnet.Write{Key: []byte(k), Value: []byte(v)})
	}
	slices.SortFunc(w, func(a, b vaultnet.Write) int { return slices.Compare(a.Key, b.Key) })
	return w
}

// opinion is a Host whose judgements a test sets.
type opinion struct {
	fresh   func(r *Request) Verdict
	change  func(add, drop vaultnet.PublicKey) Verdict
	genesis func(s *Set) Verdict
	suspect map[vaultnet.PublicKey]bool
	asked   int // how often a fresh proposal was judged
}

func (h *opinion) Fresh(r *Request, now vaultnet.Time) Verdict {
	h.asked++
	if h.fresh != nil {
		return h.fresh(r)
	}
	return Yes
}
func (h *opinion) Change(o *Object, add, drop vaultnet.PublicKey, now vaultnet.Time) Verdict {
	if h.change != nil {
		return h.change(add, drop)
	}
	return Yes
}
func (h *opinion) Genesis(a vaultnet.Address, s *Set, now vaultnet.Time) Verdict {
	if h.genesis != nil {
		return h.genesis(s)
	}
	return Yes
}
func (h *opinion) Suspects(m vaultnet.PublicKey) bool { return h.suspect[m] }
func (h *opinion) Machine(a vaultnet.Address, rs []vaultnet.Write) (Machine, error) {
	m := &toy{entries: map[string]string{}}
	for _, r := range rs {
		m.entries[string(r.Key)] = string(r.Value)
	}
	return m, nil
}
