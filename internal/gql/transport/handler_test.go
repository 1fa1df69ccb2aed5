package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

const (
	mediaTypeGraphQL = "application/graphql-response+json; charset=utf-8"
	mediaTypeJSON    = "application/json; charset=utf-8"
)

// postTests is the table of statuses of the GraphQL over HTTP draft.
var postTests = []struct {
	name, body string
	status     int
	code       string // "" for a response with data
	message    string // a part of the message
}{
	{"query", `{"query":"{hello}"}`, 200, "", ""},
	{"all parameters", `{"query":"query A($f:Int){hello(first:$f)} query B{hello}","operationName":"A","variables":{"f":1},"extensions":{}}`, 200, "", ""},
	{"null counts as absent", `{"query":"{hello}","operationName":null,"variables":null,"extensions":null}`, 200, "", ""},
	{"unknown member", `{"query":"{hello}","id":[1,{"a":null}],"Variables":7}`, 200, "", ""},
	{"white space", " \n{ \"query\" : \"{hello}\" }\n ", 200, "", ""},
	{"byte order mark", "\ufeff" + `{"query":"{hello}"}`, 200, "", ""},
	{"whole number with a fraction", `{"query":"query($n:Int,$p:Paint){hello(first:$n,paint:$p)}","variables":{"n":5.0,"p":{"color":"RED","coats":2e0}}}`, 200, "", ""},
	{"surrogate pair", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","names":["\ud83d\ude00"]}}}`, 200, "", ""},
	{"mutation", `{"query":"mutation{wave}"}`, 200, "", ""},

	{"empty body", ``, 400, "BAD_REQUEST", "ends too early"},
	{"truncated JSON", `{"query":"{hello}"`, 400, "BAD_REQUEST", "ends too early"},
	{"trailing comma", `{"query":"{hello}",}`, 400, "BAD_REQUEST", "byte 20"},
	{"trailing data", `{"query":"{hello}"} {}`, 400, "BAD_REQUEST", "follows its end at byte 21"},
	{"batch while batching is off", `[{"query":"{hello}"}]`, 400, "BAD_REQUEST", "batching is off"},
	{"not UTF-8", "{\"query\":\"{hello} #\xff\"}", 400, "BAD_REQUEST", "UTF-8"},
	{"nests too deep", `{"query":"{hello}","variables":{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}}`, 400, "BAD_REQUEST", "deeper than 100"},
	{"syntax error", `{"query":"{hello"}`, 400, "GRAPHQL_PARSE_FAILED", "Expected Name"},

	{"no query", `{"qeury":"{hello}"}`, 422, "BAD_REQUEST", `"query"`},
	{"null query", `{"query":null}`, 422, "BAD_REQUEST", `"query"`},
	{"query in another case", `{"Query":"{hello}"}`, 422, "BAD_REQUEST", `"query"`},
	{"body is a number", `7`, 422, "BAD_REQUEST", "must be a JSON object"},
	{"variables are a list", `{"query":"{hello}","variables":[7]}`, 422, "BAD_REQUEST", `"variables" must be a JSON object`},
	{"query is not a string", `{"query":{"a":1}}`, 422, "BAD_REQUEST", `"query" must be a string`},
	{"name is not a string", `{"query":"{hello}","operationName":1}`, 422, "BAD_REQUEST", `"operationName" must be a string`},
	{"extensions are not an object", `{"query":"{hello}","extensions":"a"}`, 422, "BAD_REQUEST", `"extensions" must be`},
	{"duplicate query", `{"query":"{hello}","query":"{hello}"}`, 422, "BAD_REQUEST", `"query" occurs twice`},
	{"validation", `{"query":"{goodbye}"}`, 422, "GRAPHQL_VALIDATION_FAILED", "goodbye"},
	{"document without operations", `{"query":"#"}`, 422, "GRAPHQL_VALIDATION_FAILED", "no operation"},
	{"several operations without a name", `{"query":"query A{hello} query B{hello}"}`, 422, "OPERATION_RESOLUTION_FAILURE", "several operations"},
	{"unknown operation name", `{"query":"query A{hello}","operationName":"Hush"}`, 422, "OPERATION_RESOLUTION_FAILURE", "no operation of the name"},
	{"variable of another type", `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":{"hush":1}}}`, 422, "BAD_USER_INPUT", "variable $n does not fit its type; $n is declared as Int"},
	{"fraction for Int", `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":1.5}}`, 422, "BAD_USER_INPUT", "variable $n does not fit"},
	{"variable missing", `{"query":"query($n:Int!){hello(first:$n)}"}`, 422, "BAD_USER_INPUT", "variable $n must be defined"},
	{"variable null", `{"query":"query($n:Int!){hello(first:$n)}","variables":{"n":null}}`, 422, "BAD_USER_INPUT", "variable $n cannot be null"},
	{"input field missing", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{}}}`, 422, "BAD_USER_INPUT", "variable $p.color must be defined"},
	{"input field unknown", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","gloss":1}}}`, 422, "BAD_USER_INPUT", "$p.gloss is not a field"},
	{"input list element", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","names":["a",{"hush":1}]}}}`, 422, "BAD_USER_INPUT", "$p.names[1] does not fit its type; $p is declared as Paint"},
	{"half a surrogate pair", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","names":["a\ud83d"]}}}`, 422, "BAD_USER_INPUT", "half of a surrogate pair"},
	{"enum", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"HUSH"}}}`, 422, "BAD_USER_INPUT", "$p.color does not fit"},

	{"body too large", `{"query":"{hello} #` + strings.Repeat("x", maxBody) + `"}`, 413, "PAYLOAD_TOO_LARGE", "limit of 2000 bytes"},
	{"subscription", `{"query":"subscription{ticks}"}`, 406, "NOT_ACCEPTABLE", "text/event-stream"},
}

func TestPostStatus(t *testing.T) {
	t.Parallel()
	h := newHandler(respondHello)
	for _, tt := range postTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := post(t, h, tt.body)
			if resp.Status != tt.status {
				t.Errorf("status %d, want %d: %s", resp.Status, tt.status, resp.Body)
			}
			checkHeader(t, resp)
			a := resp.Result(t)
			if tt.code == "" {
				if string(a.Data) != `{"hello":"<world>"}` || len(a.Errors) != 0 {
					t.Errorf("got %s", resp.Body)
				}
				return
			}
			if a.Data != nil || len(a.Errors) == 0 {
				t.Fatalf("want errors and no data, got %s", resp.Body)
			}
			e := a.Errors[0]
			if e.Extensions["code"] != tt.code || !strings.Contains(e.Message, tt.message) {
				t.Errorf("got %v %q, want %s %q", e.Extensions["code"], e.Message, tt.code, tt.message)
			}
			for _, leak := range []string{"hush", "Hush", "HUSH", "json.", "map[", "slice", "interface", "int64"} {
				if strings.Contains(resp.Text(), leak) {
					t.Errorf("the response contains %q: %s", leak, resp.Body)
				}
			}
		})
	}
}

// checkHeader checks the headers of a response that caches must not store.
func checkHeader(t *testing.T, resp *gqltest.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": mediaTypeGraphQL, "Vary": "Accept", "Cache-Control": "no-store",
		"Content-Length": strconv.Itoa(len(resp.Body)),
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	h := newHandler(respondHello)
	for _, tt := range []struct {
		status  int
		headers []string
	}{
		{200, []string{"Content-Type: application/json"}},
		{200, []string{"Content-Type: Application/JSON; Charset=UTF-8"}},
		{200, []string{"Content-Type: application/json", "Content-Encoding: identity"}},
		{415, []string{"Content-Type"}},
		{415, []string{"Content-Type: text/plain"}},
		{415, []string{"Content-Type: application/x-www-form-urlencoded"}},
		{415, []string{"Content-Type: multipart/form-data; boundary=x"}},
		{415, []string{"Content-Type: application/graphql"}},
		{415, []string{"Content-Type: application/json; charset=latin1"}},
		{415, []string{"Content-Type: application/json;;"}},
		{415, []string{"Content-Type: application/json", "Content-Encoding: gzip"}},
	} {
		resp := post(t, h, `{"query":"{hello}"}`, tt.headers...)
		if resp.Status != tt.status {
			t.Errorf("%q: status %d, want %d", tt.headers, resp.Status, tt.status)
		}
		if tt.status == 415 && resp.Result(t).Code() != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%q: %s", tt.headers, resp.Body)
		}
		// Accept-Encoding says that the coding is the reason, not the type.
		wantEncoding := ""
		if slices.Contains(tt.headers, "Content-Encoding: gzip") {
			wantEncoding = "identity"
		}
		if got := resp.Header.Get("Accept-Encoding"); got != wantEncoding {
			t.Errorf("%q: Accept-Encoding is %q, want %q", tt.headers, got, wantEncoding)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	h := newHandler(respondHello)
	tests := []struct {
		accept string
		want   string // the type of a successful response, "" for 406
	}{
		{"", mediaTypeGraphQL},
		{"*/*", mediaTypeGraphQL},
		{"application/*", mediaTypeGraphQL},
		{"application/graphql-response+json", mediaTypeGraphQL},
		{"application/json", mediaTypeJSON},
		{"Application/JSON; charset=utf-8", mediaTypeJSON},
		{"application/graphql-response+json, application/json", mediaTypeGraphQL},
		{"application/json, application/graphql-response+json", mediaTypeGraphQL},
		{"application/json, application/graphql-response+json;q=0.9", mediaTypeJSON},
		{"application/json, */*;q=0.1", mediaTypeJSON},
		{"application/json;q=0, */*", mediaTypeGraphQL},
		{"application/graphql-response+json;q=0, */*", mediaTypeJSON},
		{"text/event-stream, application/json", mediaTypeJSON},
		{"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed", mediaTypeGraphQL},
		{"text/html", ""},
		{"text/event-stream", ""},
		{"*/*;q=0", ""},
		{"application/json;q=0", ""},
	}
	for _, tt := range tests {
		good := post(t, h, `{"query":"{hello}"}`, "Accept: "+tt.accept)
		bad := post(t, h, `{"query":"{goodbye}"}`, "Accept: "+tt.accept)
		wantGood, wantBad, wantType := 200, 422, tt.want
		if tt.want == "" {
			wantGood, wantBad, wantType = 406, 406, mediaTypeGraphQL
		}
		if good.Status != wantGood || good.Header.Get("Content-Type") != wantType {
			t.Errorf("Accept %q: %d %s", tt.accept, good.Status, good.Header.Get("Content-Type"))
		}
		// Only responses of 2xx are application/json, whichever types the client accepts.
		if bad.Status != wantBad || bad.Header.Get("Content-Type") != mediaTypeGraphQL {
			t.Errorf("Accept %q: an error came as %d %s", tt.accept, bad.Status, bad.Header.Get("Content-Type"))
		}
		if tt.want == "" && good.Result(t).Code() != "NOT_ACCEPTABLE" {
			t.Errorf("Accept %q: %s", tt.accept, good.Body)
		}
	}
	two := post(t, h, `{"query":"{hello}"}`, "Accept: text/html", "Accept: application/json")
	if two.Status != 200 || two.Header.Get("Content-Type") != mediaTypeJSON {
		t.Errorf("two Accept headers: %d %s", two.Status, two.Header.Get("Content-Type"))
	}
}

// get sends a GET without a body.
func get(t *testing.T, h http.Handler, target string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Do(t, gqltest.Request{Method: http.MethodGet, Path: target, Headers: headers})
}

func TestGet(t *testing.T) {
	t.Parallel()
	h := transport.New(newExecutor(respondHello), transport.Options{
		MaxBodyBytes: maxBody, AllowsOrigin: func(origin string) bool { return origin == "https://app.example.com" },
	})
	const preflight = "GraphQL-Require-Preflight: 1"
	tests := []struct {
		name, query string
		headers     string // separated by line feeds
		status      int
		code        string
	}{
		{"query", "query={hello}", preflight, 200, ""},
		{"Apollo's header", "query={hello}", "Apollo-Require-Preflight: true", 200, ""},
		{"Apollo's name", "query={hello}", "X-Apollo-Operation-Name: Hello", 200, ""},
		{"content type of JSON", "query={hello}", "Content-Type: application/json", 200, ""},
		{"variables", "query=query($n:Int){hello(first:$n)}&variables={\"n\":12345678901}&extensions={}", preflight, 200, ""},
		{"empty counts as absent", "query={hello}&operationName=&variables=&extensions=", preflight, 200, ""},
		{"null counts as absent, except as a name", "query=query null{hello} query B{hello}&operationName=null&variables=null", preflight, 200, ""},
		{"null is an unknown name", "query=query A{hello}&operationName=null", preflight, 422, "OPERATION_RESOLUTION_FAILURE"},
		{"unknown parameter", "query={hello}&a=1&a=2", preflight, 200, ""},
		{"not from a page", "query={hello}", "", 200, ""},
		{"not from a page, with a cookie", "query={hello}", "Cookie: a=b", 400, "BAD_REQUEST"},
		{"typed by the visitor", "query={hello}", "Sec-Fetch-Site: none\nCookie: a=b", 200, ""},
		{"from a page of the server", "query={hello}", "Sec-Fetch-Site: same-origin\nCookie: a=b", 200, ""},
		{"from a page of an allowed origin", "query={hello}", "Sec-Fetch-Site: cross-site\nOrigin: https://app.example.com\nCookie: a=b", 200, ""},
		{"from a page of an allowed origin, in an old browser", "query={hello}", "Origin: https://app.example.com", 200, ""},
		{"from a page of another origin", "query={hello}", "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example.com", 400, "BAD_REQUEST"},
		{"from a page of another origin, in an old browser", "query={hello}", "Origin: https://evil.example.com", 400, "BAD_REQUEST"},
		{"from a sandboxed frame", "query={hello}", "Sec-Fetch-Site: cross-site\nOrigin: null", 400, "BAD_REQUEST"},
		{"image of a foreign page", "query={hello}", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors", 400, "BAD_REQUEST"},
		{"image of a page of another subdomain", "query={hello}", "Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors", 400, "BAD_REQUEST"},
		{"empty preflight", "query={hello}", "GraphQL-Require-Preflight: \nCookie: a=b", 400, "BAD_REQUEST"},
		{"content type of a simple request", "query={hello}", "Content-Type: text/plain\n" + preflight, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"WebSocket", "", "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13", 400, "WEBSOCKET_UNSUPPORTED"},
		{"half a surrogate pair in a variable", `query={hello}&variables={"a":"\ud83d"}`, preflight, 422, "BAD_USER_INPUT"},
		{"no parameters", "", preflight, 422, "BAD_REQUEST"},
		{"empty query", "query=", preflight, 422, "BAD_REQUEST"},
		{"duplicate query", "query={hello}&query={hello}", preflight, 422, "BAD_REQUEST"},
		{"variables are a list", "query={hello}&variables=[7]", preflight, 422, "BAD_REQUEST"},
		{"variables are not JSON", "query={hello}&variables={", preflight, 400, "BAD_REQUEST"},
		{"data after the variables", "query={hello}&variables={}{}", preflight, 400, "BAD_REQUEST"},
		{"not UTF-8", "query={hello}%23\xff", preflight, 400, "BAD_REQUEST"},
		{"URL too long", "query={hello}" + strings.Repeat(" ", maxBody), preflight, 414, "URI_TOO_LONG"},
		{"syntax error", "query={hello", preflight, 400, "GRAPHQL_PARSE_FAILED"},
		{"mutation", "query=mutation{wave}", preflight, 405, "METHOD_NOT_ALLOWED"},
		{"subscription", "query=subscription{ticks}", preflight, 406, "NOT_ACCEPTABLE"},
	}
	for _, tt := range tests {
		target := "/graphql?" + strings.NewReplacer("%3D", "=", "%26", "&", "%2523", "%23").Replace(url.QueryEscape(tt.query))
		resp := get(t, h, target, strings.Split("Content-Type\n"+tt.headers, "\n")...)
		if resp.Status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, resp.Status, tt.status, resp.Body)
		}
		checkHeader(t, resp)
		a := resp.Result(t)
		if got := len(a.Errors) == 0; got != (tt.code == "") || !got && a.Errors[0].Extensions["code"] != tt.code {
			t.Errorf("%s: want code %q, got %s", tt.name, tt.code, resp.Body)
		}
		if allow := resp.Header.Get("Allow"); (tt.status == 405) != (allow == "POST") {
			t.Errorf("%s: Allow %q", tt.name, allow)
		}
	}
	if resp := get(t, h, "/graphql?query=%zz", "Content-Type", preflight); resp.Status != 400 {
		t.Errorf("bad escape: status %d", resp.Status)
	}
}

// TestQueryMethod checks that QUERY runs queries like POST, and nothing else (RFC 10008).
func TestQueryMethod(t *testing.T) {
	t.Parallel()
	h := newHandler(respondHello)
	for _, tt := range []struct {
		name, body, headers string
		status              int
		code                string
	}{
		{"query", `{"query":"{hello}"}`, "", 200, ""},
		{"query with variables", `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":1}}`, "", 200, ""},
		{"mutation", `{"query":"mutation{wave}"}`, "", 422, "BAD_REQUEST"},
		{"mutation among queries", `{"query":"query A{hello} mutation B{wave}","operationName":"B"}`, "", 422, "BAD_REQUEST"},
		{"batch", `[{"query":"{hello}"}]`, "", 400, "BAD_REQUEST"}, // MaxBatchSize is 0
		{"other media type", `{hello}`, "Content-Type: application/graphql", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"no content type", `{"query":"{hello}"}`, "Content-Type", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"body too large", `{"query":"{hello}` + strings.Repeat(" ", maxBody) + `"}`, "", 413, "PAYLOAD_TOO_LARGE"},
	} {
		r := gqltest.Request{Method: "QUERY", Body: tt.body}
		if tt.headers != "" {
			r.Headers = []string{tt.headers}
		}
		resp := gqltest.NewClient(h).Do(t, r)
		if resp.Status != tt.status || resp.Result(t).Codes() != tt.code || resp.Header.Get("Accept-Query") != "application/json" {
			t.Errorf("%s: %d, Accept-Query %q, %s", tt.name, resp.Status, resp.Header.Get("Accept-Query"), resp.Body)
		}
	}
	batches := transport.New(newExecutor(respondHello), transport.Options{MaxBodyBytes: maxBody, MaxBatchSize: 2})
	if resp := gqltest.NewClient(batches).Do(t, gqltest.Request{Method: "QUERY", Body: `[{"query":"{hello}"}]`}); resp.Status != 422 || resp.Result(t).Codes() != "BAD_REQUEST" {
		t.Errorf("a batch: %s", resp)
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	h := newHandler(respondHello)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch} {
		resp := gqltest.NewClient(h).Do(t, gqltest.Request{Method: method, Body: `{"query":"{hello}"}`})
		if resp.Status != 405 || resp.Header.Get("Allow") != "GET, POST, QUERY, OPTIONS" {
			t.Errorf("%s: %d, Allow %q", method, resp.Status, resp.Header.Get("Allow"))
		}
	}
	resp := gqltest.NewClient(h).Do(t, gqltest.Request{Method: http.MethodOptions, Headers: []string{"Content-Type"}})
	if resp.Status != 204 || resp.Header.Get("Allow") != "GET, POST, QUERY, OPTIONS" {
		t.Errorf("OPTIONS: %d, Allow %q", resp.Status, resp.Header.Get("Allow"))
	}
}

// TestChunkedBodyTooLarge sends a body without Content-Length.
func TestChunkedBodyTooLarge(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(strings.Repeat(" ", maxBody+1)))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	resp := gqltest.Serve(newHandler(respondHello), r)
	if resp.Status != 413 {
		t.Errorf("status %d: %s", resp.Status, resp.Body)
	}
}

// TestSlowBody sends the beginning of a body only.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(newHandler(respondHello))
	s.Config.ReadTimeout = 50 * time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), `"REQUEST_TIMEOUT"`) {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
}

func TestNumbersRetainTheirDigits(t *testing.T) {
	t.Parallel()
	var got any
	h := newHandler(func(ctx context.Context) *graphql.Response {
		got = graphql.GetOperationContext(ctx).Variables["n"]
		return respondHello(ctx)
	})
	post(t, h, `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":9007199254740993}}`)
	if fmt.Sprint(got) != "9007199254740993" {
		t.Errorf("9007199254740993 became %v", got)
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	coded := func(code string) gqlerror.List {
		return gqlerror.List{{Message: "m", Extensions: map[string]any{"code": code}}}
	}
	tests := []struct {
		name   string
		resp   *graphql.Response
		status int
		cache  string
		body   string
	}{
		{
			"data with errors",
			&graphql.Response{Data: []byte(`{"hello":null}`), Errors: coded("NOT_FOUND")},
			200, "no-store", `{"errors":[{"message":"m","extensions":{"code":"NOT_FOUND"}}],"data":{"hello":null}}`,
		},
		{
			"null data with errors",
			&graphql.Response{Data: []byte(`null`), Errors: coded("FORBIDDEN")},
			200, "no-store", `{"errors":[{"message":"m","extensions":{"code":"FORBIDDEN"}}],"data":null}`,
		},
		{
			"unknown persisted query",
			&graphql.Response{Errors: coded("PERSISTED_QUERY_NOT_FOUND")},
			200, "private, no-cache, no-store, must-revalidate",
			`{"errors":[{"message":"m","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`,
		},
		{
			"unauthenticated",
			&graphql.Response{Errors: coded("UNAUTHENTICATED")},
			401, "no-store", `{"errors":[{"message":"m","extensions":{"code":"UNAUTHENTICATED"}}]}`,
		},
		{
			"rate limit",
			&graphql.Response{Errors: coded("RATE_LIMITED")},
			429, "no-store", `{"errors":[{"message":"m","extensions":{"code":"RATE_LIMITED"}}]}`,
		},
		{
			"cost limit",
			&graphql.Response{Errors: coded("COST_ESTIMATED_TOO_EXPENSIVE")},
			422, "no-store", `{"errors":[{"message":"m","extensions":{"code":"COST_ESTIMATED_TOO_EXPENSIVE"}}]}`,
		},
		{"neither data nor errors", &graphql.Response{}, 500, "no-store", `{}`},
	}
	for _, tt := range tests {
		resp := post(t, newHandler(func(context.Context) *graphql.Response { return tt.resp }), `{"query":"{hello}"}`)
		if resp.Status != tt.status || resp.Text() != tt.body || resp.Header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s: got %d %q %s, want %d %q %s", tt.name, resp.Status, resp.Header.Get("Cache-Control"), resp.Body,
				tt.status, tt.cache, tt.body)
		}
	}
}

func TestExtensionsAndOmittedErrors(t *testing.T) {
	t.Parallel()
	h := newHandler(func(ctx context.Context) *graphql.Response {
		graphql.RegisterExtension(ctx, "cost", 7)
		resp := &graphql.Response{Data: []byte(`{"hello":null}`)}
		for i := range 31 {
			resp.Errors = append(resp.Errors, gqlerror.Errorf("error %d", i))
		}
		return resp
	})
	a := post(t, h, `{"query":"{hello}"}`).Result(t)
	if len(a.Errors) != 20 || a.Errors[19].Message != "error 19" {
		t.Errorf("got %d errors", len(a.Errors))
	}
	if a.Extensions["errorsOmitted"] != 11.0 || a.Extensions["cost"] != 7.0 {
		t.Errorf("got extensions %v", a.Extensions)
	}
}

// TestCancelled cancels the context, after which gqlgen returns no response.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newHandler(func(ctx context.Context) *graphql.Response {
		t.Error("executed an operation of a cancelled request")
		return respondHello(ctx)
	})
	cancel()
	resp := gqltest.NewClient(h).Do(t, gqltest.Request{Context: ctx, Body: `{"query":"{hello}"}`})
	if resp.Status != 499 || resp.Result(t).Code() != "REQUEST_CANCELLED" {
		t.Errorf("got %d %s", resp.Status, resp.Body)
	}
}
