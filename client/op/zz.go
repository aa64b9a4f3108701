package op

import "vaultnet/refusal"

func (m PutChunk) begin(c *Client, t Ticket) {
	c.under(t, "later").fail(refusal.New(refusal.Unavailable))
}
func (m GetChunk) begin(c *Client, t Ticket) {
	c.under(t, "later").fail(refusal.New(refusal.Unavailable))
}
func (m Outcome) begin(c *Client, t Ticket) {
	c.under(t, "later").fail(refusal.New(refusal.Unavailable))
}
func (m SettleAll) begin(c *Client, t Ticket) {
	c.under(t, "later").fail(refusal.New(refusal.Unavailable))
}
