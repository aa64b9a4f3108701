package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"vaultnet/refusal"
)

// MaxParallel is how many operations one parallel starts.
const MaxParallel = 1000

type sleep struct{ length time.Duration }

func (o *sleep) members() []*member {
	return []*member{duration("for", "how long", 0, &o.length)}
}

func (o *sleep) run(ctx context.Context, _ *task) ([]Field, error) {
	timer := time.NewTimer(o.length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, &refusal.Error{Kind: refusal.Unavailable, Cause: context.Cause(ctx)}
	}
}

// parallel starts operations all at once. What is not understood of them is the answer in its place.
type parallel struct{ ops []part }

type part struct {
	op    *Operation
	wrong error
}

func (o *parallel) members() []*member {
	return []*member{{name: "ops", needed: true, read: func(raw json.RawMessage) error {
		all, err := readList(raw, MaxParallel)
		if err != nil {
			return err
		}
		for _, raw := range all {
			var p part
			if p.op, p.wrong = decode(raw); p.wrong == nil && p.op.Verb.Name == "parallel" {
				p = part{wrong: fmt.Errorf("parallel within parallel")}
			}
			o.ops = append(o.ops, p)
		}
		return nil
	}}}
}

func (o *parallel) run(ctx context.Context, t *task) ([]Field, error) {
	answers := make(Answers, len(o.ops))
	var all sync.WaitGroup
	for i, p := range o.ops {
		if p.wrong != nil {
			answers[i] = Misunderstood(p.wrong)
			continue
		}
		all.Go(func() { answers[i] = t.runner.do(ctx, p.op, t.settings) })
	}
	all.Wait()
	return []Field{{"results", answers}}, nil
}
