package agreement

import "vaultnet"

// Erase lists the deletions, with relative keys, of everything that [Object.Record] and [Load] left in the store: for a
// vault that forgets an object it is no member of. What it voted in other first sets of the address stays; [Outvoted]
// says whether there is any. Nothing may wait to be recorded.
func (o *Object) Erase() []vaultnet.Write {
	var w []vaultnet.Write
	if o.stored != nil {
		w = append(w, vaultnet.Write{Key: []byte{sectionHead}})
		for _, r := range records(o.stored) {
			w = append(w, vaultnet.Write{Key: r.Key})
		}
	}
	w = append(w, vaultnet.Write{Key: []byte{sectionVote}})
	for _, digest := range o.savedProposals {
		w = append(w, vaultnet.Write{Key: proposalKey(digest)})
	}
	for _, d := range o.withdrawn {
		w = append(w, vaultnet.Write{Key: withdrawnKey(d.id)})
	}
	return w
}
