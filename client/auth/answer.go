package auth

import (
	"context"
	"errors"
	"slices"

	"vaultnet/refusal"
)

// Question is what a person, or a policy, is asked.
type Question struct {
	Action    Action // AskAuth, AskContainers or AskShare
	App       App
	Asked     Access    // what it asks for: of AskAuth all that it is to have, else what it wants besides
	Access    Access    // what it would have then
	Judgement Judgement // what it has, and the difference
	// Unregistered: the app only wants to know how to reach the network, without an account.
	Unregistered bool
}

// Decide answers a question: with the access that the app gets, what it asked for or less, or false for none, which counts
// towards not being asked any more. The error Denied is a denial that does not count, because it troubled nobody; any other
// is answered USER_INTERVENTION_NEEDED: nobody could be asked.
type Decide func(context.Context, Question) (Access, bool, error)

// Ask has the policy answer questions. It lets everybody know how to reach the network.
func (a *Account) Ask(p *Policy) Decide {
	return func(_ context.Context, q Question) (Access, bool, error) {
		if q.Unregistered {
			return Access{}, true, nil
		}
		gets, ok := p.Decide(q.App, q.Asked, a.cfg.Clock())
		if !ok {
			return Access{}, false, Denied
		}
		return gets, true, nil
	}
}

// Answer answers a request with what to send back to the app: granted, denied or an error, always the URI of an answer
// unless the request does not even tell which app asks. network is the network file, for apps that do not have it. The
// error, beside the answer, is for the person's eyes.
//
// An answer that grants access contains the app's keys: it goes to the app and nowhere else.
func (a *Account) Answer(ctx context.Context, uri string, network []byte, decide Decide) (string, error) {
	m, err := ParseRequest(uri)
	if err != nil {
		return failure(m, err)
	}
	answer, err := a.answer(ctx, m, network, decide)
	if err != nil {
		text, _ := failure(m, err)
		return text, err
	}
	answer.App, answer.Ref = m.App, m.Ref
	text, err := answer.Answer()
	if err != nil {
		return failure(m, err)
	}
	return text, nil
}

// failure is the answer that says what went wrong, and what went wrong.
func failure(m *Message, err error) (string, error) {
	var e *ErrorAnswer
	if !errors.As(err, &e) {
		e = protocol(code(err), err.Error())
	}
	text, wrong := Reply(m, e).Answer()
	if wrong != nil { // there is no app to answer
		return "", err
	}
	return text, err
}

// code is the number for what went wrong.
func code(err error) Code {
	switch {
	case errors.Is(err, NoContainer), errors.Is(err, NoObject), errors.Is(err, Invalid), errors.Is(err, TooLarge):
		return BadParameter
	case errors.Is(err, NoApp), errors.Is(err, Revoked):
		return MissingPermission
	case errors.Is(err, refusal.Unavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return LostConnection
	}
	return InternalError
}

func (a *Account) answer(ctx context.Context, m *Message, network []byte, decide Decide) (*Message, error) {
	switch p := m.Payload.(type) {
	case *AuthRequest:
		if p.Unregistered {
			return a.unregistered(ctx, p, network, decide)
		}
		return a.answerAuth(ctx, p, network, decide)
	case *ContainersRequest:
		return a.answerMore(ctx, Question{Action: AskContainers, App: p.App}, Access{Containers: p.Containers}, decide)
	case *ShareRequest:
		return a.answerMore(ctx, Question{Action: AskShare, App: p.App}, Access{Objects: p.Objects}, decide)
	}
	return &Message{Action: Pong}, nil
}

func (a *Account) unregistered(ctx context.Context, p *AuthRequest, network []byte, decide Decide) (*Message, error) {
	_, ok, err := decide(ctx, Question{Action: AskAuth, App: p.App, Unregistered: true})
	switch {
	case err != nil && !errors.Is(err, Denied):
		return nil, protocol(UserInterventionNeeded, err.Error())
	case !ok:
		return &Message{Action: AuthDenied}, nil
	}
	return &Message{Action: AuthGranted, Payload: &AuthAnswer{Network: network}}, nil
}

// ask judges a question and has it decided. False: it was denied, or too often.
func (a *Account) ask(ctx context.Context, q Question, decide Decide) (Access, bool, error) {
	if q.Judgement.Verdict == Blocked {
		return Access{}, false, protocol(Refused, "denied too often: the person has to lift it")
	}
	gets, ok, err := decide(ctx, q)
	if errors.Is(err, Denied) {
		return Access{}, false, nil
	}
	if err != nil {
		return Access{}, false, protocol(UserInterventionNeeded, err.Error())
	}
	if !ok {
		return Access{}, false, a.Deny(ctx, q.App)
	}
	return gets, true, nil
}

func (a *Account) answerAuth(ctx context.Context, p *AuthRequest, network []byte, decide Decide) (*Message, error) {
	j, err := a.Judge(ctx, p.App, p.Access)
	if err != nil {
		return nil, err
	}
	cred := j.Credential
	if j.Verdict != Same {
		gets, ok, err := a.ask(ctx, Question{Action: AskAuth, App: p.App, Asked: p.Access, Access: p.Access, Judgement: j}, decide)
		if err != nil {
			return nil, err
		}
		if !ok {
			return &Message{Action: AuthDenied}, nil
		}
		if cred, err = a.Authorise(ctx, p.App, gets); err != nil {
			return nil, err
		}
	}
	return &Message{Action: AuthGranted, Payload: &AuthAnswer{Credentials: []Credentials{cred}, Network: network}}, nil
}

// answerMore answers a request for more, of an app that has access.
func (a *Account) answerMore(ctx context.Context, q Question, more Access, decide Decide) (*Message, error) {
	r, err := a.has(ctx, "authorise", q.App)
	if err != nil {
		return nil, err
	}
	q.App, q.Asked, q.Access = r.App, more, r.Access.adding(more)
	if q.Judgement, err = a.Judge(ctx, q.App, q.Access); err != nil {
		return nil, err
	}
	granted, denied := ContainersGranted, ContainersDenied
	if q.Action == AskShare {
		granted, denied = ShareGranted, ShareDenied
	}
	gets := q.Access
	if q.Judgement.Verdict != Same {
		var ok bool
		if gets, ok, err = a.ask(ctx, q, decide); err != nil {
			return nil, err
		}
		if !ok {
			return &Message{Action: denied}, nil
		}
		// What it has stays: this is a request for more.
		added := gets.within(more)
		gets = r.Access.adding(added)
		if gets.Equal(&r.Access) {
			return &Message{Action: denied}, nil
		}
		err := a.revise(ctx, "authorise", r.App, func(r *record) (Access, error) {
			gets = r.Access.adding(added)
			return gets, nil
		})
		if err != nil {
			return nil, err
		}
	}
	if q.Action == AskShare {
		return &Message{Action: granted, Payload: &ShareAnswer{gets.within(more).Objects}}, nil
	}
	return &Message{Action: granted, Payload: &ContainersAnswer{gets.within(more).Containers}}, nil
}

// within is what of an access is in another, too.
func (a Access) within(b Access) Access {
	both := Access{Containers: []ContainerAccess{}, Objects: []ObjectAccess{}}
	for _, c := range b.Containers {
		i := slices.IndexFunc(a.Containers, func(x ContainerAccess) bool { return x.Path == c.Path })
		if i >= 0 && a.Containers[i].Rights&c.Rights != 0 {
			both.Containers = append(both.Containers, ContainerAccess{c.Path, a.Containers[i].Rights & c.Rights})
		}
	}
	for _, o := range b.Objects {
		i := slices.IndexFunc(a.Objects, func(x ObjectAccess) bool { return x.Address == o.Address })
		if i >= 0 && a.Objects[i].Rights&o.Rights != 0 {
			both.Objects = append(both.Objects, ObjectAccess{o.Address, a.Objects[i].Rights & o.Rights, o.Label})
		}
	}
	return both
}
