package gql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
)

// course24 is a published course of the demo data.
var course24 = edu.NewID(edu.KindCourse, 24).String()

// joinParts returns the text of a response in parts.
func joinParts(parts ...string) string {
	return "\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" +
		strings.Join(parts, "\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n") + "\r\n-----\r\n"
}

// deferredTexts are queries with their responses in both formats.
var deferredTexts = []struct {
	name, query           string
	format2022, version02 []string
}{
	{
		name:  "a labelled fragment",
		query: `{ course(id: "Q291cnNlOjI0") { title ... @defer(label: "more") { slug category { name } } } }`,
		format2022: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"hasNext":true}`,
			`{"incremental":[{"data":{"slug":"confident-node-js-the-event-loop","category":{"name":"Web Development"}},"path":["course"],"label":"more"}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"pending":[{"id":"0","path":["course"],"label":"more"}],"hasNext":true}`,
			`{"incremental":[{"id":"0","data":{"slug":"confident-node-js-the-event-loop","category":{"name":"Web Development"}}}],"completed":[{"id":"0"}],"hasNext":false}`,
		},
	},
	{
		name: "nested, in a list, below an alias",
		query: `query($yes: Boolean = true) { found: nodes(ids: ["Q291cnNlOjI0", "Q2F0ZWdvcnk6Mg"]) { ... on Category { name } ...C @defer(if: $yes) } }
			fragment C on Course { title ... @defer(label: "inner") { slug } }`,
		format2022: []string{
			`{"data":{"found":[{},{"name":"Web Development"}]},"hasNext":true}`,
			`{"incremental":[{"data":{"title":"Confident Node.js: The Event Loop"},"path":["found",0]}],"hasNext":true}`,
			`{"incremental":[{"data":{"slug":"confident-node-js-the-event-loop"},"path":["found",0],"label":"inner"}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"found":[{},{"name":"Web Development"}]},"pending":[{"id":"0","path":["found",0]}],"hasNext":true}`,
			`{"pending":[{"id":"1","path":["found",0],"label":"inner"}],"incremental":[{"id":"0","data":{"title":"Confident Node.js: The Event Loop"}}],"completed":[{"id":"0"}],"hasNext":true}`,
			`{"incremental":[{"id":"1","data":{"slug":"confident-node-js-the-event-loop"}}],"completed":[{"id":"1"}],"hasNext":false}`,
		},
	},
	{
		name:  "fields that are also selected without @defer",
		query: `{ course(id: "Q291cnNlOjI0") { title category { id } ... @defer(label: "d") { title slug category { id name } } } }`,
		format2022: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop","category":{"id":"Q2F0ZWdvcnk6Mg"}}},"hasNext":true}`,
			`{"incremental":[{"data":{"slug":"confident-node-js-the-event-loop"},"path":["course"],"label":"d"},` +
				`{"data":{"name":"Web Development"},"path":["course","category"],"label":"d"}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop","category":{"id":"Q2F0ZWdvcnk6Mg"}}},"pending":[{"id":"0","path":["course"],"label":"d"}],"hasNext":true}`,
			`{"incremental":[{"id":"0","data":{"slug":"confident-node-js-the-event-loop"}},{"id":"0","subPath":["category"],"data":{"name":"Web Development"}}],"completed":[{"id":"0"}],"hasNext":false}`,
		},
	},
	{
		name:  "the root, and a field of it that is also selected without @defer",
		query: `{ course(id: "Q291cnNlOjI0") { title } ...Rest @defer } fragment Rest on Query { course(id: "Q291cnNlOjI0") { published } category(slug: "web-development") { name } }`,
		format2022: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"hasNext":true}`,
			`{"incremental":[{"data":{"category":{"name":"Web Development"}},"path":[]},{"data":{"published":true},"path":["course"]}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"pending":[{"id":"0","path":[]}],"hasNext":true}`,
			`{"incremental":[{"id":"0","data":{"category":{"name":"Web Development"}}},{"id":"0","subPath":["course"],"data":{"published":true}}],"completed":[{"id":"0"}],"hasNext":false}`,
		},
	},
	{
		name:  "a field that may be null fails",
		query: `{ course(id: "Q291cnNlOjI0") { title ... @defer { slug analytics { averageRating } } } }`,
		format2022: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"hasNext":true}`,
			`{"incremental":[{"data":{"slug":"confident-node-js-the-event-loop","analytics":null},"path":["course"],"errors":[` + errAnalytics + `]}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"pending":[{"id":"0","path":["course"]}],"hasNext":true}`,
			`{"incremental":[{"id":"0","data":{"slug":"confident-node-js-the-event-loop","analytics":null},"errors":[` + errAnalytics + `]}],"completed":[{"id":"0"}],"hasNext":false}`,
		},
	},
	{
		name:  "a null reaches the fragment, with a nested one, and not its sibling",
		query: `{ course(id: "Q291cnNlOjI0") { title ... @defer { ... @defer { slug } reviews(first: -1) { totalCount } } ... @defer { published } } }`,
		format2022: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"hasNext":true}`,
			`{"incremental":[{"data":null,"path":["course"],"errors":[` + errReviews + `]}],"hasNext":true}`,
			`{"incremental":[{"data":{"published":true},"path":["course"]}],"hasNext":false}`,
		},
		version02: []string{
			`{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"pending":[{"id":"0","path":["course"]},{"id":"1","path":["course"]}],"hasNext":true}`,
			`{"completed":[{"id":"0","errors":[` + errReviews + `]}],"hasNext":true}`,
			`{"incremental":[{"id":"1","data":{"published":true}}],"completed":[{"id":"1"}],"hasNext":false}`,
		},
	},
}

const (
	errAnalytics = `{"message":"analytics is visible only to the course's instructor and to admins","path":["course","analytics"],"locations":[{"line":1,"column":56}],"extensions":{"code":"FORBIDDEN"}}`
	errReviews   = `{"message":"first must be from 0 to 100; got -1","path":["course","reviews"],"locations":[{"line":1,"column":71}],"extensions":{"code":"BAD_USER_INPUT"}}`
)

// The text of a response in parts, as Apollo Client and urql read it.
func TestDeferredText(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	for _, c := range deferredTexts {
		for _, format := range []struct {
			accept, contentType string
			parts               []string
		}{
			{accept2022, `multipart/mixed; boundary="-"; deferSpec=20220824`, c.format2022},
			{"application/json, multipart/mixed", `multipart/mixed; boundary="-"; deferSpec=20220824`, c.format2022},
			{accept02, `multipart/mixed; boundary="-"; incrementalSpec=v0.2`, c.version02},
		} {
			resp := gqltest.NewClient(h).Query(t, edu.Viewer{}, c.query, nil, "Accept: "+format.accept)
			if diff := cmp.Diff(joinParts(format.parts...), resp.Text()); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", c.name, format.accept, diff)
			}
			if got := resp.Header.Get("Content-Type"); got != format.contentType || resp.Status != 200 || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, %s: %d %v", c.name, format.accept, resp.Status, resp.Header)
			}
		}
	}
}

// Without parts the directive has no effect.
func TestDeferIsIgnored(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	client := gqltest.NewClient(s)
	query := func(condition string) string {
		return fmt.Sprintf(`{ course(id: %q) { title ... @defer%s { slug } } }`, course24, condition)
	}
	const want = `{"data":{"course":{"title":"Confident Node.js: The Event Loop","slug":"confident-node-js-the-event-loop"}}}`
	for name, resp := range map[string]*gqltest.Response{
		"no Accept":                   client.Query(t, edu.Viewer{}, query(""), nil),
		"JSON":                        client.Query(t, edu.Viewer{}, query(" "), nil, "Accept: application/json"),
		"JSON preferred":              client.Query(t, edu.Viewer{}, query("  "), nil, "Accept: multipart/mixed;q=0.5, application/json"),
		"multipart for subscriptions": client.Query(t, edu.Viewer{}, query("   "), nil, "Accept: multipart/mixed;subscriptionSpec=1.0, application/json"),
		"another draft":               client.Query(t, edu.Viewer{}, query("    "), nil, "Accept: multipart/mixed;incrementalSpec=v9, application/json"),
		"GET":                         s.get(t, edu.Viewer{}, query("     "), "Accept: "+accept2022),
		"if: false":                   client.Query(t, edu.Viewer{}, query("(if: false)"), nil, "Accept: "+accept2022),
		"if: $no":                     client.Query(t, edu.Viewer{}, "query($no: Boolean!) "+query("(if: $no)"), map[string]any{"no": false}, "Accept: "+accept02),
		"another operation": client.Post(t, edu.Viewer{}, fmt.Sprintf(`{"query": %q, "operationName": "A"}`,
			`query A { course(id: "Q291cnNlOjI0") { title slug } } query B { course(id: "Q291cnNlOjI0") { ... @defer { title } } }`), "Accept: "+accept2022),
	} {
		if resp.Text() != want {
			t.Errorf("%s: %s", name, resp)
		}
	}
	if got := client.Query(t, edu.Viewer{}, query(""), nil, "Accept: "+accept2022, "GraphQL-Cost: 1").Text(); !strings.Contains(got, "actualQueryCost") || strings.Contains(got, "hasNext") {
		t.Errorf("with the cost: %s", got)
	}
	subscription := client.Query(t, edu.Viewer{}, `subscription { courseUpdated(id: "Q291cnNlOjI0") { ... @defer { title } } }`, nil, "Accept: "+accept2022)
	if err := subscription.Result(t).Errors[0]; err.Code() != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(err.Message, "@defer is not for subscriptions") {
		t.Errorf("subscription: %s", subscription)
	}
	if got := client.Query(t, edu.Viewer{}, query(""), nil, "Accept: multipart/mixed;deferSpec=1").Status; got != 406 {
		t.Errorf("only an unknown draft: %d", got)
	}
}

// A client that accepts nothing but parts gets a whole response as the only part, and errors as others do.
func TestDeferredOnlyParts(t *testing.T) {
	t.Parallel()
	client := gqltest.NewClient(newCachingServer(t, gql.New))
	text := fmt.Sprintf(`{ course(id: %q) { slug } }`, course24)
	for range 2 { // computed, and from the cache
		resp := client.Query(t, edu.Viewer{}, text, nil, "Accept: multipart/mixed")
		if want := joinParts(`{"data":{"course":{"slug":"confident-node-js-the-event-loop"}},"hasNext":false}`); resp.Text() != want {
			t.Errorf("got %s", resp)
		}
	}
	if resp := client.Query(t, edu.Viewer{}, "{ missing }", nil, "Accept: multipart/mixed"); resp.Status != 422 || resp.Result(t).Errors[0].Code() != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("got %s", resp)
	}
}

// A cached response is sent as a whole. A response in parts is not stored, and no request waits for it.
func TestDeferredCache(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	text := fmt.Sprintf(`{ course(id: %q) { title ... @defer { slug } } }`, course24)
	for range 2 {
		resp := postDeferred(t, s, edu.Viewer{}, accept2022, text)
		if status := resp.Header.Get("Cache-Status"); status != `"7p"; fwd=miss; detail=deferred` || len(readParts(t, resp)) != 2 {
			t.Errorf("%s: %s", status, resp)
		}
	}
	whole := gqltest.NewClient(s).Query(t, edu.Viewer{}, text, map[string]any{"yes": true, "no": false})
	if status := whole.Header.Get("Cache-Status"); status != `"7p"; fwd=miss; stored` {
		t.Errorf("%s: %s", status, whole)
	}
	if resp := postDeferred(t, s, edu.Viewer{}, accept2022, text); !isHit(resp) || resp.Text() != whole.Text() {
		t.Errorf("%v %s", resp.Header, resp)
	}
}

// The directive is in the schema as clients see it.
func TestDeferIsOffered(t *testing.T) {
	t.Parallel()
	const want = `
"""
Sends the fragment in a later part of the response, to clients that accept multipart/mixed.
"""
directive @defer(
  """
  Whether the fragment is deferred.
  """
  if: Boolean = true

  """
  A name of the fragment, which its part repeats; unique in the document.
  """
  label: String
) on FRAGMENT_SPREAD | INLINE_FRAGMENT`
	if !strings.Contains(gql.SDL(), want) {
		t.Errorf("not in the SDL:\n%s", gql.SDL()[:2000])
	}
	h := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Introspection: true})
	got := postQuery(t, h, edu.Viewer{}, `{ __schema { directives { name locations args { name defaultValue type { name kind } } } } }`).Text()
	if want := `{"name":"defer","locations":["FRAGMENT_SPREAD","INLINE_FRAGMENT"],"args":[{"name":"if","defaultValue":"true","type":{"name":"Boolean","kind":"SCALAR"}},{"name":"label","defaultValue":null,"type":{"name":"String","kind":"SCALAR"}}]}`; !strings.Contains(got, want) {
		t.Errorf("not in introspection: %s", got)
	}
}
