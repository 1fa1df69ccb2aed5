package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/testdb"
)

// A document is pushed, executed, retired and restored. The commands print its ID as clients send it.
func TestDocumentCommands(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}
	if _, stderr, code := run7p(t, env, "documents", "check"); code != 1 || !strings.Contains(stderr, "there is no document to check") {
		t.Errorf("check without documents: exit code %d, %s", code, stderr)
	}
	file := filepath.Join(t.TempDir(), "titles.graphql")
	if err := os.WriteFile(file, []byte(titles), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := mustRun7p(t, env, "documents", "push", file); got != "1 documents pushed, 1 of them new\n" {
		t.Errorf("push: %s", got)
	}
	id := "sha256:" + persisted.HashText(titles)
	if got := mustRun7p(t, env, "documents", "list"); !strings.Contains(got, "\n"+id+" ") {
		t.Errorf("no %s in\n%s", id, got)
	}
	// A document that was pushed within the days counts as used.
	next := filepath.Join(t.TempDir(), "next.graphql")
	if err := os.WriteFile(next, []byte("type Query { other: Int }"), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := run7p(t, env, "documents", "check", "--schema", next); code != 1 || !strings.Contains(stdout, "broken: "+id) || !strings.Contains(stdout, "\n  pushed on 20") {
		t.Errorf("check of a pushed document: exit code %d, %s%s", code, stdout, stderr)
	}
	if got := mustRun7p(t, env, "documents", "check", "--days=0", "--schema", next); !strings.Contains(got, "warning: "+id) {
		t.Errorf("check of a document that was pushed before: %s", got)
	}
	p := serve7p(t, append(env, "PERSISTED_QUERIES=trusted")...)
	body, err := json.Marshal(map[string]string{"documentId": id})
	if err != nil {
		t.Fatal(err)
	}
	status := func() int {
		return p.send(t, http.MethodPost, "/graphql", string(body), isJSON).Status
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("the status of a document is %d", got)
	}
	if a := p.post(t, `{}`); !strings.Contains(a.Errors[0].Message, `"documentId"`) {
		t.Errorf("an empty request: %+v", a)
	}
	const isAndroid = "Apollographql-Client-Name: android"
	mustRun7p(t, env, "documents", "retire", id, "--client=android")
	p.poll(t, "the document is retired for one client", func() bool {
		return p.send(t, http.MethodPost, "/graphql", string(body), isJSON, isAndroid).Status == http.StatusGone
	})
	if got := status(); got != http.StatusOK {
		t.Errorf("the status of a document that is retired for another client is %d", got)
	}
	mustRun7p(t, env, "documents", "retire", id, "--minimum-version", "2.0")
	if got := mustRun7p(t, env, "documents", "list"); !strings.Contains(got, "retired 2.0, retired for android") {
		t.Errorf("list of a retired document:\n%s", got)
	}
	p.poll(t, "the document is retired", func() bool { return status() == http.StatusGone })
	if got := mustRun7p(t, env, "documents", "push", file); !strings.Contains(got, "0 of them new\n"+id+" is still retired 2.0, retired for android: restore") {
		t.Errorf("push of a retired document: %s", got)
	}
	mustRun7p(t, env, "documents", "restore", id)
	p.poll(t, "the document is restored", func() bool { return status() == http.StatusOK })
	if _, stderr, code := run7p(t, env, "documents", "restore", "nowhere"); code != 1 || stderr != "7p: no document with the id nowhere\n" {
		t.Errorf("restore of an unknown document: exit code %d, %s", code, stderr)
	}
	if got := mustRun7p(t, env, "documents", "check"); got != "1 documents checked\n" {
		t.Errorf("check: %s", got)
	}
}

const documentsToken = "a token of these tests"

// writeFile writes a file for a command and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The commands have the same output and exit codes with a server as with its database.
func TestDocumentCommandsByServer(t *testing.T) {
	t.Parallel()
	database := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}
	p := serve7p(t, append(database, "DOCUMENTS_TOKEN="+documentsToken)...)
	token := []string{"DOCUMENTS_TOKEN=" + documentsToken}
	valid, invalid := writeFile(t, "titles.graphql", titles), writeFile(t, "manifest.json", `{"other": "query Other { __typename }", "wrong": "query Wrong { nowhere }"}`)
	next := writeFile(t, "next.graphql", "type Query { other: Int }")
	id := "sha256:" + persisted.HashText(titles)
	for _, step := range []struct {
		args    []string
		code    int
		stdout  string
		changes bool
	}{
		{[]string{"check"}, 1, "", false},
		{[]string{"push", invalid}, 1, "", false},
		{[]string{"push", t.TempDir()}, 1, "", false},
		{[]string{"push", valid}, 0, "1 documents pushed, 1 of them new\n", true},
		{[]string{"push", valid}, 0, "1 documents pushed, 0 of them new\n", false},
		{[]string{"list"}, 0, "active", false},
		{[]string{"check"}, 0, "1 documents checked\n", false},
		{[]string{"check", "--schema", next}, 1, "broken: " + id, false},
		{[]string{"retire", id, "--client=ios", "--minimum-version=3.2"}, 0, id + " is retired for ios", false},
		{[]string{"list"}, 0, "retired for ios 3.2", false},
		{[]string{"retire", id, "--minimum-version=4"}, 0, id + " is retired;", false},
		{[]string{"push", valid}, 0, id + " is still retired 4, retired for ios 3.2", false},
		{[]string{"restore", id, "--client=android"}, 1, "", false},
		{[]string{"restore", id}, 0, id + " is restored;", false},
		{[]string{"list"}, 0, "active", false},
		{[]string{"retire", "nowhere"}, 1, "", false},
	} {
		args := append([]string{"documents"}, step.args...)
		stdout, stderr, code := runPlain7p(t, token, append(args, "--server", p.base)...)
		if code != step.code || !strings.Contains(stdout, step.stdout) {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
		if step.changes {
			continue
		}
		wantStdout, wantStderr, wantCode := runPlain7p(t, database, args...)
		if stdout != wantStdout || stderr != wantStderr || code != wantCode {
			t.Errorf("%q: exit code %d, %s%s\nwith the database %d, %s%s", args, code, stdout, stderr, wantCode, wantStdout, wantStderr)
		}
	}
	for name, tt := range map[string]struct {
		env  []string
		at   string
		want string
	}{
		"another token": {[]string{"DOCUMENTS_TOKEN=another token of 7p"}, p.base, "send the server's DOCUMENTS_TOKEN"},
		"no token":      {nil, p.base, "DOCUMENTS_TOKEN: needed"},
		"no TLS":        {token, "http://192.0.2.1", "needs https://"},
		"no address":    {token, "api.example.com", "not an address"},
	} {
		if _, stderr, code := runPlain7p(t, tt.env, "documents", "list", "--server", tt.at); code != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit code %d, %s", name, code, stderr)
		}
	}
	if log := p.stdout.String() + p.stderr.String(); strings.Contains(log, documentsToken) {
		t.Errorf("the token is logged:\n%s", log)
	}
}

// The routes of the commands need the token, and a server without one has none.
func TestDocumentRoutes(t *testing.T) {
	t.Parallel()
	database := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}
	p := serve7p(t, append(database, "DOCUMENTS_TOKEN="+documentsToken, "MAX_BULK_BODY_BYTES=2000")...)
	without := serve7p(t, database...)
	const authorized = "Authorization: Bearer " + documentsToken
	for name, tt := range map[string]struct {
		method, path, body, header string
		status                     int
		want                       string
	}{
		"list":              {"GET", "/documents", "", authorized, 200, `{"documents":[]}`},
		"no token":          {"GET", "/documents", "", "", 401, "DOCUMENTS_TOKEN"},
		"half of the token": {"GET", "/documents", "", authorized[:30], 401, "DOCUMENTS_TOKEN"},
		"another scheme":    {"GET", "/documents", "", strings.Replace(authorized, "Bearer", "Basic", 1), 401, "DOCUMENTS_TOKEN"},
		"push, no token":    {"POST", "/documents", `{"documents":[{"id":"a","body":"{__typename}"}]}`, "", 401, "DOCUMENTS_TOKEN"},
		"retire, no token":  {"POST", "/documents/retire", `{"id":"a"}`, "", 401, "DOCUMENTS_TOKEN"},
		"restore, no token": {"POST", "/documents/restore", `{"id":"a"}`, "", 401, "DOCUMENTS_TOKEN"},
		"no JSON":           {"POST", "/documents", "{", authorized, 400, "invalid JSON"},
		"unknown field":     {"POST", "/documents/retire", `{"id":"a","clients":[]}`, authorized, 400, "clients"},
		"no document":       {"POST", "/documents", `{}`, authorized, 422, "no document"},
		"two texts":         {"POST", "/documents", `{"documents":[{"id":"a","body":"{__typename}"},{"id":"a","body":"{ __typename }"}]}`, authorized, 422, "two texts"},
		"no text":           {"POST", "/documents", `{"documents":[{"id":"a","body":"{"}]}`, authorized, 422, "document a: "},
		"invalid text":      {"POST", "/documents", `{"documents":[{"id":"a","body":"{nowhere}"}]}`, authorized, 422, `"mistakes":[{"id":"a","error":"line 1: `},
		"too large":         {"POST", "/documents", `{"documents":[{"id":"a","body":"` + strings.Repeat(" ", 2000) + `"}]}`, authorized, 413, "MAX_BULK_BODY_BYTES"},
		"unknown id":        {"POST", "/documents/retire", `{"id":"nowhere"}`, authorized, 404, `"error":"no document with the id nowhere"`},
		"unknown hash":      {"POST", "/documents/retire", `{"id":"sha256:12"}`, authorized, 404, `"error":"no document with the id 12"`},
		"U+0000":            {"POST", "/documents/restore", `{"id":"a\u0000"}`, authorized, 422, "U+0000"},
		"invalid time":      {"GET", "/documents?since=today", "", authorized, 400, "since"},
	} {
		var headers []string
		if tt.header != "" {
			headers = append(headers, tt.header)
		}
		if resp := p.send(t, tt.method, tt.path, tt.body, headers...); resp.Status != tt.status || !strings.Contains(resp.Text(), tt.want) || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %s, want %d with %s", name, resp, tt.status, tt.want)
		}
		if resp := without.send(t, tt.method, tt.path, tt.body, headers...); resp.Status != 404 {
			t.Errorf("%s, server without a token: got %s, want 404", name, resp)
		}
	}
	if _, stderr, code := run7p(t, []string{"DOCUMENTS_TOKEN=" + documentsToken}, "documents", "list", "--server", without.base); code != 1 || !strings.Contains(stderr, "status 404: is it a server with DOCUMENTS_TOKEN?") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
