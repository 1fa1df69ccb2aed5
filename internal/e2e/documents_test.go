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
