package batch

import (
	"context"

	"vaultnet"
)

type putChunk struct {
	as      string
	payer   User
	content []byte
}

func (o *putChunk) members() []*member {
	return []*member{as(&o.as), payer(&o.payer), content(&o.content)}
}

func (o *putChunk) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, o.payer)
	if err != nil {
		return nil, err
	}
	name, err := t.network().PutChunk(ctx, by, o.content)
	if err != nil {
		return nil, err
	}
	return []Field{{"name", vaultnet.PublicKey(name).String()}}, nil
}

type getChunk struct{ name vaultnet.Name }

func (o *getChunk) members() []*member {
	return []*member{scalar("name", "NAME", "the chunk's name: 64 hex digits, the SHA-256 of its content", &o.name, parseChunkName)}
}

func (o *getChunk) run(ctx context.Context, t *task) ([]Field, error) {
	content, err := t.network().GetChunk(ctx, o.name)
	if err != nil {
		return nil, err
	}
	return []Field{{"content", Content(content)}}, nil
}
