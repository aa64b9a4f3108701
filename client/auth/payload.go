package auth

import "unicode/utf8"

// Payload is one of the types below. Each travels as the array of its fields.
type Payload interface {
	// check refuses, with an [*ErrorAnswer], what is out of bounds in a message.
	check(*Message) error
}

// AuthRequest asks for access on behalf of a person, or only for how to reach the network.
type AuthRequest struct {
	App          App
	Access       Access
	Unregistered bool // without an account: to read needs no permission. Access is empty
}

// ContainersRequest asks for containers besides those that the app has.
type ContainersRequest struct {
	App        App // ID and Scope say which grant is meant
	Containers []ContainerAccess
}

// ShareRequest asks for single objects besides those that the app has.
type ShareRequest struct {
	App     App
	Objects []ObjectAccess
}

// AuthAnswer gives an app what it needs: as secret as the credentials.
type AuthAnswer struct {
	Credentials []Credentials // one, or none for an app that asked for an unregistered answer
	Network     []byte        // the network file: how to reach the network; may be empty where the app knows
}

// ContainersAnswer says which containers were granted, or revoked.
type ContainersAnswer struct{ Containers []ContainerAccess }

// ShareAnswer says which objects were granted.
type ShareAnswer struct{ Objects []ObjectAccess }

// bad makes of a check's error what is answered.
func bad(err error) error {
	if err == nil {
		return nil
	}
	return protocol(BadParameter, err.Error())
}

func (a App) checkIn(m *Message) error {
	if a.ID != m.App {
		return protocol(BadParameter, "the payload names another app")
	}
	return bad(a.check("app"))
}

func (r *AuthRequest) check(m *Message) error {
	if err := r.App.checkIn(m); err != nil {
		return err
	}
	if r.Unregistered && !r.Access.Equal(&Access{}) {
		return protocol(BadParameter, "an unregistered app has no access")
	}
	return bad(r.Access.check("access"))
}

func (r *ContainersRequest) check(m *Message) error {
	if err := r.App.checkIn(m); err != nil {
		return err
	}
	if len(r.Containers) == 0 {
		return protocol(MissingParameter, "containers")
	}
	return bad((&Access{Containers: r.Containers}).check("access"))
}

func (r *ShareRequest) check(m *Message) error {
	if err := r.App.checkIn(m); err != nil {
		return err
	}
	if len(r.Objects) == 0 {
		return protocol(MissingParameter, "objects")
	}
	return bad((&Access{Objects: r.Objects}).check("access"))
}

// maxNetworkFile bounds a network file in an answer, in bytes.
const maxNetworkFile = 32 << 10

func (a *AuthAnswer) check(m *Message) error {
	if len(a.Credentials) > 1 || len(a.Network) > maxNetworkFile || len(a.Credentials) == 0 && len(a.Network) == 0 {
		return protocol(BadParameter, "want credentials, a network file or both")
	}
	for i := range a.Credentials {
		if err := a.Credentials[i].App.checkIn(m); err != nil {
			return err
		}
		if err := a.Credentials[i].check("credentials"); err != nil {
			return bad(err)
		}
	}
	return nil
}

func (a *ContainersAnswer) check(*Message) error {
	if len(a.Containers) > MaxContainers+1 {
		return protocol(BadParameter, "too many containers")
	}
	for i, c := range a.Containers {
		if err := checkPath(c.Path); err != nil {
			return bad(err)
		}
		if !c.Rights.valid() || i > 0 && a.Containers[i-1].Path >= c.Path {
			return protocol(BadParameter, "rights or order of containers")
		}
	}
	return nil
}

func (a *ShareAnswer) check(*Message) error {
	return bad((&Access{Objects: a.Objects}).check("access"))
}

// Code is a number of RFC 46's errors.
type Code uint16

// The codes.
const (
	UnknownAction          Code = 4001
	MissingParameter       Code = 4002
	MalformedParameter     Code = 4003
	BadParameter           Code = 4004
	MissingPermission      Code = 4005
	Refused                Code = 4006 // DENIED: too often; nobody is asked any more until the person lifts it
	InternalError          Code = 5001
	UserInterventionNeeded Code = 5002
	NotImplemented         Code = 5003
	LostConnection         Code = 5004
)

var codeNames = map[Code]string{UnknownAction: "UNKNOWN_ACTION", MissingParameter: "MISSING_PARAMETER",
	MalformedParameter: "MALFORMED_PARAMETER", BadParameter: "BAD_PARAMETER", MissingPermission: "MISSING_PERMISSION", Refused: "DENIED",
	InternalError: "INTERNAL_ERROR", UserInterventionNeeded: "USER_INTERVENTION_NEEDED", NotImplemented: "NOT_IMPLEMENTED",
	LostConnection: "LOST_CONNECTION"}

// String is the code's name, as it travels beside it.
func (c Code) String() string { return codeNames[c] }

// ErrorAnswer says why a request could not be answered otherwise.
type ErrorAnswer struct {
	Code    Code
	Name    string // the code's
	Message string // for people
	Details string // may be empty
	Ref     string // of the request, where it has one
}

const maxErrorText = 1024

func protocol(c Code, message string) *ErrorAnswer {
	for len(message) > maxErrorText || !utf8.ValidString(message) {
		message = message[:min(maxErrorText, len(message)-1)]
	}
	return &ErrorAnswer{Code: c, Name: c.String(), Message: message}
}

// Error is one line for people.
func (e *ErrorAnswer) Error() string {
	s := e.Name + ": " + e.Message
	if e.Details != "" {
		s += " (" + e.Details + ")"
	}
	return s
}

func (e *ErrorAnswer) check(*Message) error {
	if e.Code.String() == "" || e.Name != e.Code.String() {
		return protocol(BadParameter, "no such error")
	}
	for _, s := range []string{e.Message, e.Details} {
		if len(s) > maxErrorText || !utf8.ValidString(s) {
			return protocol(BadParameter, "text of the error")
		}
	}
	if !validRef(e.Ref) {
		return protocol(BadParameter, "riq")
	}
	return nil
}

// Reply is the answer to a request that says why there is no better one. The request may be one that could be read in part.
func Reply(m *Message, e *ErrorAnswer) *Message {
	told := *e
	told.Ref = m.Ref
	return &Message{Action: Failure, App: m.App, Ref: m.Ref, Payload: &told}
}
