package main

import (
	"strings"
	"testing"
)

func TestCompareResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, server, yardstick string
		want                    string // a part of the error; "" for equal responses
	}{
		{"ignores the order of keys", `{"a":1,"b":2}`, `{"b":2,"a":1}`, ""},
		{"ignores the spelling of a number", `{"a":4.50}`, `{"a":45e-1}`, ""},
		{"ignores the spelling of a time", `{"at":"2026-01-31T09:30:00Z"}`, `{"at":"2026-01-31T10:30:00+01:00"}`, ""},
		{"ignores marks in a highlight", `{"highlight":{"title":"<mark>Node</mark>.js &#34;"}}`, `{"highlight":{"title":"<mark>Node.js</mark> &quot;"}}`, ""},
		{"ignores a correction", `{"a":{"didYouMean":"x","b":1}}`, `{"a":{"didYouMean":null,"b":1}}`, ""},
		{"reports another number", `{"a":[{"b":4.5}]}`, `{"a":[{"b":4.6}]}`, "4.6"},
		{"reports another time", `{"at":"2026-01-31T09:30:00Z"}`, `{"at":"2026-01-31T09:30:01Z"}`, "at"},
		{"reports another text", `{"a":"x"}`, `{"a":"y"}`, `"y"`},
		{"reports another text in a highlight", `{"highlight":{"title":"<mark>Go</mark>"}}`, `{"highlight":{"title":"<mark>Rust</mark>"}}`, "Rust"},
		{"reports marks elsewhere", `{"title":"<mark>Go</mark>"}`, `{"title":"Go"}`, "mark"},
		{"reports a null", `{"a":null}`, `{"a":0}`, "float64(0)"},
		{"reports a missing key", `{"a":null}`, `{"b":null,"a":null}`, `"b"`},
		{"reports another key", `{"a":{"x":1}}`, `{"a":{"y":1}}`, `"y"`},
		{"reports a shorter list", `{"a":[1,2]}`, `{"a":[1]}`, "2"},
		{"reports another order in a list", `{"a":[1,2]}`, `{"a":[2,1]}`, "differ"},
		{"reports invalid JSON", `{}`, `{`, "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := compareResponses([]byte(c.server), []byte(c.yardstick))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestCompareShared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		server, other string
		want          string // a part of the error; "" for equal values
	}{
		{`{"a":{"b":[{"c":1,"d":2}]}}`, `{"a":{"b":[{"c":1.0,"e":3}]},"f":4}`, ""},
		{`{"a":{"b":[{"c":1}]}}`, `{"a":{"b":[{"c":2}]}}`, ".a.b[0].c"},
		{`{"a":[1,2]}`, `{"a":[1]}`, ".a"},
		{`{"a":null}`, `{"a":{"b":1}}`, ".a"},
		{`{"a":[]}`, `{"a":{"b":1}}`, ".a"},
		{`{}`, `{`, "not JSON"},
	} {
		err := compareShared([]byte(c.server), []byte(c.other))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s and %s: got %v, want an error with %q", c.server, c.other, err, c.want)
		}
	}
}

func TestCheckResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status   int
		response string
		complete bool
	}{
		{200, `{"data":{"course":{"id":"x","rating":null}}}`, true},
		{200, `{"data":{"course":{"title":"\"errors\":"}}}`, true},
		{200, `{"data":{"course":null}}`, false},
		{200, `{"data":null}`, false},
		{200, `{"data":{"a":{"b":null}},"errors":[{}]}`, false},
		{200, `{"errors":[{}]}`, false},
		{500, `{"data":{"course":{}}}`, false},
	} {
		if err := checkResponse(c.status, []byte(c.response)); (err == nil) != c.complete {
			t.Errorf("checkResponse(%d, %s) = %v", c.status, c.response, err)
		}
	}
}
