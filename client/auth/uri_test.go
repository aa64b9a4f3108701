package auth

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/signature"
)

var notes = App{ID: "org.example.notes", Scope: "phone", Name: "Notes", Vendor: "Example"}

func someAccess() Access {
	return Access{
		Containers: []ContainerAccess{{"_documents", Read | Insert}, {"_pictures/2024", Read}},
		Objects:    []ObjectAccess{{vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{1}, Tag: 7}, Read | Update, "list"}},
		Own:        true,
		Terms:      Terms{Expires: 1_800_000_000_000, Uses: 3, Idle: time.Hour, Offline: 24 * time.Hour, Temporary: true},
	}
}

func someCredentials() Credentials {
	key := signature.NewKey([32]byte{9}).Public()
	return Credentials{Network: vaultnet.NetworkID{1, 2}, Name: "home", App: notes, Key: [32]byte{3}, Owner: key, Record: vaultnet.Name{4}}
}

// messages has one of each action, in both directions.
func messages() (ask, tell []*Message) {
	a := someAccess()
	ask = []*Message{
		{Action: AskPing, Ref: "1"},
		{Action: AskAuth, Payload: &AuthRequest{App: notes, Access: a}, Ref: "a%20b=c"},
		{Action: AskAuth, Payload: &AuthRequest{App: notes, Access: Access{Containers: []ContainerAccess{}, Objects: []ObjectAccess{}}, Unregistered: true}},
		{Action: AskContainers, Payload: &ContainersRequest{notes, a.Containers}},
		{Action: AskShare, Payload: &ShareRequest{notes, a.Objects}},
	}
	failure := protocol(Refused, "asked too often")
	failure.Ref, failure.Details = "7", "since yesterday"
	tell = []*Message{
		{Action: Pong, Ref: "1"},
		{Action: AuthGranted, Payload: &AuthAnswer{Credentials: []Credentials{someCredentials()}, Network: []byte("{}")}},
		{Action: AuthGranted, Payload: &AuthAnswer{Credentials: []Credentials{}, Network: []byte("{}")}},
		{Action: AuthDenied},
		{Action: AuthRevoked},
		{Action: ContainersGranted, Payload: &ContainersAnswer{a.Containers}},
		{Action: ContainersDenied},
		{Action: ContainersRevoked, Payload: &ContainersAnswer{a.Containers[1:]}},
		{Action: ShareGranted, Payload: &ShareAnswer{a.Objects}},
		{Action: ShareDenied},
		{Action: Failure, Payload: failure, Ref: "7"},
	}
	for _, list := range [][]*Message{ask, tell} {
		for _, m := range list {
			m.App = notes.ID
		}
	}
	return ask, tell
}

func TestURIsThereAndBack(t *testing.T) {
	ask, tell := messages()
	seen := map[Action]bool{}
	for _, m := range ask {
		uri, err := m.Request()
		if err != nil {
			t.Fatalf("%s: %v", m.Action, err)
		}
		if got, err := ParseRequest(uri); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v %v, want %+v", uri, got, err, m)
		}
		seen[m.Action] = true
	}
	for _, m := range tell {
		uri, err := m.Answer()
		if err != nil {
			t.Fatalf("%s: %v", m.Action, err)
		}
		if got, err := ParseAnswer(notes.ID, uri); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v %v, want %+v", uri, got, err, m)
		}
		if _, err := ParseAnswer("org.example.other", uri); err == nil {
			t.Errorf("%s: taken by another app", m.Action)
		}
		seen[m.Action] = true
	}
	if len(seen) != len(requests)+len(answers) {
		t.Errorf("%d actions of %d", len(seen), len(requests)+len(answers))
	}
}

func TestFormOfURIs(t *testing.T) {
	const app = "b3JnLmV4YW1wbGUubm90ZXM" // org.example.notes
	ping := &Message{Action: AskPing, App: notes.ID, Ref: "42"}
	if uri, err := ping.Request(); err != nil || uri != "safe-auth:ping:"+app+"?riq=42" {
		t.Errorf("%s %v", uri, err)
	}
	pong := &Message{Action: Pong, App: notes.ID, Ref: "42"}
	if uri, err := pong.Answer(); err != nil || uri != "safe-auth-"+app+":pong?riq=42" {
		t.Errorf("%s %v", uri, err)
	}
	share, err := (&Message{Action: ShareDenied, App: notes.ID}).Answer()
	if err != nil || share != "safe-auth-"+app+":share-denied" {
		t.Errorf("%s %v", share, err)
	}
	for _, uri := range []string{"safe-auth:ping:" + app + "?riq=42", "safeauth:ping:" + app + "?riq=42", "SAFE-AUTH:ping:" + app + "?riq=42",
		"safe-auth:ping:" + app + ":and:more?riq=42", "safe-auth:ping:" + app + "?x=y&riq=42&riq=43#part"} {
		if m, err := ParseRequest(uri); err != nil || m.Ref != "42" || m.App != notes.ID || m.Action != AskPing {
			t.Errorf("%s: %+v %v", uri, m, err)
		}
	}
}

func TestURIsThatAreRefused(t *testing.T) {
	const app = "b3JnLmV4YW1wbGUubm90ZXM"
	ask, _ := messages()
	auth, _ := ask[1].Request()
	body := strings.TrimSuffix(strings.TrimPrefix(auth, "safe-auth:auth:"+app+":"), "?riq="+ask[1].Ref)
	for _, c := range []struct {
		uri  string
		want Code
	}{
		{"", MalformedParameter},
		{"http://example.org", MalformedParameter},
		{"safe-auth:", MissingParameter},
		{"safe-auth:ping", MissingParameter},
		{"safe-auth:ping:", MissingParameter},
		{"safe-auth::" + app, MissingParameter},
		{"safe-auth:pong:" + app, UnknownAction},
		{"safe-auth:dance:" + app, UnknownAction},
		{"safe-auth:ping:" + app + "=", MalformedParameter},
		{"safe-auth:ping:" + app + "\n", MalformedParameter},
		{"safe-auth:ping:a+/b", MalformedParameter},
		{"safe-auth:ping:Lg", BadParameter},   // .
		{"safe-auth:ping:YS9i", BadParameter}, // a/b
		{"safe-auth:ping:" + app + "?riq=a b", MalformedParameter},
		{"safe-auth:ping:" + app + "?riq=" + strings.Repeat("x", MaxRef+1), MalformedParameter},
		{"safe-auth:auth:" + app, MissingParameter},
		{"safe-auth:auth:" + app + ":", MissingParameter},
		{"safe-auth:auth:" + app + ":!", MalformedParameter},
		{"safe-auth:auth:" + app + ":" + body[:8] + "\r\n" + body[8:], MalformedParameter},
		{"safe-auth:auth:" + app + ":" + body[:len(body)-4], MalformedParameter},
		{"safe-auth:auth:YW5vdGhlcg:" + body, BadParameter},
		{"safe-auth:containers:" + app + ":" + body, MalformedParameter},
		{"safe-auth:ping:" + strings.Repeat("x", MaxURI), BadParameter},
	} {
		_, err := ParseRequest(c.uri)
		var e *ErrorAnswer
		if !errors.As(err, &e) || e.Code != c.want || e.Name != c.want.String() {
			t.Errorf("%.80s: %v, want %v", c.uri, err, c.want)
		}
	}
	// What is wrong can be answered, with the request's id.
	m, err := ParseRequest("safe-auth:dance:" + app + "?riq=9")
	var e *ErrorAnswer
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	uri, err := Reply(m, e).Answer()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseAnswer(notes.ID, uri)
	if err != nil || back.Ref != "9" || back.Payload.(*ErrorAnswer).Ref != "9" || back.Payload.(*ErrorAnswer).Code != UnknownAction {
		t.Errorf("%+v %v", back, err)
	}
}

func TestMessagesOutOfBoundsAreNotWritten(t *testing.T) {
	twice := Access{Containers: []ContainerAccess{{"a", Read}, {"a", Read}}}
	for what, m := range map[string]*Message{
		"an answer as a request": {Action: Pong, App: notes.ID},
		"no app":                 {Action: AskPing},
		"payload of a ping":      {Action: AskPing, App: notes.ID, Payload: &AuthRequest{App: notes}},
		"no payload":             {Action: AskAuth, App: notes.ID},
		"another app":            {Action: AskAuth, App: "other", Payload: &AuthRequest{App: notes}},
		"riq":                    {Action: AskPing, App: notes.ID, Ref: "a&b"},
		"containers twice":       {Action: AskAuth, App: notes.ID, Payload: &AuthRequest{App: notes, Access: twice}},
		"no containers":          {Action: AskContainers, App: notes.ID, Payload: &ContainersRequest{App: notes}},
		"no objects":             {Action: AskShare, App: notes.ID, Payload: &ShareRequest{App: notes}},
		"..":                     {Action: AskContainers, App: notes.ID, Payload: &ContainersRequest{notes, []ContainerAccess{{"a/../b", Read}}}},
		"rights":                 {Action: AskContainers, App: notes.ID, Payload: &ContainersRequest{notes, []ContainerAccess{{"a", 64}}}},
		"unregistered":           {Action: AskAuth, App: notes.ID, Payload: &AuthRequest{App: notes, Access: someAccess(), Unregistered: true}},
		"expiry":                 {Action: AskAuth, App: notes.ID, Payload: &AuthRequest{App: notes, Access: Access{Terms: Terms{Expires: -1}}}},
		"offline":                {Action: AskAuth, App: notes.ID, Payload: &AuthRequest{App: notes, Access: Access{Terms: Terms{Offline: 48 * time.Hour}}}},
		"a chunk": {Action: AskShare, App: notes.ID, Payload: &ShareRequest{notes, []ObjectAccess{
			{Address: vaultnet.Address{Kind: vaultnet.KindImmutableData}, Rights: Read}}}},
	} {
		if uri, err := m.Request(); err == nil {
			t.Errorf("%s: %s", what, uri)
		}
	}
}

func FuzzRequest(f *testing.F) {
	ask, _ := messages()
	for _, m := range ask {
		uri, err := m.Request()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		m, err := ParseRequest(uri)
		if err != nil {
			var e *ErrorAnswer
			if !errors.As(err, &e) {
				t.Errorf("%T %v", err, err)
			} else if m.App != "" {
				if _, err := Reply(m, e).Answer(); err != nil {
					t.Errorf("cannot be answered: %v", err)
				}
			}
			return
		}
		again, err := m.Request()
		if err != nil {
			t.Fatalf("%q was read, but cannot be written: %v", uri, err)
		}
		if back, err := ParseRequest(again); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%q: %+v %v, want %+v", again, back, err, m)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	_, tell := messages()
	for _, m := range tell {
		uri, err := m.Answer()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		m, err := ParseAnswer(notes.ID, uri)
		if err != nil {
			return
		}
		again, err := m.Answer()
		if err != nil {
			t.Fatalf("%q was read, but cannot be written: %v", uri, err)
		}
		if back, err := ParseAnswer(notes.ID, again); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%q: %+v %v, want %+v", again, back, err, m)
		}
	})
}
