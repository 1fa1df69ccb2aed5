package main

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, server, yardstick string
		differs                 string // what the error tells; "" where they are the same
	}{
		{"order of keys", `{"a":1,"b":2}`, `{"b":2,"a":1}`, ""},
		{"spelling of a number", `{"a":4.50}`, `{"a":45e-1}`, ""},
		{"spelling of a time", `{"at":"2026-01-31T09:30:00Z"}`, `{"at":"2026-01-31T10:30:00+01:00"}`, ""},
		{"marks", `{"highlight":{"title":"<mark>Node</mark>.js &#34;"}}`, `{"highlight":{"title":"<mark>Node.js</mark> &quot;"}}`, ""},
		{"number", `{"a":[{"b":4.5}]}`, `{"a":[{"b":4.6}]}`, ".a[0].b"},
		{"time", `{"at":"2026-01-31T09:30:00Z"}`, `{"at":"2026-01-31T09:30:01Z"}`, ".at"},
		{"text", `{"a":"x"}`, `{"a":"y"}`, ".a"},
		{"text of a highlight", `{"highlight":{"title":"<mark>Go</mark>"}}`, `{"highlight":{"title":"<mark>Rust</mark>"}}`, ".highlight.title"},
		{"marks elsewhere", `{"title":"<mark>Go</mark>"}`, `{"title":"Go"}`, ".title"},
		{"null", `{"a":null}`, `{"a":0}`, ".a"},
		{"missing key", `{"a":null}`, `{"b":null,"a":null}`, "of the yardstick"},
		{"other key", `{"a":{"x":1}}`, `{"a":{"y":1}}`, ".a.x"},
		{"shorter list", `{"a":[1,2]}`, `{"a":[1]}`, ".a"},
		{"order of a list", `{"a":[1,2]}`, `{"a":[2,1]}`, ".a[0]"},
		{"not JSON", `{}`, `{`, "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := compareResponses([]byte(c.server), []byte(c.yardstick))
			if (err == nil) != (c.differs == "") || err != nil && !strings.Contains(err.Error(), c.differs) {
				t.Errorf("got %v, want an error that tells %q", err, c.differs)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		answer string
		whole  bool
	}{
		{200, `{"data":{"course":{"id":"x","rating":null}}}`, true},
		{200, `{"data":{"course":{"title":"\"errors\":"}}}`, true},
		{200, `{"data":{"course":null}}`, false},
		{200, `{"data":null}`, false},
		{200, `{"data":{"a":{"b":null}},"errors":[{}]}`, false},
		{200, `{"errors":[{}]}`, false},
		{500, `{"data":{"course":{}}}`, false},
	} {
		if err := checkResponse(c.status, []byte(c.answer)); (err == nil) != c.whole {
			t.Errorf("check(%d, %s) = %v", c.status, c.answer, err)
		}
	}
}
