package network

import (
	"encoding/hex"
	"encoding/json"
	"time"
	"unicode"
	"unicode/utf8"

	"vaultnet"
)

// format is the version of the file's format.
const format = 1

// The file's text, as encoding/json writes it; decode.go reads it.
type (
	fileText struct {
		Format     int            `json:"format"`
		Name       string         `json:"name"`
		ID         string         `json:"id"`
		Parameters parametersText `json:"parameters"`
		Bootstrap  []string       `json:"bootstrap"`
		Sample     *sampleText    `json:"sample,omitempty"`
	}
	parametersText struct {
		GroupSize         int    `json:"group-size"`
		AccountOperations int64  `json:"account-operations"`
		Skew              string `json:"skew"`
		PermitLifetime    string `json:"permit-lifetime"`
		UnverifiedGrant   string `json:"unverified-grant"`
		LeaveAfter        string `json:"leave-after"`
		JoinAfter         string `json:"join-after"`
		Local             bool   `json:"local"`
	}
	sampleText struct {
		Control  string       `json:"control,omitempty"`
		Accounts []personText `json:"accounts,omitempty"`
		Apps     []personText `json:"apps,omitempty"`
	}
	personText struct {
		Label       string `json:"label"`
		Key         string `json:"key"`
		KeyFile     string `json:"key-file,omitempty"`
		Owner       string `json:"owner,omitempty"`
		TestingOnly bool   `json:"testing-only"`
	}
)

// Encode is the file's text. The error, an [*Error], names what [File.Validate] does not accept.
func (f *File) Encode() ([]byte, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	id, p := f.ID(), f.Parameters
	t := fileText{
		Format: format, Name: p.Name, ID: hex.EncodeToString(id[:]), Bootstrap: f.Bootstrap,
		Parameters: parametersText{
			GroupSize: p.GroupSize, AccountOperations: p.AccountOperations, Skew: p.Skew.String(), PermitLifetime: p.PermitLifetime.String(),
			UnverifiedGrant: p.UnverifiedGrant.String(), LeaveAfter: p.LeaveAfter.String(), JoinAfter: p.JoinAfter.String(), Local: p.Local,
		},
	}
	if t.Bootstrap == nil {
		t.Bootstrap = []string{}
	}
	if s := f.Sample; s != nil {
		t.Sample = &sampleText{Control: s.Control, Accounts: personTexts(s.Accounts), Apps: personTexts(s.Apps)}
	}
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, &Error{Wrong: "cannot be encoded", Cause: err}
	}
	if len(text) >= MaxFileSize {
		return nil, &Error{Wrong: "is too large", Remedy: "name fewer bootstrap addresses and samples"}
	}
	return append(text, '\n'), nil
}

func personTexts(people []Person) []personText {
	var list []personText
	for _, p := range people {
		t := personText{Label: p.Label, Key: p.Key.String(), KeyFile: p.KeyFile, TestingOnly: true}
		if !p.Owner.IsNobody() {
			t.Owner = p.Owner.String()
		}
		list = append(list, t)
	}
	return list
}

// printable reports whether s is text that a person can read on one line.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// wholeMilliseconds reports whether the id covers all there is of the durations.
func wholeMilliseconds(p vaultnet.Parameters) bool {
	for _, d := range []time.Duration{p.Skew, p.PermitLifetime, p.UnverifiedGrant, p.LeaveAfter, p.JoinAfter} {
		if d%time.Millisecond != 0 {
			return false
		}
	}
	return true
}
