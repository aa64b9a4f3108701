// Package vault runs one vault: it is the driver around the pure decisions of package vault/core. It owns what those do
// not have: the network, a store, a clock, goroutines.
//
//	v, err := vault.Start(ctx, vault.Config{Seed: seed, Parameters: parameters, Listen: listen, Bootstrap: bootstrap,
//		Store: store, Sync: true})
//	defer v.Close()
//
// [Vault] is the main type; it is safe for concurrent use.
//
// # One turn after the other
//
// A vault is one state machine, stepped by one loop. Whatever arrived since the last turn is taken, in turns from each
// peer; the core is stepped with it; all it states is signed with one signature; what it changes is one batch of the
// store, with one sync where [Config.Sync] says so; and only then everything it says leaves, one envelope for each peer.
// Nothing leaves before what it rests upon is durable. While a turn is stored, what arrives for the next gathers: the
// busier a vault, the longer its turns, and the less each message costs.
//
// Signatures of what arrives are checked beside the loop, as many frames at once as there are [Config.Workers], the
// frames of one peer one after the other and in order. Of one peer 4,096 inputs or 16 MiB of frames wait for the loop, of
// all vaults together 128 MiB and of all clients as much; beyond, the peer's frames are not read, which holds back that
// peer and no other. A turn takes 8,192 inputs or 32 MiB, and waits a moment for what is just being verified.
//
// Walks of the DHT and reads of the store are done beside the loop too, and their results come back as inputs.
//
// # Starting, stopping, leaving
//
// A store bears marks of the vault whose it is and of how its last life ended. A vault that was killed goes on where it
// was: a restart is as if the unread inbox were lost. One that ran without sync and lost power may have forgotten votes,
// and is refused ([PowerLossError]). [Vault.Close] stops it; others replace it when they have missed it for T_leave.
// [Vault.Leave] has it replaced first, while it serves, and then stops it.
//
// # When the store fails
//
// A vault whose store fails stops at once ([Vault.Done], [Vault.Err]): what it can no longer keep it must not promise.
//
// # What it does not do
//
// It decides nothing; that is package vault/core. It opens no store and closes none: the caller does, after Close. It
// knows nothing of accounts, keys or clients.
package vault
