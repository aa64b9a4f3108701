package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
)

// asker is an app that sends URIs.
type asker struct {
	t      *testing.T
	a      *Account
	decide Decide
	asked  int
}

func (k *asker) send(action Action, p Payload) *Message {
	k.t.Helper()
	m := &Message{Action: action, App: notes.ID, Payload: p, Ref: "17"}
	uri, err := m.Request()
	if err != nil {
		k.t.Fatal(err)
	}
	text, _ := k.a.Answer(ctx, uri, []byte("network file"), func(c context.Context, q Question) (Access, bool, error) {
		k.asked++
		return k.decide(c, q)
	})
	answer, err := ParseAnswer(notes.ID, text)
	if err != nil {
		k.t.Fatalf("%q: %v", text, err)
	}
	if answer.Ref != "17" {
		k.t.Errorf("riq %q came back", answer.Ref)
	}
	return answer
}

func yes(_ context.Context, q Question) (Access, bool, error) { return q.Access, true, nil }
func no(context.Context, Question) (Access, bool, error)      { return Access{}, false, nil }

func TestRequestsAreAnswered(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	k := &asker{t: t, a: a, decide: yes}
	if m := k.send(AskPing, nil); m.Action != Pong || k.asked != 0 {
		t.Errorf("%+v", m)
	}
	auth := &AuthRequest{App: notes, Access: writing()}
	m := k.send(AskAuth, auth)
	if m.Action != AuthGranted || k.asked != 1 {
		t.Fatalf("%+v", m)
	}
	granted := m.Payload.(*AuthAnswer)
	p := app{t, w, granted.Credentials[0]}
	if err := p.insert("_documents", "x"); err != nil || string(granted.Network) != "network file" {
		t.Errorf("%v", err)
	}
	if m := k.send(AskAuth, auth); m.Action != AuthGranted || k.asked != 1 || m.Payload.(*AuthAnswer).Credentials[0] != p.cred {
		t.Errorf("the same again: %+v, asked %d times", m, k.asked)
	}

	// More, of which it gets a part.
	k.decide = func(_ context.Context, q Question) (Access, bool, error) {
		if len(q.Judgement.Difference.More) != 2 || len(q.Access.Containers) != 3 {
			t.Errorf("asked about %+v", q)
		}
		return Access{Containers: []ContainerAccess{{"_music", Read}}}, true, nil
	}
	more := &ContainersRequest{notes, []ContainerAccess{{"_music", Read | Insert}, {"_videos", Read}}}
	if m := k.send(AskContainers, more); m.Action != ContainersGranted || len(m.Payload.(*ContainersAnswer).Containers) != 1 ||
		m.Payload.(*ContainersAnswer).Containers[0] != (ContainerAccess{"_music", Read}) {
		t.Errorf("%+v", m)
	}
	if err := p.insert("_documents", "y"); err != nil {
		t.Error(err)
	}
	k.decide = no
	if m := k.send(AskContainers, more); m.Action != ContainersDenied {
		t.Errorf("%+v", m)
	}

	object := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}, Tag: 1}
	share := &ShareRequest{notes, []ObjectAccess{{object, Read | Insert, "a list"}}}
	if m := k.send(AskShare, share); m.Action != ShareDenied {
		t.Errorf("%+v", m)
	}
	k.decide = yes
	if m := k.send(AskShare, share); m.Action != Failure || m.Payload.(*ErrorAnswer).Code != BadParameter {
		t.Errorf("of an object that is not there: %+v", m.Payload)
	}
	by := a.Actor()
	put := container.Mutate{Address: object, Mutation: &mutabledata.Put{Owner: by.Account}}
	if err := w.Data(by).Do(ctx, []container.Step{put})[0].Err; err != nil {
		t.Fatal(err)
	}
	if m := k.send(AskShare, share); m.Action != ShareGranted || len(m.Payload.(*ShareAnswer).Objects) != 1 {
		t.Errorf("%+v", m)
	}

	if _, err := a.Revoke(ctx, notes); err != nil {
		t.Fatal(err)
	}
	if m := k.send(AskContainers, more); m.Action != Failure || m.Payload.(*ErrorAnswer).Code != MissingPermission {
		t.Errorf("after the revocation: %+v", m.Payload)
	}
	asked := k.asked
	if m := k.send(AskAuth, auth); m.Action != AuthGranted || k.asked != asked+1 || m.Payload.(*AuthAnswer).Credentials[0].Key == p.cred.Key {
		t.Errorf("after the revocation: %+v, asked %d times", m, k.asked-asked)
	}
}

func TestDeniedTooOften(t *testing.T) {
	w := newWorld(t)
	k := &asker{t: t, a: w.create(t), decide: no}
	auth := &AuthRequest{App: notes, Access: writing()}
	for range maxDenied {
		if m := k.send(AskAuth, auth); m.Action != AuthDenied {
			t.Fatalf("%+v", m)
		}
	}
	k.decide = yes
	if m := k.send(AskAuth, auth); m.Action != Failure || m.Payload.(*ErrorAnswer).Code != Refused || k.asked != maxDenied {
		t.Errorf("%+v, asked %d times", m.Payload, k.asked)
	}
	if err := k.a.Lift(ctx, notes); err != nil {
		t.Fatal(err)
	}
	if m := k.send(AskAuth, auth); m.Action != AuthGranted {
		t.Errorf("%+v", m)
	}
}

func TestAnswersToWhatGoesWrong(t *testing.T) {
	w := newWorld(t)
	k := &asker{t: t, a: w.create(t), decide: yes}
	auth := func(access Access) Payload { return &AuthRequest{App: notes, Access: access} }
	if m := k.send(AskAuth, auth(Access{Containers: []ContainerAccess{{"_nothing", Read}}})); m.Payload.(*ErrorAnswer).Code != BadParameter ||
		!strings.Contains(m.Payload.(*ErrorAnswer).Message, "_nothing") {
		t.Errorf("%+v", m.Payload)
	}
	k.decide = func(context.Context, Question) (Access, bool, error) {
		return Access{}, false, errors.New("nobody there")
	}
	if m := k.send(AskAuth, auth(writing())); m.Payload.(*ErrorAnswer).Code != UserInterventionNeeded {
		t.Errorf("%+v", m.Payload)
	}
	w.crash = w.changes
	if m := k.send(AskAuth, auth(writing())); m.Payload.(*ErrorAnswer).Code != LostConnection {
		t.Errorf("%+v", m.Payload)
	}
	for uri, want := range map[string]bool{"safe-auth:dance:b3JnLmV4YW1wbGUubm90ZXM?riq=9": true, "safe-auth:dance": false, "rubbish": false} {
		text, err := k.a.Answer(ctx, uri, nil, yes)
		if err == nil || (text != "") != want {
			t.Errorf("%s: %q %v", uri, text, err)
		}
	}
}

func TestUnregisteredAppsLearnTheNetwork(t *testing.T) {
	w := newWorld(t)
	k := &asker{t: t, a: w.create(t), decide: yes}
	changes := w.changes
	ask := &AuthRequest{App: notes, Unregistered: true}
	m := k.send(AskAuth, ask)
	if p, ok := m.Payload.(*AuthAnswer); !ok || m.Action != AuthGranted || len(p.Credentials) != 0 || string(p.Network) != "network file" {
		t.Errorf("%+v", m)
	}
	k.decide = no
	if m := k.send(AskAuth, ask); m.Action != AuthDenied || w.changes != changes {
		t.Errorf("%+v", m)
	}
}

const policyFile = `{"format": 1, "rules": [
	{"app": "org.example.backup", "containers": {"_documents": "read"}, "expires": "24h", "uses": 10},
	{"app": "org.example.*", "scope": "*", "containers": {"_documents": "read,insert", "_music": "all"}, "own": true, "less": true, "offline": "1h"},
	{"app": "net.*", "temporary": true}
]}`

func TestPolicyDecides(t *testing.T) {
	p, err := ParsePolicy([]byte(policyFile))
	if err != nil {
		t.Fatal(err)
	}
	const now = vaultnet.Time(1_700_000_000_000)
	reading := []ContainerAccess{{"_documents", Read}}
	for _, c := range []struct {
		what  string
		app   App
		asked Access
		want  Access
		ok    bool
	}{
		{"the first rule that fits", App{ID: "org.example.backup"}, Access{Containers: reading},
			Access{Containers: reading, Terms: Terms{Expires: now.Add(24 * time.Hour), Uses: 10}}, true},
		{"fewer uses are asked for", App{ID: "org.example.backup"}, Access{Containers: reading, Terms: Terms{Uses: 3, Expires: now + 1}},
			Access{Containers: reading, Terms: Terms{Expires: now + 1, Uses: 3}}, true},
		{"more than it says", App{ID: "org.example.backup"}, writing(), Access{}, false},
		{"another scope", App{ID: "org.example.backup", Scope: "x"}, writing(),
			Access{Containers: []ContainerAccess{{"_documents", Read | Insert}}, Own: true}, true},
		{"nothing in common", notes, Access{Containers: []ContainerAccess{{"_videos", Read}}}, Access{}, false},
		{"offline", notes, Access{Own: true, Terms: Terms{Offline: 24 * time.Hour}}, Access{Own: true, Terms: Terms{Offline: time.Hour}}, true},
		{"objects are nobody's", notes, Access{Objects: []ObjectAccess{{vaultnet.Address{Kind: vaultnet.KindMutableData}, Read, ""}}}, Access{}, false},
		{"nothing asked for", App{ID: "net.x"}, Access{}, Access{Terms: Terms{Temporary: true}}, true},
		{"nobody knows it", App{ID: "com.example"}, Access{}, Access{}, false},
	} {
		got, ok := p.Decide(c.app, c.asked, now)
		if ok != c.ok || !got.Equal(&c.want) {
			t.Errorf("%s: %+v %v, want %+v %v", c.what, got, ok, c.want, c.ok)
		}
	}
	for what, bad := range map[string]string{
		"nothing":       "",
		"format":        `{"format": 2, "rules": []}`,
		"unknown field": `{"format": 1, "rules": [{"app": "a", "own_": true}]}`,
		"more":          `{"format": 1, "rules": []} {}`,
		"any app":       `{"format": 1, "rules": [{"app": ""}]}`,
		"star":          `{"format": 1, "rules": [{"app": "a*b"}]}`,
		"path":          `{"format": 1, "rules": [{"app": "a", "containers": {"../x": "read"}}]}`,
		"root":          `{"format": 1, "rules": [{"app": "a", "containers": {".": "all"}}]}`,
		"rights":        `{"format": 1, "rules": [{"app": "a", "containers": {"x": "write"}}]}`,
		"negative":      `{"format": 1, "rules": [{"app": "a", "expires": "-1h"}]}`,
		"offline":       `{"format": 1, "rules": [{"app": "a", "offline": "25h"}]}`,
		"long":          strings.Repeat(" ", MaxPolicy+1),
	} {
		if _, err := ParsePolicy([]byte(bad)); !errors.Is(err, Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPolicyAnswersUnattended(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	policy, err := ParsePolicy([]byte(policyFile))
	if err != nil {
		t.Fatal(err)
	}
	k := &asker{t: t, a: a, decide: a.Ask(policy)}
	m := k.send(AskAuth, &AuthRequest{App: notes, Access: writing()})
	if m.Action != AuthGranted {
		t.Fatalf("%+v", m.Payload)
	}
	g, err := app{t, w, m.Payload.(*AuthAnswer).Credentials[0]}.open()
	if err != nil || g.Containers[0].Rights != Read|Insert {
		t.Errorf("%+v %v", g, err)
	}
	if m := k.send(AskContainers, &ContainersRequest{notes, []ContainerAccess{{"_music", Read | Insert}, {"_videos", Read}}}); m.Action != ContainersGranted ||
		len(m.Payload.(*ContainersAnswer).Containers) != 1 {
		t.Errorf("%+v", m)
	}
	if m := k.send(AskContainers, &ContainersRequest{notes, []ContainerAccess{{"_videos", Read}}}); m.Action != ContainersDenied {
		t.Errorf("%+v", m)
	}
	if m := k.send(AskAuth, &AuthRequest{App: notes, Unregistered: true}); m.Action != AuthGranted {
		t.Errorf("%+v", m)
	}
	// What a policy denies costs nothing, however often.
	changes := w.changes
	for range 2 * maxDenied {
		if m := k.send(AskContainers, &ContainersRequest{notes, []ContainerAccess{{"_videos", Read}}}); m.Action != ContainersDenied {
			t.Errorf("%+v", m)
		}
	}
	if w.changes != changes {
		t.Errorf("%d changes", w.changes-changes)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(policyFile), "org.example.notes", uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, id string, rights uint8) {
		p, err := ParsePolicy(text)
		if err != nil {
			return
		}
		asked := writing()
		asked.Containers[0].Rights = Rights(rights)&allRights | Read
		gets, ok := p.Decide(App{ID: id}, asked, 1)
		if !ok {
			return
		}
		if d := Compare(App{ID: id}, asked, gets); len(d.More)+len(d.MoreOf) > 0 {
			t.Errorf("more than was asked for: %+v", d)
		}
	})
}
