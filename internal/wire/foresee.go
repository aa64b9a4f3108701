package wire

import "vaultnet"

// foresee names the requesters' signatures of a frame to a verifier that checks many at a lower price: those of requests
// that clients submit. It judges nothing.
func foresee(messages []Message, v vaultnet.Verifier) {
	f, ok := v.(vaultnet.Foreseer)
	if !ok || len(messages) < 2 {
		return
	}
	var all []vaultnet.Signed
	for _, m := range messages {
		if s, ok := m.(*Submit); ok {
			r := s.Request
			all = append(all, vaultnet.Signed{Key: r.Requester, Message: r.ID[:], Signature: r.Signature})
		}
	}
	if len(all) > 1 {
		f.Foresee(all)
	}
}
