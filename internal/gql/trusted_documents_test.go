package gql_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/gql/persisted"
)

const listedQuery = "query Listed { __typename }"

func trustedDocuments(t *testing.T) []*persisted.Document {
	t.Helper()
	all, err := persisted.ParseDocuments([]byte(`{"listed": "query Listed { __typename }", "old": "query Old { a: __typename }", "older": "query Older { b: __typename }", "wrong": "query Wrong { nowhere }"}`))
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now()
	for _, d := range all {
		if strings.HasPrefix(d.ID, "old") {
			d.RetiredAt = &then
		}
		if d.ID == "old" {
			d.MinimumVersion = "3.2.0"
		}
	}
	return all
}

// decodeErrorCode tells how a request was answered: status and code.
func decodeErrorCode(t *testing.T, rec *httptest.ResponseRecorder) (int, string) {
	t.Helper()
	var got struct {
		Errors []struct{ Extensions map[string]any }
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	if len(got.Errors) == 0 {
		return rec.Code, ""
	}
	return rec.Code, got.Errors[0].Extensions["code"].(string)
}

func TestPersistedModes(t *testing.T) {
	t.Parallel()
	hash := func(text string) string { return `"extensions":` + persistedExtensions(parsePersistedHash(text)) }
	text := func(text string) string {
		b, _ := json.Marshal(text)
		return `"query":` + string(b)
	}
	free := "query Free { x: __typename }"
	type answers map[persisted.Mode]string
	all := func(answer string) answers {
		return answers{"apq": answer, "log": answer, "safelist": answer, "trusted": answer, "off": answer}
	}
	with := func(a answers, more answers) answers {
		for mode, answer := range more {
			a[mode] = answer
		}
		return a
	}
	off := answers{"off": "200 PERSISTED_QUERY_NOT_SUPPORTED"}
	for name, c := range map[string]struct {
		body string
		want answers
	}{
		"an id":                  {`"documentId":"listed"`, with(all("200 "), off)},
		"an id of its hash":      {`"documentId":"sha256:` + parsePersistedHash(listedQuery) + `"`, with(all("200 "), off)},
		"a listed hash":          {hash(listedQuery), with(all("200 "), off)},
		"an unknown id":          {`"documentId":"unknown"`, with(all("404 PERSISTED_QUERY_NOT_IN_LIST"), off)},
		"an unknown prefix":      {`"documentId":"x-mine:1"`, with(all("404 PERSISTED_QUERY_NOT_IN_LIST"), off)},
		"a broken hash":          {`"documentId":"sha256:12"`, all("400 BAD_REQUEST")},
		"an id of no text":       {`"documentId":7`, all("422 BAD_REQUEST")},
		"an unknown hash":        {hash(free), with(all("200 PERSISTED_QUERY_NOT_FOUND"), answers{"safelist": "404 PERSISTED_QUERY_NOT_IN_LIST", "trusted": "404 PERSISTED_QUERY_NOT_IN_LIST", "off": off["off"]})},
		"an unknown sha256 id":   {`"documentId":"sha256:` + parsePersistedHash(free) + `"`, with(all("200 PERSISTED_QUERY_NOT_FOUND"), answers{"safelist": "404 PERSISTED_QUERY_NOT_IN_LIST", "trusted": "404 PERSISTED_QUERY_NOT_IN_LIST", "off": off["off"]})},
		"a listed text":          {text(listedQuery), with(all("200 "), answers{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"a listed text, printed": {text("query Listed{__typename}\n"), with(all("200 "), answers{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"a free text":            {text(free), with(all("200 "), answers{"safelist": "403 QUERY_NOT_IN_SAFELIST", "trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"a text and its hash":    {text(listedQuery) + "," + hash(listedQuery), with(all("200 "), answers{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"a text and an id":       {text(listedQuery) + `,"documentId":"listed"`, with(all("400 BAD_REQUEST"), answers{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"another hash":           {text(listedQuery) + "," + hash(free), with(all("400 PERSISTED_QUERY_HASH_MISMATCH"), answers{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"an id and a hash":       {`"documentId":"listed",` + hash(listedQuery), all("400 BAD_REQUEST")},
		"two hashes":             {`"documentId":"sha256:` + parsePersistedHash(free) + `",` + hash(listedQuery), all("400 BAD_REQUEST")},
		"one hash twice":         {hash(listedQuery) + `,"documentId":"sha256:` + parsePersistedHash(listedQuery) + `"`, with(all("200 "), off)},
		"nothing":                {`"extensions":{}`, all("422 BAD_REQUEST")},
		"retired":                {`"documentId":"old"`, with(all("410 PERSISTED_QUERY_RETIRED"), off)},
		"retired, by its text":   {text("query Old { a: __typename }"), with(all("410 PERSISTED_QUERY_RETIRED"), answers{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED", "off": "200 "})},
		"broken by the schema":   {`"documentId":"wrong"`, with(all("422 GRAPHQL_VALIDATION_FAILED"), off)},
		"smuggled":               {`"extensions":{"documentId":"listed"}`, all("422 BAD_REQUEST")},
	} {
		for mode, want := range c.want {
			t.Run(name+" in mode "+string(mode), func(t *testing.T) {
				t.Parallel()
				rec := postBody(t, newPersistedServer(newPersisted(mode, newLocalStore(t), trustedDocuments(t)...)), "{"+c.body+"}")
				status, code := decodeErrorCode(t, rec)
				if got := fmt.Sprint(status, " ", code); got != want {
					t.Errorf("answered %d %s, want %s: %s", status, code, want, rec.Body)
				}
				if code != "" && !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") {
					t.Errorf("a refusal may be stored: %q", rec.Header().Get("Cache-Control"))
				}
			})
		}
	}
}

// A GET of an id is as good as a POST.
func TestDocumentByGet(t *testing.T) {
	t.Parallel()
	h := newPersistedServer(newPersisted(persisted.ModeTrusted, newLocalStore(t), trustedDocuments(t)...))
	values := url.Values{"documentId": {"listed"}}
	rec := ask(t, h, http.MethodGet, "/graphql?"+values.Encode(), "", "GraphQL-Require-Preflight: 1")
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"__typename":"Query"`) {
		t.Errorf("answered %d %s", rec.Code, rec.Body)
	}
}

// An id hides a mutation from whoever looks at a URL: it is not run by GET.
func TestMutationOfDocumentByGet(t *testing.T) {
	t.Parallel()
	all, err := persisted.ParseDocuments([]byte(`{"leave": "mutation { signOut { signedOut } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	h := newPersistedServer(newPersisted(persisted.ModeTrusted, newLocalStore(t), all...))
	rec := ask(t, h, http.MethodGet, "/graphql?documentId=leave", "", "GraphQL-Require-Preflight: 1")
	if status, code := decodeErrorCode(t, rec); status != 405 || code != "METHOD_NOT_ALLOWED" || rec.Header().Get("Allow") != "POST" {
		t.Errorf("answered %d %s, Allow %q", status, rec.Body, rec.Header().Get("Allow"))
	}
}

// Who is told to update is told to which version, and every use is counted.
func TestDocumentUses(t *testing.T) {
	t.Parallel()
	p := newPersisted(persisted.ModeTrusted, newLocalStore(t), trustedDocuments(t)...)
	h := newPersistedServer(p)
	header := "Content-Type: application/json\nApollographql-Client-Name: ios\nApollographql-Client-Version: 3.1"
	rec := ask(t, h, http.MethodPost, "/graphql", `{"documentId":"old"}`, header)
	if !strings.Contains(rec.Body.String(), `"minimumVersion":"3.2.0"`) {
		t.Errorf("answered %s, want the version to update to", rec.Body)
	}
	ask(t, h, http.MethodPost, "/graphql", `{"documentId":"listed"}`, header)
	ask(t, h, http.MethodPost, "/graphql", `{"documentId":"listed"}`, "Content-Type: application/json\nGraphQL-Client-Name: web")
	ask(t, h, http.MethodPost, "/graphql", `{"documentId":"nothing"}`, header)
	var got []string
	for _, u := range p.Uses.TakeUsages() {
		got = append(got, strings.Join([]string{u.DocumentID, u.Client, u.Version}, " "))
	}
	if diff := cmp.Diff([]string{"listed ios 3.1", "listed web ", "old ios 3.1"}, got); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(persisted.Stats{Hits: 3, Misses: 1, Retired: 1}, p.Stats()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// What the list lacks is told once, with the document that it may have been, and
// without its variables.
func TestUnknownDocumentsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := newPersisted(persisted.ModeLog, newLocalStore(t), trustedDocuments(t)...)
	p.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h := newPersistedServer(p)
	for range 2 {
		postBody(t, h, `{"query":"query Listed($secret: Int) { __typename x: __typename @skip(if: true) }","variables":{"secret":4711}}`)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("want one line: %v\n%s", err, &log)
	}
	if line["nearest"] != "listed" || line["operation"] != "Listed" || strings.Contains(log.String(), "4711") {
		t.Errorf("logged %s", &log)
	}
	if p.Stats().Unknown != 2 {
		t.Errorf("counted %d, want 2", p.Stats().Unknown)
	}
}
