package agreement

import "time"

// Numbers of the protocol that are local to a vault (design §12), and bounds.
const (
	RoundTimeout     = 500 * time.Millisecond // of round 0, each of its three steps
	RoundTimeoutStep = 250 * time.Millisecond // more for each round
	RoundTimeoutCap  = 10 * time.Second
	RepairFirst      = 200 * time.Millisecond // after news, or twice as long as heights usually take; doubles
	RepairLatest     = time.Second            // after the first of much news
	RepairCap        = 60 * time.Second
	AskEvery         = time.Second      // a question for a height this member lacks, per object
	ProofAge         = 10 * time.Second // how far the views of a proof of set may be from the block's time
	StretchCap       = 10 * time.Second // how far timeliness stretches while a height stays undecided
	StatePinned      = 30 * time.Second // how long a state is kept for whoever fetches it in parts
	PartSize         = 512 << 10        // bytes of records in one part of a state

	usualCap     = 2 * time.Second       // of how long heights are taken to need usually
	suspectShare = 20                    // part of a round's timeout for which a suspected proposer is waited for: 25 ms in round 0
	maxPace      = 38                    // rounds by which timeouts begin later: where they reach their cap
	maxRelayed   = 64                    // requests relayed at one height that are remembered as relayed
	heightsAhead = 3                     // heights after the next of which what members say is kept until they come
	maxAhead     = 8                     // bundles of a member about those
	askSoonest   = 10 * time.Millisecond // until a height that a member lacks is asked for; at least three times as long as heights usually take
	maxLinks     = 16                    // set blocks kept to lead others to the present set
	roundsKept   = 4                     // rounds below the present one whose votes are kept
	maxRound     = 1 << 30               // no member is ever in a later one: it would take centuries
	maxRecords   = 1 << 20               // of a state
	maxStateSize = 256 << 20             // bytes of a state: an object, the results of MaxApplied requests, usage
)
