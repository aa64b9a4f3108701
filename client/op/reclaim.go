package op

import (
	"slices"
	"time"
)

// scarceFor is how long a book asks for no more than is needed once the account had too little left.
const scarceFor = 10 * time.Second

// reclaim has all that the client holds unused under the book's account closed, so that it can be had again; then the book
// asks once more. It reports false where there is nothing like that: the account really has too little left. What is
// closed once is not closed again, so this comes to an end.
func (b *book) reclaim() bool {
	some := false
	for o := range b.siblings {
		for _, h := range o.held {
			for i := range h.uses {
				if u := &h.uses[i]; u.busy == 0 && u.used < u.allowance.Count && !u.settled && !u.open {
					u.wanted, u.closed, some = true, true, true
				}
			}
		}
	}
	if !some {
		return false
	}
	b.reclaiming, b.scarce = true, b.c.now.Add(scarceFor)
	for o := range b.siblings {
		o.customers = append(o.customers, &b.job)
		o.poke()
	}
	return true
}

// reclaimed ends it when all of that has been settled, or cannot be.
func (b *book) reclaimed() {
	for o := range b.siblings {
		for _, h := range o.held {
			if slices.ContainsFunc(h.uses, func(u use) bool { return u.wanted && !u.settled && !u.open }) {
				return
			}
		}
	}
	for o := range b.siblings {
		o.customers = slices.DeleteFunc(o.customers, func(j *job) bool { return j == &b.job })
	}
	b.reclaiming = false
}

// siblings goes through the books under the same account, this one among them.
func (b *book) siblings(yield func(*book) bool) {
	for _, o := range b.c.books.list {
		if o.account == b.account && !yield(o) {
			return
		}
	}
}
