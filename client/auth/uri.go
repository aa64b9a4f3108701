package auth

import (
	"strings"

	"vaultnet/internal/base64url"
	"vaultnet/internal/canonical"
)

// Bounds of URIs, in bytes.
const (
	MaxURI = 64 << 10
	MaxRef = 256 // of a request's id, riq
)

// Action is what a URI asks or answers.
type Action string

// The actions of requests, and those of answers (RFC 46, appendix).
const (
	AskPing       Action = "ping"
	AskAuth       Action = "auth"
	AskContainers Action = "containers"
	AskShare      Action = "share"

	Pong              Action = "pong"
	AuthGranted       Action = "auth-granted"
	AuthDenied        Action = "auth-denied"
	AuthRevoked       Action = "auth-revoked"
	ContainersGranted Action = "containers-granted"
	ContainersDenied  Action = "containers-denied"
	ContainersRevoked Action = "containers-revoked"
	ShareGranted      Action = "share-granted"
	ShareDenied       Action = "share-denied"
	Failure           Action = "error"
)

// requests and answers say what payload comes with an action; nil: none does.
var (
	requests = map[Action]func() Payload{
		AskPing:       nil,
		AskAuth:       func() Payload { return new(AuthRequest) },
		AskContainers: func() Payload { return new(ContainersRequest) },
		AskShare:      func() Payload { return new(ShareRequest) },
	}
	answers = map[Action]func() Payload{
		Pong:              nil,
		AuthGranted:       func() Payload { return new(AuthAnswer) },
		AuthDenied:        nil,
		AuthRevoked:       nil,
		ContainersGranted: func() Payload { return new(ContainersAnswer) },
		ContainersDenied:  nil,
		ContainersRevoked: func() Payload { return new(ContainersAnswer) },
		ShareGranted:      func() Payload { return new(ShareAnswer) },
		ShareDenied:       nil,
		Failure:           func() Payload { return new(ErrorAnswer) },
	}
)

// Message is what a URI says: a request to the authenticator, or its answer to an app.
type Message struct {
	Action  Action
	App     string // the app's id
	Payload Payload
	Ref     string // riq: of a request any text, which its answer repeats unchanged; empty: none
}

// The beginnings of URIs.
const (
	requestScheme = "safe-auth:"
	oldScheme     = "safeauth:" // accepted
	answerScheme  = "safe-auth-"
)

// Request writes safe-auth:ACTION:APPID[:PAYLOAD][?riq=ID]. APPID and PAYLOAD are base64url without padding, PAYLOAD being
// canonical CBOR. A message that [ParseRequest] would refuse is an error.
func (m *Message) Request() (string, error) {
	if err := m.check(requests); err != nil {
		return "", err
	}
	return m.finish(requestScheme + string(m.Action) + ":" + base64url.Encode([]byte(m.App)))
}

// Answer writes safe-auth-APPID:ACTION[:PAYLOAD][?riq=ID]: as secret as its payload. A message that [ParseAnswer] would
// refuse is an error.
func (m *Message) Answer() (string, error) {
	if err := m.check(answers); err != nil {
		return "", err
	}
	return m.finish(answerScheme + base64url.Encode([]byte(m.App)) + ":" + string(m.Action))
}

func (m *Message) finish(s string) (string, error) {
	if m.Payload != nil {
		s += ":" + base64url.Encode(canonical.Marshal(m.Payload))
	}
	if m.Ref != "" {
		s += "?riq=" + m.Ref
	}
	if len(s) > MaxURI {
		return "", protocol(BadParameter, "the URI is longer than 64 KiB")
	}
	return s, nil
}

func (m *Message) check(actions map[Action]func() Payload) error {
	payload, ok := actions[m.Action]
	switch {
	case !ok:
		return protocol(UnknownAction, "no such action")
	case (App{ID: m.App}).check("") != nil:
		return protocol(BadParameter, "app id")
	case !validRef(m.Ref):
		return protocol(BadParameter, "riq")
	case payload == nil && m.Payload != nil:
		return protocol(BadParameter, "this action has no payload")
	case payload == nil:
		return nil
	case m.Payload == nil:
		return protocol(MissingParameter, "payload")
	}
	return m.Payload.check(m)
}

func validRef(s string) bool {
	return len(s) <= MaxRef && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '&' || r == '#' })
}

// ParseRequest reads a request. An error is an [*ErrorAnswer], which is what to answer; the message then tells to whom, as
// far as that could be read.
func ParseRequest(uri string) (*Message, error) {
	parts, m, err := split(uri, requestScheme, oldScheme)
	if err != nil {
		return m, err
	}
	// ACTION, APPID, PAYLOAD; more is ignored.
	if len(parts) < 2 || parts[1] == "" {
		return m, protocol(MissingParameter, "app id")
	}
	if err := m.setApp(parts[1]); err != nil {
		return m, err
	}
	return m, m.take(requests, parts[0], parts[2:])
}

// ParseAnswer reads the answer for an app. An answer for another app is an error.
func ParseAnswer(app, uri string) (*Message, error) {
	parts, m, err := split(uri, answerScheme)
	if err != nil {
		return m, err
	}
	if len(parts) < 2 {
		return m, protocol(MissingParameter, "action")
	}
	if err := m.setApp(parts[0]); err != nil {
		return m, err
	}
	if m.App != app {
		return m, protocol(BadParameter, "it is for another app")
	}
	return m, m.take(answers, parts[1], parts[2:])
}

// split takes a URI apart. The message has the request's id even where there is an error, if it can be read.
func split(uri string, schemes ...string) ([]string, *Message, error) {
	m := &Message{}
	if len(uri) > MaxURI {
		return nil, m, protocol(BadParameter, "the URI is longer than 64 KiB")
	}
	rest, _, _ := strings.Cut(uri, "#")
	rest, query, _ := strings.Cut(rest, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if ref, ok := strings.CutPrefix(pair, "riq="); ok {
			if !validRef(ref) {
				return nil, m, protocol(MalformedParameter, "riq")
			}
			m.Ref = ref
			break
		}
	}
	for _, s := range schemes {
		if len(rest) >= len(s) && strings.EqualFold(rest[:len(s)], s) {
			return strings.Split(rest[len(s):], ":"), m, nil
		}
	}
	return nil, m, protocol(MalformedParameter, "the URI does not begin with "+schemes[0])
}

func (m *Message) setApp(text string) error {
	id, err := base64url.Decode(text)
	if err != nil {
		return protocol(MalformedParameter, "app id: want base64url without padding")
	}
	if (App{ID: string(id)}).check("") != nil {
		return protocol(BadParameter, "app id: want 1 to 200 bytes of printable text without space and slash")
	}
	m.App = string(id)
	return nil
}

// take reads action and payload.
func (m *Message) take(actions map[Action]func() Payload, action string, payload []string) error {
	if action == "" {
		return protocol(MissingParameter, "action")
	}
	make, ok := actions[Action(action)]
	if !ok {
		return protocol(UnknownAction, "there is no action of this name")
	}
	m.Action = Action(action)
	if make == nil {
		return nil
	}
	if len(payload) == 0 || payload[0] == "" {
		return protocol(MissingParameter, "payload")
	}
	b, err := base64url.Decode(payload[0])
	if err != nil {
		return protocol(MalformedParameter, "payload: want base64url without padding")
	}
	p := make()
	if err := canonical.Unmarshal(b, p, MaxURI); err != nil {
		return protocol(MalformedParameter, "payload: "+err.Error())
	}
	if err := p.check(m); err != nil {
		return err
	}
	m.Payload = p
	return nil
}
