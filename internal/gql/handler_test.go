package gql_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	mediaTypeResponse = "application/graphql-response+json; charset=utf-8"
	mediaTypeJSON     = "application/json; charset=utf-8"
)

type encodeRootFields struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	Extensions map[string]any
}

func decodeResponse(t *testing.T, rec *httptest.ResponseRecorder) encodeRootFields {
	t.Helper()
	var a encodeRootFields
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("not JSON: %q: %v", rec.Body, err)
	}
	return a
}

// postTests is the table of statuses of the GraphQL over HTTP draft.
var postTests = []struct {
	name, body string
	status     int
	code       string // "" for an answer with data
	message    string // within the message
}{
	{"query", `{"query":"{hello}"}`, 200, "", ""},
	{"everything", `{"query":"query A($f:Int){hello(first:$f)} query B{hello}","operationName":"A","variables":{"f":1},"extensions":{}}`, 200, "", ""},
	{"null is nothing", `{"query":"{hello}","operationName":null,"variables":null,"extensions":null}`, 200, "", ""},
	{"unknown member", `{"query":"{hello}","id":[1,{"a":null}],"Variables":7}`, 200, "", ""},
	{"white space", " \n{ \"query\" : \"{hello}\" }\n ", 200, "", ""},
	{"mutation", `{"query":"mutation{wave}"}`, 200, "", ""},

	{"nothing", ``, 400, "BAD_REQUEST", "ends too early"},
	{"not JSON", `{"query":"{hello}"`, 400, "BAD_REQUEST", "ends too early"},
	{"trailing comma", `{"query":"{hello}",}`, 400, "BAD_REQUEST", "byte 20"},
	{"trailing data", `{"query":"{hello}"} {}`, 400, "BAD_REQUEST", "follows its end at byte 21"},
	{"batch", `[{"query":"{hello}"}]`, 400, "BAD_REQUEST", "batching is off"},
	{"not UTF-8", "{\"query\":\"{hello} #\xff\"}", 400, "BAD_REQUEST", "UTF-8"},
	{"deep", `{"query":"{hello}","variables":{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}}`, 400, "BAD_REQUEST", "deeper than 100"},
	{"syntax error", `{"query":"{hello"}`, 400, "GRAPHQL_PARSE_FAILED", "Expected Name"},

	{"no query", `{"qeury":"{hello}"}`, 422, "BAD_REQUEST", `"query"`},
	{"null query", `{"query":null}`, 422, "BAD_REQUEST", `"query"`},
	{"other case", `{"Query":"{hello}"}`, 422, "BAD_REQUEST", `"query"`},
	{"number", `7`, 422, "BAD_REQUEST", "must be a JSON object"},
	{"list of variables", `{"query":"{hello}","variables":[7]}`, 422, "BAD_REQUEST", `"variables" must be a JSON object`},
	{"query is no string", `{"query":{"a":1}}`, 422, "BAD_REQUEST", `"query" must be a string`},
	{"name is no string", `{"query":"{hello}","operationName":1}`, 422, "BAD_REQUEST", `"operationName" must be a string`},
	{"extensions are no object", `{"query":"{hello}","extensions":"a"}`, 422, "BAD_REQUEST", `"extensions" must be`},
	{"query twice", `{"query":"{hello}","query":"{hello}"}`, 422, "BAD_REQUEST", `"query" is given twice`},
	{"validation", `{"query":"{goodbye}"}`, 422, "GRAPHQL_VALIDATION_FAILED", "goodbye"},
	{"no operation", `{"query":"#"}`, 422, "GRAPHQL_VALIDATION_FAILED", "no operation"},
	{"which operation", `{"query":"query A{hello} query B{hello}"}`, 422, "OPERATION_RESOLUTION_FAILURE", "several operations"},
	{"other operation", `{"query":"query A{hello}","operationName":"Hush"}`, 422, "OPERATION_RESOLUTION_FAILURE", "no operation of the name"},
	{"variable of another type", `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":{"hush":1}}}`, 422, "BAD_USER_INPUT", "variable $n does not fit its type; $n is declared as Int"},
	{"fraction for Int", `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":1.5}}`, 422, "BAD_USER_INPUT", "variable $n does not fit"},
	{"variable missing", `{"query":"query($n:Int!){hello(first:$n)}"}`, 422, "BAD_USER_INPUT", "variable $n must be defined"},
	{"variable null", `{"query":"query($n:Int!){hello(first:$n)}","variables":{"n":null}}`, 422, "BAD_USER_INPUT", "variable $n cannot be null"},
	{"input field missing", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{}}}`, 422, "BAD_USER_INPUT", "variable $p.color must be defined"},
	{"input field unknown", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","gloss":1}}}`, 422, "BAD_USER_INPUT", "$p.gloss is not a field"},
	{"input list element", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","names":["a",{"hush":1}]}}}`, 422, "BAD_USER_INPUT", "$p.names[1] does not fit its type; $p is declared as Paint"},
	{"enum", `{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"HUSH"}}}`, 422, "BAD_USER_INPUT", "$p.color does not fit"},

	{"too large", `{"query":"{hello} #` + strings.Repeat("x", maxBody) + `"}`, 413, "PAYLOAD_TOO_LARGE", "limit of 2000 bytes"},
	{"subscription", `{"query":"subscription{ticks}"}`, 406, "NOT_ACCEPTABLE", "text/event-stream"},
	{"defer", `{"query":"{...on Query @defer{hello}}"}`, 406, "NOT_ACCEPTABLE", "@defer"},
	{"defer in a fragment", `{"query":"{...A} fragment A on Query{...B @ defer} fragment B on Query{hello}"}`, 406, "NOT_ACCEPTABLE", "@defer"},
	{"only a name of defer", `{"query":"query defer{hello}"}`, 200, "", ""},
}

func TestPostStatus(t *testing.T) {
	t.Parallel()
	h := newTestServer(resolveHello)
	for _, tt := range postTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := postBody(t, h, tt.body)
			if rec.Code != tt.status {
				t.Errorf("status %d, want %d: %s", rec.Code, tt.status, rec.Body)
			}
			checkHeader(t, rec)
			a := decodeResponse(t, rec)
			if tt.code == "" {
				if string(a.Data) != `{"hello":"<world>"}` || len(a.Errors) != 0 {
					t.Errorf("answered %s", rec.Body)
				}
				return
			}
			if a.Data != nil || len(a.Errors) == 0 {
				t.Fatalf("want errors and no data, got %s", rec.Body)
			}
			e := a.Errors[0]
			if e.Extensions["code"] != tt.code || !strings.Contains(e.Message, tt.message) {
				t.Errorf("got %v %q, want %s %q", e.Extensions["code"], e.Message, tt.code, tt.message)
			}
			for _, leak := range []string{"hush", "Hush", "HUSH", "json.", "map[", "slice", "interface", "int64"} {
				if strings.Contains(rec.Body.String(), leak) {
					t.Errorf("the answer has %q in it: %s", leak, rec.Body)
				}
			}
		})
	}
}

func checkHeader(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": mediaTypeResponse, "Vary": "Accept", "Cache-Control": "no-store",
		"Content-Length": strconv.Itoa(rec.Body.Len()),
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	h := newTestServer(resolveHello)
	for header, status := range map[string]int{
		"Content-Type: application/json":                             200,
		"Content-Type: Application/JSON; Charset=UTF-8":              200,
		"Content-Type: application/json\nContent-Encoding: identity": 200,
		"":                         415,
		"Content-Type: text/plain": 415,
		"Content-Type: application/x-www-form-urlencoded":        415,
		"Content-Type: multipart/form-data; boundary=x":          415,
		"Content-Type: application/graphql":                      415,
		"Content-Type: application/json; charset=latin1":         415,
		"Content-Type: application/json;;":                       415,
		"Content-Type: application/json\nContent-Encoding: gzip": 415,
	} {
		rec := ask(t, h, http.MethodPost, "/graphql", `{"query":"{hello}"}`, header)
		if rec.Code != status {
			t.Errorf("%q: status %d, want %d", header, rec.Code, status)
		}
		if status == 415 && decodeResponse(t, rec).Errors[0].Extensions["code"] != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%q: %s", header, rec.Body)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	h := newTestServer(resolveHello)
	tests := []struct {
		accept string
		want   string // the type of a good answer, "" for 406
	}{
		{"", mediaTypeResponse},
		{"*/*", mediaTypeResponse},
		{"application/*", mediaTypeResponse},
		{"application/graphql-response+json", mediaTypeResponse},
		{"application/json", mediaTypeJSON},
		{"Application/JSON; charset=utf-8", mediaTypeJSON},
		{"application/graphql-response+json, application/json", mediaTypeResponse},
		{"application/json, application/graphql-response+json", mediaTypeResponse},
		{"application/json, application/graphql-response+json;q=0.9", mediaTypeJSON},
		{"application/json, */*;q=0.1", mediaTypeJSON},
		{"application/json;q=0, */*", mediaTypeResponse},
		{"application/graphql-response+json;q=0, */*", mediaTypeJSON},
		{"text/event-stream, application/json", mediaTypeJSON},
		{"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed", mediaTypeResponse},
		{"text/html", ""},
		{"text/event-stream", ""},
		{"*/*;q=0", ""},
		{"application/json;q=0", ""},
	}
	for _, tt := range tests {
		header := "Content-Type: application/json\nAccept: " + tt.accept
		good := ask(t, h, http.MethodPost, "/graphql", `{"query":"{hello}"}`, header)
		bad := ask(t, h, http.MethodPost, "/graphql", `{"query":"{goodbye}"}`, header)
		wantGood, wantBad, wantType := 200, 422, tt.want
		if tt.want == "" {
			wantGood, wantBad, wantType = 406, 406, mediaTypeResponse
		}
		if good.Code != wantGood || good.Header().Get("Content-Type") != wantType {
			t.Errorf("Accept %q: %d %s", tt.accept, good.Code, good.Header().Get("Content-Type"))
		}
		// Only answers of 2xx are application/json, whatever was accepted.
		if bad.Code != wantBad || bad.Header().Get("Content-Type") != mediaTypeResponse {
			t.Errorf("Accept %q: an error came as %d %s", tt.accept, bad.Code, bad.Header().Get("Content-Type"))
		}
		if tt.want == "" && decodeResponse(t, good).Errors[0].Extensions["code"] != "NOT_ACCEPTABLE" {
			t.Errorf("Accept %q: %s", tt.accept, good.Body)
		}
	}
	two := ask(t, h, http.MethodPost, "/graphql", `{"query":"{hello}"}`,
		"Content-Type: application/json\nAccept: text/html\nAccept: application/json")
	if two.Code != 200 || two.Header().Get("Content-Type") != mediaTypeJSON {
		t.Errorf("two Accept headers: %d %s", two.Code, two.Header().Get("Content-Type"))
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	h := newTestServer(resolveHello)
	const preflight = "GraphQL-Require-Preflight: 1"
	tests := []struct {
		name, query, header string
		status              int
		code                string
	}{
		{"query", "query={hello}", preflight, 200, ""},
		{"Apollo's header", "query={hello}", "Apollo-Require-Preflight: true", 200, ""},
		{"Apollo's name", "query={hello}", "X-Apollo-Operation-Name: Hello", 200, ""},
		{"JSON", "query={hello}", "Content-Type: application/json", 200, ""},
		{"variables", "query=query($n:Int){hello(first:$n)}&variables={\"n\":12345678901}&extensions={}", preflight, 200, ""},
		{"empty is nothing", "query={hello}&operationName=&variables=&extensions=", preflight, 200, ""},
		{"null is nothing but a name", "query=query null{hello} query B{hello}&operationName=null&variables=null", preflight, 200, ""},
		{"null is a name", "query=query A{hello}&operationName=null", preflight, 422, "OPERATION_RESOLUTION_FAILURE"},
		{"unknown parameter", "query={hello}&a=1&a=2", preflight, 200, ""},
		{"no preflight", "query={hello}", "", 400, "BAD_REQUEST"},
		{"empty preflight", "query={hello}", "GraphQL-Require-Preflight: ", 400, "BAD_REQUEST"},
		{"simple type", "query={hello}", "Content-Type: text/plain\n" + preflight, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"nothing", "", preflight, 422, "BAD_REQUEST"},
		{"empty query", "query=", preflight, 422, "BAD_REQUEST"},
		{"query twice", "query={hello}&query={hello}", preflight, 422, "BAD_REQUEST"},
		{"list of variables", "query={hello}&variables=[7]", preflight, 422, "BAD_REQUEST"},
		{"variables are no JSON", "query={hello}&variables={", preflight, 400, "BAD_REQUEST"},
		{"variables and more", "query={hello}&variables={}{}", preflight, 400, "BAD_REQUEST"},
		{"not UTF-8", "query={hello}%23\xff", preflight, 400, "BAD_REQUEST"},
		{"too long", "query={hello}" + strings.Repeat(" ", maxBody), preflight, 414, "URI_TOO_LONG"},
		{"syntax error", "query={hello", preflight, 400, "GRAPHQL_PARSE_FAILED"},
		{"mutation", "query=mutation{wave}", preflight, 405, "METHOD_NOT_ALLOWED"},
		{"subscription", "query=subscription{ticks}", preflight, 406, "NOT_ACCEPTABLE"},
	}
	for _, tt := range tests {
		target := "/graphql?" + strings.NewReplacer("%3D", "=", "%26", "&", "%2523", "%23").Replace(url.QueryEscape(tt.query))
		rec := ask(t, h, http.MethodGet, target, "", tt.header)
		if rec.Code != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, rec.Code, tt.status, rec.Body)
		}
		checkHeader(t, rec)
		a := decodeResponse(t, rec)
		if got := len(a.Errors) == 0; got != (tt.code == "") || !got && a.Errors[0].Extensions["code"] != tt.code {
			t.Errorf("%s: want code %q, got %s", tt.name, tt.code, rec.Body)
		}
		if allow := rec.Header().Get("Allow"); (tt.status == 405) != (allow == "POST") {
			t.Errorf("%s: Allow %q", tt.name, allow)
		}
	}
	if rec := ask(t, h, http.MethodGet, "/graphql?query=%zz", "", preflight); rec.Code != 400 {
		t.Errorf("bad escape: status %d", rec.Code)
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	h := newTestServer(resolveHello)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch} {
		rec := ask(t, h, method, "/graphql", `{"query":"{hello}"}`, "Content-Type: application/json")
		if rec.Code != 405 || rec.Header().Get("Allow") != "GET, POST, OPTIONS" {
			t.Errorf("%s: %d, Allow %q", method, rec.Code, rec.Header().Get("Allow"))
		}
	}
	rec := ask(t, h, http.MethodOptions, "/graphql", "", "")
	if rec.Code != 204 || rec.Header().Get("Allow") != "GET, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
}

// TestChunkedBodyTooLarge has no Content-Length to go by.
func TestChunkedBodyTooLarge(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(strings.Repeat(" ", maxBody+1)))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	newTestServer(resolveHello).ServeHTTP(rec, r)
	if rec.Code != 413 {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
}

// TestSlowBody begins a body that never ends.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(newTestServer(resolveHello))
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
		t.Errorf("answered %d %s", resp.StatusCode, text)
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	var got any
	h := newTestServer(func(ctx context.Context) *graphql.Response {
		got = graphql.GetOperationContext(ctx).Variables["n"]
		return resolveHello(ctx)
	})
	postBody(t, h, `{"query":"query($n:Int){hello(first:$n)}","variables":{"n":9007199254740993}}`)
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
			"a rate",
			&graphql.Response{Errors: coded("RATE_LIMITED")},
			429, "no-store", `{"errors":[{"message":"m","extensions":{"code":"RATE_LIMITED"}}]}`,
		},
		{
			"some limit",
			&graphql.Response{Errors: coded("COST_ESTIMATED_TOO_EXPENSIVE")},
			422, "no-store", `{"errors":[{"message":"m","extensions":{"code":"COST_ESTIMATED_TOO_EXPENSIVE"}}]}`,
		},
		{"nothing at all", &graphql.Response{}, 500, "no-store", `{}`},
	}
	for _, tt := range tests {
		rec := postBody(t, newTestServer(func(context.Context) *graphql.Response { return tt.resp }), `{"query":"{hello}"}`)
		if rec.Code != tt.status || rec.Body.String() != tt.body || rec.Header().Get("Cache-Control") != tt.cache {
			t.Errorf("%s: got %d %q %s, want %d %q %s", tt.name, rec.Code, rec.Header().Get("Cache-Control"), rec.Body,
				tt.status, tt.cache, tt.body)
		}
	}
}

func TestExtensionsAndOmittedErrors(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(ctx context.Context) *graphql.Response {
		graphql.RegisterExtension(ctx, "cost", 7)
		resp := &graphql.Response{Data: []byte(`{"hello":null}`)}
		for i := range 31 {
			resp.Errors = append(resp.Errors, gqlerror.Errorf("error %d", i))
		}
		return resp
	})
	a := decodeResponse(t, postBody(t, h, `{"query":"{hello}"}`))
	if len(a.Errors) != 20 || a.Errors[19].Message != "error 19" {
		t.Errorf("got %d errors", len(a.Errors))
	}
	if a.Extensions["errorsOmitted"] != 11.0 || a.Extensions["cost"] != 7.0 {
		t.Errorf("got extensions %v", a.Extensions)
	}
}

// TestCancelled has gqlgen answer nothing, as it does once the context is done.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newTestServer(func(ctx context.Context) *graphql.Response {
		t.Error("ran an operation nobody waits for")
		return resolveHello(ctx)
	})
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{hello}"}`))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != 499 || decodeResponse(t, rec).Errors[0].Extensions["code"] != "REQUEST_CANCELLED" {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
}
