package vault

import "context"

// Leave takes the vault out of its network: it stops in good order. The other members of what it holds miss it, and
// replace it by set blocks where they know another vault, after the network's T_leave; what it held they have, too.
func (v *Vault) Leave(ctx context.Context) error { return v.Close() }
