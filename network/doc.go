// Package network reads and writes the two small files that a vault, a client or a person needs to take part in a vault
// network: the network file, which says how to join, and key files, which hold a secret.
//
//	f, err := network.Read("network.json")
//	c, err := client.Connect(ctx, client.ConfigOf(f))
//
//	seed, err := network.ReadKey("alice.key")
//	alice := seed.Signer()
//
// The main type is [File]. Its text is JSON, read strictly: an unknown or repeated field, another format, an id that the
// parameters do not give are errors that name file, field and remedy ([Error]).
//
//	{
//	  "format": 1,
//	  "name": "local",
//	  "id": "5f3c…",
//	  "parameters": {
//	    "group-size": 8,
//	    "account-operations": 1000,
//	    "skew": "2s",
//	    "permit-lifetime": "10s",
//	    "unverified-grant": "24h0m0s",
//	    "leave-after": "5s",
//	    "join-after": "10s",
//	    "local": true
//	  },
//	  "bootstrap": ["/ip4/127.0.0.1/tcp/47000/p2p/12D3KooW…"],
//	  "sample": {
//	    "control": "127.0.0.1:46999",
//	    "accounts": [{"label": "alice", "key": "3b6a…", "key-file": "/…/alice.key", "testing-only": true}],
//	    "apps": [{"label": "notes", "key": "d75a…", "key-file": "/…/notes.key", "owner": "3b6a…", "testing-only": true}]
//	  }
//	}
//
// Values are safe for concurrent use as long as nobody changes them. Two writers of one file are safe: one of them wins.
// The package does not talk to anybody, and does not encrypt: a key file is as safe as the disk it lies on.
package network
