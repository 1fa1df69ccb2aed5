package persisted_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
)

const (
	listedQuery = "query Listed { __typename }"
	sha1ID      = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12" // as Relay's compiler names a document
)

func trustedDocuments(t *testing.T) []*persisted.Document {
	t.Helper()
	all, err := persisted.ParseDocuments([]byte(`{"listed": "query Listed { __typename }", "old": "query Old { a: __typename }", "older": "query Older { b: __typename }", "wrong": "query Wrong { nowhere }",
		"` + sha1ID + `": "query Sha { c: __typename }", "web~1.0~CatNames": "query CatNames { d: __typename }"}`))
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

// post posts a body.
func post(t *testing.T, h http.Handler, body string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Post(t, edu.Viewer{}, body, headers...)
}

func TestPersistedModes(t *testing.T) {
	t.Parallel()
	apollo := func(id string) string { return `"extensions":` + hashExtensions(id) }
	hash := func(text string) string { return apollo(persisted.HashText(text)) }
	text := func(text string) string {
		b, _ := json.Marshal(text)
		return `"query":` + string(b)
	}
	unlisted := "query Free { x: __typename }"
	type results map[persisted.Mode]string // status and code
	all := func(result string) results {
		return results{"apq": result, "log": result, "safelist": result, "trusted": result, "off": result}
	}
	with := func(r results, other results) results {
		maps.Copy(r, other)
		return r
	}
	off := results{"off": "200 PERSISTED_QUERY_NOT_SUPPORTED"}
	for name, c := range map[string]struct {
		body string
		want results
	}{
		"id":                              {`"documentId":"listed"`, with(all("200 "), off)},
		"hash as id":                      {`"documentId":"sha256:` + persisted.HashText(listedQuery) + `"`, with(all("200 "), off)},
		"listed hash":                     {hash(listedQuery), with(all("200 "), off)},
		"unknown id":                      {`"documentId":"unknown"`, with(all("404 PERSISTED_QUERY_NOT_IN_LIST"), off)},
		"unknown prefix":                  {`"documentId":"x-mine:1"`, with(all("404 PERSISTED_QUERY_NOT_IN_LIST"), off)},
		"malformed hash as id":            {`"documentId":"sha256:12"`, all("400 BAD_REQUEST")},
		"id is not a string":              {`"documentId":7`, all("422 BAD_REQUEST")},
		"unknown hash":                    {hash(unlisted), with(all("200 PERSISTED_QUERY_NOT_FOUND"), results{"safelist": "404 PERSISTED_QUERY_NOT_IN_LIST", "trusted": "404 PERSISTED_QUERY_NOT_IN_LIST", "off": off["off"]})},
		"unknown hash as id":              {`"documentId":"sha256:` + persisted.HashText(unlisted) + `"`, with(all("200 PERSISTED_QUERY_NOT_FOUND"), results{"safelist": "404 PERSISTED_QUERY_NOT_IN_LIST", "trusted": "404 PERSISTED_QUERY_NOT_IN_LIST", "off": off["off"]})},
		"listed text":                     {text(listedQuery), with(all("200 "), results{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"listed text in another format":   {text("query Listed{__typename}\n"), with(all("200 "), results{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"unlisted text":                   {text(unlisted), with(all("200 "), results{"safelist": "403 QUERY_NOT_IN_SAFELIST", "trusted": "400 PERSISTED_QUERY_ID_REQUIRED"})},
		"text and its hash":               {text(listedQuery) + "," + hash(listedQuery), with(all("200 "), results{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"text and an id":                  {text(listedQuery) + `,"documentId":"listed"`, with(all("400 BAD_REQUEST"), results{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"text and another hash":           {text(listedQuery) + "," + hash(unlisted), with(all("400 PERSISTED_QUERY_HASH_MISMATCH"), results{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"id and a hash":                   {`"documentId":"listed",` + hash(listedQuery), all("400 BAD_REQUEST")},
		"two hashes":                      {`"documentId":"sha256:` + persisted.HashText(unlisted) + `",` + hash(listedQuery), all("400 BAD_REQUEST")},
		"one hash twice":                  {hash(listedQuery) + `,"documentId":"sha256:` + persisted.HashText(listedQuery) + `"`, with(all("200 "), off)},
		"neither text nor reference":      {`"extensions":{}`, all("422 BAD_REQUEST")},
		"retired":                         {`"documentId":"old"`, with(all("410 PERSISTED_QUERY_RETIRED"), off)},
		"retired, by text":                {text("query Old { a: __typename }"), with(all("410 PERSISTED_QUERY_RETIRED"), results{"trusted": "400 PERSISTED_QUERY_ID_REQUIRED", "off": "200 "})},
		"invalid for the schema":          {`"documentId":"wrong"`, with(all("422 GRAPHQL_VALIDATION_FAILED"), off)},
		"id in Apollo's form":             {apollo("listed"), with(all("200 "), off)},
		"SHA-1 in Apollo's form":          {apollo(sha1ID), with(all("200 "), off)},
		"long id in Apollo's form":        {apollo("web~1.0~CatNames"), with(all("200 "), off)},
		"prefixed hash in Apollo's form":  {apollo("sha256:" + persisted.HashText(listedQuery)), with(all("200 "), off)},
		"retired, in Apollo's form":       {apollo("old"), with(all("410 PERSISTED_QUERY_RETIRED"), off)},
		"unknown id in Apollo's form":     {apollo("unknown"), with(all("400 BAD_REQUEST"), results{"safelist": "404 PERSISTED_QUERY_NOT_IN_LIST", "trusted": "404 PERSISTED_QUERY_NOT_IN_LIST", "off": off["off"]})},
		"empty id in Apollo's form":       {apollo(""), all("400 BAD_REQUEST")},
		"malformed hash in Apollo's form": {apollo("sha256:12"), all("400 BAD_REQUEST")},
		"text and an id in Apollo's form": {text(listedQuery) + "," + apollo("listed"), with(all("400 BAD_REQUEST"), results{"trusted": "400 CANNOT_SEND_PQ_ID_AND_BODY", "off": off["off"]})},
		"one id twice":                    {`"documentId":"listed",` + apollo("listed"), with(all("200 "), off)},
		"two ids":                         {`"documentId":"listed",` + apollo("old"), all("400 BAD_REQUEST")},
		"id within the extensions":        {`"extensions":{"documentId":"listed"}`, all("422 BAD_REQUEST")},
	} {
		for mode, want := range c.want {
			t.Run(name+" in mode "+string(mode), func(t *testing.T) {
				t.Parallel()
				resp := post(t, newServer(newExtension(mode, newMemoryStore(t), trustedDocuments(t)...)), "{"+c.body+"}")
				code := resp.Result(t).Code()
				if got := fmt.Sprint(resp.Status, " ", code); got != want {
					t.Errorf("got %s, want %s: %s", got, want, resp.Body)
				}
				if code != "" && !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
					t.Errorf("caches may store a rejection: Cache-Control %q", resp.Header.Get("Cache-Control"))
				}
			})
		}
	}
}

func TestDocumentByGet(t *testing.T) {
	t.Parallel()
	h := newServer(newExtension(persisted.ModeTrusted, newMemoryStore(t), trustedDocuments(t)...))
	resp := gqltest.NewClient(h).Get(t, edu.Viewer{}, url.Values{"documentId": {"listed"}})
	if resp.Status != http.StatusOK || !strings.Contains(resp.Text(), `"__typename":"Query"`) {
		t.Errorf("got %s", resp)
	}
}

// An id hides a mutation from proxies that inspect the URL: a GET of it is rejected.
func TestMutationByGet(t *testing.T) {
	t.Parallel()
	all, err := persisted.ParseDocuments([]byte(`{"leave": "mutation { signOut { signedOut } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	h := newServer(newExtension(persisted.ModeTrusted, newMemoryStore(t), all...))
	resp := gqltest.NewClient(h).Get(t, edu.Viewer{}, url.Values{"documentId": {"leave"}})
	if code := resp.Result(t).Code(); resp.Status != 405 || code != "METHOD_NOT_ALLOWED" || resp.Header.Get("Allow") != "POST" {
		t.Errorf("got %s, Allow %q", resp, resp.Header.Get("Allow"))
	}
}

// A retired document is rejected with the version to update to, and every use is counted.
func TestDocumentUsage(t *testing.T) {
	t.Parallel()
	e := newExtension(persisted.ModeTrusted, newMemoryStore(t), trustedDocuments(t)...)
	h := newServer(e)
	ios := []string{"Apollographql-Client-Name: ios", "Apollographql-Client-Version: 3.1"}
	resp := post(t, h, `{"documentId":"old"}`, ios...)
	if !strings.Contains(resp.Text(), `"minimumVersion":"3.2.0"`) {
		t.Errorf("got %s, want the minimum version", resp)
	}
	post(t, h, `{"documentId":"listed"}`, ios...)
	post(t, h, `{"documentId":"listed"}`, "GraphQL-Client-Name: web")
	post(t, h, `{"documentId":"nothing"}`, ios...)
	var got []string
	for _, u := range e.Uses.TakeUsages() {
		got = append(got, strings.Join([]string{u.DocumentID, u.Client, u.Version}, " "))
	}
	if diff := cmp.Diff([]string{"listed ios 3.1", "listed web ", "old ios 3.1"}, got); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(persisted.Stats{Hits: 3, Misses: 1, Retired: 1}, e.Stats()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// An unlisted text is logged once, with the most similar document and without variables.
func TestUnlistedTextsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := newExtension(persisted.ModeLog, newMemoryStore(t), trustedDocuments(t)...)
	e.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h := newServer(e)
	for range 2 {
		post(t, h, `{"query":"query Listed($secret: Int) { __typename x: __typename @skip(if: true) }","variables":{"secret":4711}}`)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("want one line: %v\n%s", err, &log)
	}
	if line["nearest"] != "listed" || line["operation"] != "Listed" || strings.Contains(log.String(), "4711") {
		t.Errorf("logged %s", &log)
	}
	if e.Stats().Unknown != 2 {
		t.Errorf("counted %d, want 2", e.Stats().Unknown)
	}
}

// TestEqualTextsAreRegistered sends a text that is equal to a document of the list after normalization, as
// Apollo's clients do: the hash, the text with it, and from then on the hash. Its uses count for the document,
// and it is retired with it.
func TestEqualTextsAreRegistered(t *testing.T) {
	t.Parallel()
	const equal = "query Listed{x:__typename __typename}\n"
	list := parse(t, `{"listed": "query Listed { x: __typename }"}`)
	byHash := `{"extensions":` + hashExtensions(persisted.HashText(equal)) + `}`
	both, err := json.Marshal(map[string]any{"query": equal, "extensions": json.RawMessage(hashExtensions(persisted.HashText(equal)))})
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []persisted.Mode{persisted.ModeAPQ, persisted.ModeLog} {
		e := newExtension(mode, newMemoryStore(t), list...)
		h := newServer(e)
		for i, tt := range []struct{ body, want string }{
			{byHash, "200 PERSISTED_QUERY_NOT_FOUND"}, {string(both), "200 "}, {byHash, "200 "}, {byHash, "200 "},
		} {
			resp := post(t, h, tt.body, "Apollographql-Client-Name: ios")
			if got := fmt.Sprint(resp.Status, " ", resp.Result(t).Code()); got != tt.want {
				t.Errorf("%s, request %d: got %s, want %s", mode, i+1, got, tt.want)
			}
		}
		if uses := e.Uses.TakeUsages(); len(uses) != 1 || uses[0].DocumentID != "listed" || uses[0].Count != 3 {
			t.Errorf("%s: uses %+v, want 3 of the document", mode, uses)
		}
		if diff := cmp.Diff(persisted.Stats{Registered: 1, Hits: 2, Misses: 1}, e.Stats()); diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s", mode, diff)
		}
		retired, then := *list[0], time.Now()
		retired.RetiredAt = &then
		e.Documents.ReplaceDocuments([]*persisted.Document{&retired})
		if resp := post(t, h, byHash); resp.Status != http.StatusGone {
			t.Errorf("%s: got %s for a retired document, want 410", mode, resp)
		}
	}
	// With safelist the text is enough, and nothing is registered.
	e := newExtension(persisted.ModeSafelist, newMemoryStore(t), list...)
	if resp := post(t, newServer(e), string(both)); resp.Status != http.StatusOK || e.Stats().Registered != 0 {
		t.Errorf("safelist: got %s, %d registered", resp, e.Stats().Registered)
	}
}
