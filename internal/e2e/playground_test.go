package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/web"
)

const playgroundDocuments = "/playground/documents"

// checkPlayground checks that a demo publishes its accounts, the documents that the page can pick, and the
// database usage of operations.
func checkPlayground(t *testing.T, p *program) {
	if page := p.send(t, http.MethodGet, "/playground", "").Text(); !strings.Contains(page, demo.Password) || !strings.Contains(page, student) {
		t.Error("the page of a demo has no demo accounts")
	}
	list := p.send(t, http.MethodGet, playgroundDocuments, "")
	for _, text := range web.SessionOperations() {
		if list.Status != http.StatusOK || !strings.Contains(list.Text(), "sha256:"+persisted.HashText(text)) {
			t.Errorf("the list has no document of the page's own: %s", list)
		}
	}
	body := `{"query":"{ courses(first: 7) { nodes { title category { name } } } }"}`
	for _, want := range []string{`sql;desc="2 statements in 2 round trips"`, `sql;desc="0 statements in 0 round trips", cache;desc=hit`} {
		resp := p.send(t, http.MethodPost, "/graphql", body, isJSON)
		if got := resp.Header.Get("Server-Timing"); got != want {
			t.Errorf("Server-Timing %q with Cache-Status %q, want %q", got, resp.Header.Get("Cache-Status"), want)
		}
	}
}

// On the operator's database the page knows no passwords, and only admins can read the list of documents and the
// database usage of operations. What signs in is not in the list.
func TestPlaygroundOfOperatorsDatabase(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}
	mustRun7p(t, env, "documents", "push", writeFile(t, "manifest.json", `{"first": "`+titles+`", "retired": "query Retired { __typename }"}`))
	mustRun7p(t, env, "documents", "retire", "retired")
	p := serve7p(t, append(env, "PERSISTED_QUERIES=trusted")...)
	page := p.send(t, http.MethodGet, "/playground", "").Text()
	if strings.Contains(page, demo.Password) || !strings.Contains(page, `"idsOnly":true`) || !strings.Contains(page, `"documents":"/playground/documents"`) {
		t.Errorf("the configuration of the page: %s", page)
	}
	bearer := func(email string) string {
		return "Authorization: Bearer " + strings.TrimSpace(mustRun7p(t, env, "token", "--email", email))
	}
	for _, tt := range []struct {
		header string
		status int
		timing bool
	}{
		{"X-Nothing: 1", http.StatusUnauthorized, false},
		{bearer(student), http.StatusForbidden, false},
		{bearer("instructor@7p.example"), http.StatusForbidden, false},
		{bearer("admin@7p.example"), http.StatusOK, true},
		{"Authorization: Bearer nonsense", http.StatusUnauthorized, false},
	} {
		resp := p.send(t, http.MethodGet, playgroundDocuments, "", tt.header)
		if resp.Status != tt.status || resp.Header.Get("Cache-Control") != "no-store" && tt.status != http.StatusUnauthorized {
			t.Errorf("%.40s: %s", tt.header, resp)
		}
		if tt.status == http.StatusOK {
			var list struct {
				Documents []struct{ ID, Operation, Body string }
			}
			if err := json.Unmarshal(resp.Body, &list); err != nil || len(list.Documents) != 1 || list.Documents[0].ID != "first" || list.Documents[0].Body != titles {
				t.Errorf("the list of an admin: %v, %+v", err, list)
			}
		}
		resp = p.send(t, http.MethodPost, "/graphql", `{"documentId":"first"}`, isJSON, tt.header)
		if got := resp.Header.Get("Server-Timing") != ""; got != tt.timing {
			t.Errorf("%.40s: Server-Timing %q", tt.header, resp.Header.Get("Server-Timing"))
		}
	}
	for _, text := range web.SessionOperations() {
		if a := p.post(t, `{"documentId":"sha256:`+persisted.HashText(text)+`"}`); a.Codes() != "PERSISTED_QUERY_NOT_IN_LIST" {
			t.Errorf("%s: %+v", text, a)
		}
	}
}
