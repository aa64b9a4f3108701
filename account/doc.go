// Package account is the rules of an Account: what the client managers of an owner agree on (semantics §3, design §8,
// RFC 48). It holds the owner's operations (done, reserved, available), the grants of the apps that may spend them, and
// the permits that are out.
//
// An [Account] is an immutable value; the nil Account is one that does not exist. An operation comes as the body of a
// signed request ([Decode]); applying it gives the next account and a [Result], or a refusal and no change:
//
//	op, err := account.Decode(request.Body)          // strict, bounded
//	a = a.Advance(block.Time, parameters)            // what time does, before the operations of a block
//	a, result, err := a.Apply(op, account.Context{…})
//	writes := a.Diff(before)                         // one storage record per grant, permit, ended grant
//
// Time is agreed: every time here is a block's. Nothing depends on a clock, on randomness or on the order of a Go map,
// so all managers compute the same account and the same [Account.Digest]. Values are safe for concurrent use.
//
// Not here: signatures of requests and attestations ([Settle.Verify] is for the caller), who the signers of a statement
// are to a vault ([Settle.Shown]), signing of permits, agreement.
package account
