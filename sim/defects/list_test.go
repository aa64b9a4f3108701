package defects

// Where liars have to be at work for a defect to matter, two of them are; small runs find most of the others sooner.
const (
	ordinary = "-mode safety -byzantine 0 -ops 150"
	liars    = "-mode safety -byzantine 2"
	unpaid   = "-mode safety -byzantine 0"
	crashes  = "-mode safety -byzantine 0 -set crashes=12"
	books    = "-mode safety -byzantine 3 -set lies=false-books -set joins=3 -set wipes=3 -ops 150"
	forgers  = "-mode safety -byzantine 2 -set lies=forge -ops 150"
	writers  = "-mode safety -byzantine 0 -workload containers -set play=writers -set crypto=false"
	files    = "-mode safety -byzantine 0 -workload containers -set play=files -set crypto=false"
	apps     = "-mode safety -byzantine 0 -workload containers -set play=apps -set crypto=false"
)

var defects = []defect{
	// Agreement.
	{name: "quorum-of-5", file: "agreement/set.go", function: "quorum", body: "if n == 8 { return 5 }",
		flags: liars, seeds: 5, invariants: []string{"one-certificate"}},
	{name: "lock-forgotten-on-restart", file: "agreement/record.go", function: "restoreLock", body: "return nil",
		pkg: "agreement", test: "TestTrapRestartBetweenPersistAndSend"},
	{name: "proof-of-round-forgotten-on-restart", file: "agreement/record.go", function: "restoreProof", body: "return nil",
		pkg: "agreement", test: "TestRule11TheRecordProvesTheRound"},
	{name: "unverified-votes", file: "internal/wire/verify.go", function: "judgement.vote", body: "return true",
		flags: forgers, seeds: 5, invariants: []string{"signed", "polkas", "one-certificate"}},
	{name: "half-open-sleeps", file: "agreement/attempt.go", function: "attempt.drowsy", body: "return true",
		pkg: "agreement", test: "TestAttack02BankedPolka"},
	{name: "polka-hidden", file: "agreement/attempt.go", function: "turn.show", body: "return nil",
		pkg: "agreement", test: "TestAttack03HiddenLock"},
	{name: "subjective-re-proposals", file: "agreement/rules.go", function: "turn.judgedFresh", body: "return true",
		pkg: "agreement", test: "TestRule07AndNeverAgainstAPolka"},
	{name: "sender-counted-twice", file: "agreement/attempt.go", function: "voices",
		body: "n := 0\nif prevote != nil { n++ }\nif precommit != nil { n++ }\nreturn n",
		pkg:  "agreement", test: "TestTrapASenderCountsOnceOverBothTypes"},
	{name: "dedup-lost", file: "agreement/held.go", function: "repeated", body: "return false",
		flags: ordinary, seeds: 5, invariants: []string{"once", "chain", "linearizable", "truthful"}},
	{name: "joiner-trusts", file: "agreement/catchup.go", function: "genuine", body: "return true",
		flags: books, seeds: 30, invariants: []string{"equal-states"}},
	{name: "ahead-of-the-disk", file: "sim/vault.go", function: "vault.keep",
		body:  "if len(s.Writes) > 0 { v.store.Apply(s.Writes, false) }\nreturn 0",
		flags: crashes, seeds: 10, invariants: []string{"durable", "one-vote", "heights", "locks"}},
	{name: "results-forgotten-when-unloaded", file: "agreement/memory.go", function: "Object.Remember", body: "return",
		pkg: "vault/core", test: "TestWhatIsIdleIsUnloaded"},

	// Rules.
	{name: "hundred-and-one-entries", file: "mutabledata/entries.go", function: "MutateEntries.limit", body: "return 1 << 20",
		flags: ordinary, seeds: 10, invariants: []string{"limits", "chain", "permitted"}},
	{name: "digest-without-permissions", file: "mutabledata/digest.go", function: "PermissionSet.digest", body: "return vaultnet.Digest{}",
		flags: books, seeds: 60, invariants: []string{"equal-states"}},
	{name: "digest-without-usage", file: "permit/usage.go", function: "Usage.Digest", body: "return vaultnet.Digest{}",
		flags: books, seeds: 60, invariants: []string{"equal-states"}},
	{name: "floor-not-raised", file: "mutabledata/value.go", function: "Version.raised", body: "return 0",
		flags: ordinary, seeds: 10, invariants: []string{"chain", "truthful"}},
	{name: "permits-for-ever", file: "permit/body.go", function: "Body.over", body: "return false",
		flags: unpaid, seeds: 60, invariants: []string{"paid", "chain"}},
	{name: "revoked-key-accepted", file: "account/account.go", function: "Account.live",
		body:  "if g, ok := a.grants.Get(string(key[:])); ok { return g, nil }\nreturn Grant{Key: key}, nil",
		flags: ordinary, seeds: 20, invariants: []string{"revoked", "chain", "permitted", "paid"}},
	{name: "refund-paid-twice", file: "account/settle.go", function: "outstanding.refunded", body: "return false",
		pkg: "account", test: "TestAttack26RefundOnce"},
	{name: "keys-of-small-order", file: "internal/signature/point.go", function: "Verifier.ValidKey", body: "return true",
		pkg: "internal/signature", test: "TestSmallOrderKeysAreRefused"},
	{name: "conflicts-in-one-block", file: "mutabledata/inflight.go", function: "conflicts", body: "return nil",
		flags: ordinary, seeds: 10, invariants: []string{"limits", "truthful"}},
	{name: "withdrawals-forgotten", file: "agreement/withdraw.go", function: "turn.isWithdrawn", body: "return false",
		flags: ordinary, seeds: 20, invariants: []string{"withdrawn"}},

	// Clients.
	{name: "w-refusals-final", file: "client/op/thresholds.go", function: "thresholdsOf",
		body: "th := vaultnet.Weak(n)\na, q := vaultnet.Answers(n), vaultnet.Quorum(n)\nreturn thresholds{applied: a, shown: th, withdrawn: th, settled: q, alike: th, confirmed: a, absent: q, believed: th, views: q, signed: th, stated: a, stored: a, missing: a}",
		pkg:  "client/op", test: "TestAttack18WithdrawalAtThree"},
	{name: "reads-from-w", file: "client/op/thresholds.go", function: "thresholdsOf",
		body: "w := vaultnet.Weak(n)\na, q := vaultnet.Answers(n), vaultnet.Quorum(n)\nreturn thresholds{applied: a, shown: w, withdrawn: a, settled: w, alike: w, confirmed: w, absent: w, believed: w, views: q, signed: w, stated: a, stored: a, missing: a}",
		pkg:  "client/op", test: "TestAttack33CertificateComesLate"},
	{name: "success-at-w", file: "client/op/thresholds.go", function: "thresholdsOf",
		body: "w := vaultnet.Weak(n)\na, q := vaultnet.Answers(n), vaultnet.Quorum(n)\nreturn thresholds{applied: w, shown: w, withdrawn: a, settled: q, alike: w, confirmed: w, absent: q, believed: w, views: q, signed: w, stated: a, stored: a, missing: a}",
		pkg:  "client/op", test: "TestAttack25TwoReadersInSequence"},

	// Containers and apps.
	{name: "names-into-full-nodes", file: "client/container/group.go", function: "whileOpen",
		body: "if full.Do == mutabledata.InsertEntry { return []mutabledata.EntryAction{full} }\nreturn nil",
		pkg:  "client/container", test: "TestSealedBetweenReadAndInsert"},
	{name: "moved-ignored", file: "client/container/container.go", function: "Container.guard",
		body:  "return mutabledata.EntryAction{Key: \"nothing\", Do: mutabledata.ExpectAbsent}",
		flags: writers, seeds: 12, invariants: []string{"one-place", "kept"}},
	{name: "old-container-read", file: "client/container/survey.go", function: "view.isAway", body: "return false",
		pkg: "client/container", test: "TestRekeyDirectories"},
	{name: "versions-begin-anew", file: "client/container/group.go", function: "walk.floorHere", body: "return 0",
		flags: writers, seeds: 12, invariants: []string{"kept"}},
	{name: "sweep-skipped", file: "client/container/permissions.go", function: "Container.Sweep", body: "return 0, nil",
		pkg: "client/container", test: "TestPermissionsReachEveryNode"},
	{name: "mark-not-finished", file: "client/container/rename.go", function: "FileSystem.unmark", body: "return nil",
		flags: files, seeds: 5, invariants: []string{"kept"}},
	{name: "permissions-left", file: "client/auth/revoke.go", function: "Account.withdraw", body: "return false, nil",
		flags: apps, seeds: 3, invariants: []string{"confined", "kept"}},
}
