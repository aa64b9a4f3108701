package core

import "time"

// Bounds and times that are local to a vault (design §12).
const (
	near         = 16               // vaults that are told who holds an address: as many as are nearest to it
	suspectAfter = 2 * time.Second  // without an answer that is due, a vault is suspected
	probeCap     = 10 * time.Minute // longest interval between two questions whether a silent vault lives
	askAgain     = time.Second      // between two rounds of questions about who holds one address
	askFor       = time.Second      // how long a round of questions waits for answers
	lookupEvery  = 10 * time.Second // between two walks of the DHT for one name
	catchUpFor   = 2 * time.Second  // how long a request is held by a member that is behind
	claimsFor    = 10 * time.Second // how long a pointer is waited upon that fewer than w vaults sent
	claimsKept   = time.Hour        // how long it is remembered, so that saying it again does not begin anew
	splitDoubt   = 10 * time.Minute // how long vaults that are gone count when a vault asks itself whether it is cut off
	leaverGrace  = 10 * time.Minute // how long a former member keeps what it held
	inviteEvery  = 10 * time.Second // between two invitations of one candidate
	inviteTries  = 3                // invitations before another candidate is looked for
	passedOver   = 10 * time.Minute // how long a candidate that did not come is not invited
	followsFor   = 10 * time.Second // after its last sign a newcomer counts as following
	followFor    = 90 * time.Second // how long an invited vault follows without being added or invited again
	compareEvery = time.Hour        // between two comparisons of chunk lists
	compareAfter = time.Second      // from a change of the neighbourhood to a comparison
	forgetAfter  = 30 * time.Second // what never came to be at a free address is dropped

	maxChanging    = 64     // objects whose set this vault wants changed at once
	maxFollowing   = 64     // objects followed at invitation
	maxInvitations = 1024   // addresses with invitations that are not believed yet
	maxHeld        = 16     // requests held for an object that is behind
	maxLoading     = 256    // inputs held for an object that is being loaded
	maxWaiting     = 4096   // requests one peer waits for
	maxAsking      = 256    // peers that wait for requests at one object
	maxParked      = 4096   // requests waiting for a set; 64 of them for the same
	maxParkedEach  = 64     //
	maxHolders     = 10_000 // addresses elsewhere whose sets are remembered
	maxContacts    = 10_000 // vaults remembered
	maxFree        = 1024   // free addresses with something undecided
	maxClaims      = 65_536 // pointers waited upon
	maxBatch       = 1024   // pointers in one message
	maxNames       = 4096   // chunk names in one message
	maxFetching    = 64     // chunks being fetched at once
	maxGetting     = 64     // peers waiting for one chunk to be read
	maxStatements  = 60_000 // leaves in one turn; a tree holds 65,536
)
