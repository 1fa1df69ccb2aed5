// Package gqltest sends GraphQL requests in tests, to a handler or to a running server, and decodes
// the responses.
package gqltest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

// timeout is the maximum duration of a request to a running server.
const timeout = time.Minute

// Client sends requests.
type Client struct {
	handler http.Handler // nil for a running server
	base    string
}

// NewClient returns a client of a handler, without a network between them: the handler has returned when
// the client has the response.
func NewClient(h http.Handler) *Client { return &Client{handler: h} }

// NewHTTPClient returns a client of the server at a URL, such as http://127.0.0.1:8080.
func NewHTTPClient(base string) *Client { return &Client{base: base} }

// Request is a request. Its zero value is an empty POST of JSON to /graphql.
type Request struct {
	Context context.Context // nil is the test's
	Method  string          // "" is POST
	Path    string          // "" is /graphql; with the query of a URL, if any
	Body    string
	As      edu.Viewer // of a handler; a running server reads the token of a header
	Headers []string   // as "Name: value"; "Content-Type" alone sends none
}

// Query posts a document with variables, which may be nil, as a viewer.
func (c *Client) Query(t testing.TB, as edu.Viewer, query string, variables any, headers ...string) *Response {
	t.Helper()
	return c.Post(t, as, QueryBody(query, variables), headers...)
}

// Post posts a body as a viewer.
func (c *Client) Post(t testing.TB, as edu.Viewer, body string, headers ...string) *Response {
	t.Helper()
	return c.Do(t, Request{As: as, Body: body, Headers: headers})
}

// Get sends the parameters of an operation in the query of a URL, with the header that a GET requires.
func (c *Client) Get(t testing.TB, as edu.Viewer, params url.Values, headers ...string) *Response {
	t.Helper()
	return c.Do(t, Request{
		As: as, Method: http.MethodGet, Path: "/graphql?" + params.Encode(),
		Headers: append([]string{"Content-Type", "GraphQL-Require-Preflight: 1"}, headers...),
	})
}

// Do sends a request. It fails the test if there is no response.
func (c *Client) Do(t testing.TB, in Request) *Response {
	t.Helper()
	if in.Context == nil {
		in.Context = t.Context()
	}
	if c.handler != nil {
		return Serve(c.handler, in.httpRequest())
	}
	ctx, cancel := context.WithTimeout(in.Context, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, in.method(), c.base+in.path(), strings.NewReader(in.Body))
	if err != nil {
		t.Fatal(err)
	}
	in.addHeaders(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadResponse(resp)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (in Request) method() string {
	if in.Method == "" {
		return http.MethodPost
	}
	return in.Method
}

func (in Request) path() string {
	if in.Path == "" {
		return "/graphql"
	}
	return in.Path
}

func (in Request) httpRequest() *http.Request {
	r := httptest.NewRequestWithContext(edu.WithViewer(in.Context, in.As), in.method(), in.path(), strings.NewReader(in.Body))
	in.addHeaders(r)
	return r
}

func (in Request) addHeaders(r *http.Request) {
	if !slices.ContainsFunc(in.Headers, func(line string) bool { return strings.HasPrefix(line, "Content-Type") }) {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range in.Headers {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Add(name, value)
		}
	}
}

// NewRequest returns the request of a Query, for a handler.
func NewRequest(ctx context.Context, as edu.Viewer, query string, variables any, headers ...string) *http.Request {
	return Request{Context: ctx, As: as, Body: QueryBody(query, variables), Headers: headers}.httpRequest()
}

// QueryBody returns the body of a request. It panics if the variables are not JSON.
func QueryBody(query string, variables any) string {
	body := map[string]any{"query": query}
	if variables != nil {
		body["variables"] = variables
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Errorf("encode variables: %w", err))
	}
	return string(text)
}

// Serve returns the response of a handler.
func Serve(h http.Handler, r *http.Request) *Response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return &Response{Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes()}
}

// Response is a response with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// ReadResponse reads and closes the body of a response.
func ReadResponse(r *http.Response) (*Response, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return &Response{Status: r.StatusCode, Header: r.Header, Body: body}, err
}

// Result is the result of one operation.
type Result struct {
	Status     int `json:"-"` // of the response, 0 in a batch
	Data       json.RawMessage
	Errors     []Error
	Extensions map[string]any
}

// Error is an error of a result.
type Error struct {
	Message    string
	Locations  []Location
	Path       []any
	Extensions map[string]any
}

// Location is a place in a document.
type Location struct{ Line, Column int }

// Code returns the code of an error.
func (e Error) Code() string {
	code, _ := e.Extensions["code"].(string)
	return code
}

// Text returns the body.
func (r *Response) Text() string { return string(r.Body) }

// String returns the status and the body, for messages of tests.
func (r *Response) String() string { return fmt.Sprintf("%d %s", r.Status, r.Body) }

// Result decodes the body. It fails the test if the body is not the result of one operation.
func (r *Response) Result(t testing.TB) Result {
	t.Helper()
	result := decode[Result](t, r.Body)
	result.Status = r.Status
	return result
}

// Batch decodes the body. It fails the test if the body is not the results of a batch.
func (r *Response) Batch(t testing.TB) []Result {
	t.Helper()
	return decode[[]Result](t, r.Body)
}

func decode[T any](t testing.TB, body []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("the response is not JSON: %v: %.1000s", err, body)
	}
	return v
}

// Code returns the code of the first error, "" if there is none.
func (r Result) Code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Code()
}

// Codes returns the codes of all errors, separated by spaces.
func (r Result) Codes() string {
	codes := make([]string, len(r.Errors))
	for i, e := range r.Errors {
		codes[i] = e.Code()
	}
	return strings.Join(codes, " ")
}

// String returns the whole result, for messages of tests.
func (r Result) String() string {
	return fmt.Sprintf("%d data %s errors %+v extensions %v", r.Status, r.Data, r.Errors, r.Extensions)
}

// At follows names and indexes through the data, as ValueAt does.
func (r Result) At(path ...any) any {
	var value any
	if err := json.Unmarshal(r.Data, &value); err != nil {
		return nil
	}
	return ValueAt(value, path...)
}

// ValueAt follows names and indexes through decoded JSON. It returns nil if one of them leads nowhere.
func ValueAt(value any, path ...any) any {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			name, _ := step.(string)
			value = v[name]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// Summary returns the data of each result, or the code of its error, separated by spaces.
func Summary(batch []Result) string {
	var parts []string
	for _, r := range batch {
		switch {
		case len(r.Errors) > 0 && r.Data == nil:
			parts = append(parts, r.Code())
		case len(r.Errors) > 0:
			parts = append(parts, r.Code()+" + "+string(r.Data))
		default:
			parts = append(parts, string(r.Data))
		}
	}
	return strings.Join(parts, " ")
}
