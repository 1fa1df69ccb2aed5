package session_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/frontend/session"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/coercion"
)

// endpoint responds as the API does to the operations of sessions.
type endpoint struct {
	received []string // operations with their tokens
	status   int      // of a response without data, 0 for none
	body     string   // of a response of 200, "" for that of the operation
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var op struct {
		Query     string
		Variables struct{ Input map[string]string }
	}
	_ = json.Unmarshal(body, &op)
	name := strings.FieldsFunc(op.Query, func(c rune) bool { return c == ' ' || c == '(' })[1]
	e.received = append(e.received, strings.TrimSpace(name+" "+r.Header.Get("Authorization")))
	in := op.Variables.Input
	switch {
	case e.status != 0:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(e.status)
		_, _ = w.Write([]byte(`{"errors":[{"message":"later","extensions":{"code":"RATE_LIMITED"}}]}`))
	case e.body != "":
		_, _ = w.Write([]byte(e.body))
	case name == "SignOut":
		_, _ = w.Write([]byte(`{"data":{"signOut":{"signedOut":true}}}`))
	case in["password"] == "right password" || in["refreshToken"] == "refresh1":
		expires, _ := json.Marshal(time.Now().Add(time.Minute))
		_, _ = w.Write([]byte(`{"data":{"session":{"accessToken":"good","refreshToken":"refresh2","expiresAt":` + string(expires) +
			`,"user":{"id":"U1","name":"Sofía","role":"STUDENT"},"userErrors":[]}}}`))
	default:
		_, _ = w.Write([]byte(`{"data":{"session":{"accessToken":null,"refreshToken":null,"expiresAt":null,"user":null,"userErrors":[` +
			`{"code":"INVALID_CREDENTIALS","message":"wrong","field":["input","password"]}]}}}`))
	}
}

// tokens accepts the access token "good", and cannot check "unknown".
type tokens struct{}

func (tokens) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	switch token {
	case "good":
		return edu.Viewer{ID: 1}, nil
	case "unknown":
		return edu.Viewer{}, edu.Errorf(edu.Unavailable, "later")
	}
	return edu.Viewer{}, edu.Errorf(edu.Unauthenticated, "no")
}

// newServer returns the routes of sessions, and an API that responds with the Authorization that it received.
func newServer(e *endpoint) http.Handler {
	s := &session.Sessions{API: api.Client{Endpoint: e}, Tokens: tokens{}, RefreshTTL: time.Hour}
	mux := http.NewServeMux()
	s.Register(mux)
	mux.Handle("/graphql", s.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Authorization")))
	})))
	return mux
}

// send sends a request to a method and a URL, with headers as pairs of name and value.
func send(t *testing.T, h http.Handler, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	method, url, _ := strings.Cut(target, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	local   = "http://localhost:8080"
	credits = `{"email":"a@b.example","password":"right password"}`
)

// A session begins with two cookies that no script can read, and nothing of the tokens is in the body.
func TestSignInSetsCookies(t *testing.T) {
	t.Parallel()
	for base, prefix := range map[string]string{local: "", "https://7p.example": "__Host-"} {
		w := send(t, newServer(&endpoint{}), "POST "+base+"/session", credits)
		if want := `{"viewer":{"id":"U1","name":"Sofía","role":"STUDENT"}}` + "\n"; w.Code != 200 || w.Body.String() != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", base, w.Code, w.Body)
		}
		ages := map[string]bool{}
		for _, c := range w.Result().Cookies() {
			ages[c.Name+"="+c.Value] = c.MaxAge > 40 && c.MaxAge <= 50 || c.MaxAge == 3600
			if !c.HttpOnly || c.Secure != (prefix != "") || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: %s", base, c)
			}
		}
		if diff := cmp.Diff(map[string]bool{prefix + "7p-access=good": true, prefix + "7p-refresh=refresh2": true}, ages); diff != "" {
			t.Errorf("%s: cookies (-want +got):\n%s", base, diff)
		}
	}
}

// Problems with the input, limits and mistakes are errors as in GraphQL, without cookies.
func TestSignInRejects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url, body string
		headers   []string
		upstream  int
		status    int
		want      string
	}{
		{local, `{"email":"a@b.example","password":"wrong"}`, nil, 0, 401, `{"errors":[{"message":"wrong","extensions":{"code":"INVALID_CREDENTIALS","field":["input","password"]}}]}`},
		{local, credits, nil, 429, 429, "RATE_LIMITED"},
		{local, `{`, nil, 0, 400, "BAD_REQUEST"},
		{local, `{"email":"` + strings.Repeat("a", 9000) + `"}`, nil, 0, 413, "PAYLOAD_TOO_LARGE"},
		{local, credits, []string{"Content-Type", "text/plain"}, 0, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{local, credits, []string{"Sec-Fetch-Site", "cross-site"}, 0, 403, "FORBIDDEN"},
		{local, credits, []string{"Sec-Fetch-Site", "same-site"}, 0, 403, "FORBIDDEN"},
		{local, credits, []string{"Origin", "https://evil.example"}, 0, 403, "FORBIDDEN"},
		{local, credits, []string{"Origin", "null"}, 0, 403, "FORBIDDEN"},
		{"http://7p.example", credits, nil, 0, 403, "HTTPS"},
		{"http://192.0.2.1:8080", credits, nil, 0, 403, "HTTPS"},
	} {
		w := send(t, newServer(&endpoint{status: tt.upstream}), "POST "+tt.url+"/session", tt.body, tt.headers...)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || !strings.HasPrefix(w.Body.String(), `{"errors":[`) || len(w.Result().Cookies()) != 0 {
			t.Errorf("%.40s %v: %d %s, want %d %s", tt.body, tt.headers, w.Code, w.Body, tt.status, tt.want)
		}
		if tt.upstream != 0 && w.Header().Get("Retry-After") != "7" {
			t.Errorf("no Retry-After: %v", w.Header())
		}
	}
	for _, url := range []string{local, "http://127.0.0.1", "http://[::1]:80", "http://app.localhost"} {
		if w := send(t, newServer(&endpoint{}), "POST "+url+"/session", credits, "Origin", url, "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
			t.Errorf("%s: %d", url, w.Code)
		}
	}
}

// An operation that fails while it is executed has the status of its error, and no session ends.
func TestSessionsWithoutDatabase(t *testing.T) {
	t.Parallel()
	for _, request := range []string{"POST " + local + "/session", "POST " + local + "/session/sign-up", "POST " + local + "/session/refresh", "DELETE " + local + "/session"} {
		e := &endpoint{body: `{"errors":[{"message":"away","extensions":{"code":"SERVICE_UNAVAILABLE"}}],"data":null}`}
		w := send(t, newServer(e), request, `{}`, "Origin", local, "Cookie", "7p-refresh=refresh1")
		if w.Code != 503 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "away") || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %v %s", request, w.Code, w.Header(), w.Body)
		}
	}
}

// The API takes the cookies only from the server's own pages; an expired access token is replaced.
func TestCookiesOfRequests(t *testing.T) {
	t.Parallel()
	page := []string{"X-Requested-With", "7p-app", "Sec-Fetch-Site", "same-origin", "Origin", local}
	both := func(cookie string, headers ...string) []string { return append([]string{"Cookie", cookie}, headers...) }
	for name, tt := range map[string]struct {
		headers []string
		status  int
		want    string // Authorization, or a part of the error
		cookies int    // that the response sets
	}{
		"a page":             {both("7p-access=good", page...), 200, "Bearer good", 0},
		"without the header": {both("7p-access=good", "Sec-Fetch-Site", "same-origin"), 200, "", 0},
		"another origin":     {both("7p-access=good", "X-Requested-With", "7p-app", "Origin", "https://evil.example"), 200, "", 0},
		"another site":       {both("7p-access=good", "X-Requested-With", "7p-app", "Sec-Fetch-Site", "cross-site"), 200, "", 0},
		"a token of its own": {both("7p-access=good", append(page, "Authorization", "Bearer own")...), 200, "Bearer own", 0},
		"another cookie":     {both("theme=dark", page...), 200, "", 0},
		"the other name":     {both("__Host-7p-access=good", page...), 200, "", 0},
		"expired":            {both("7p-access=old; 7p-refresh=refresh1", page...), 200, "Bearer good", 2},
		"only refresh":       {both("7p-refresh=refresh1", page...), 200, "Bearer good", 2},
		"ended":              {both("7p-access=old; 7p-refresh=spent", page...), 401, "UNAUTHENTICATED", 2},
		"no refresh":         {both("7p-access=old", page...), 401, "UNAUTHENTICATED", 2},
		"cannot be checked":  {both("7p-access=unknown; 7p-refresh=refresh1", page...), 200, "Bearer unknown", 0},
	} {
		w := send(t, newServer(&endpoint{}), "GET "+local+"/graphql", "", tt.headers...)
		if w.Code != tt.status || tt.status == 200 && w.Body.String() != tt.want || !strings.Contains(w.Body.String(), tt.want) || len(w.Result().Cookies()) != tt.cookies {
			t.Errorf("%s: %d %s, cookies %v; want %d %s", name, w.Code, w.Body, w.Result().Cookies(), tt.status, tt.want)
		}
		for _, c := range w.Result().Cookies() {
			if removed := c.MaxAge < 0; removed != (tt.status == 401) {
				t.Errorf("%s: %s", name, c)
			}
		}
	}
	w := send(t, newServer(&endpoint{status: 429}), "GET "+local+"/graphql", "", both("7p-refresh=refresh1", page...)...)
	if w.Code != 429 || w.Header().Get("Retry-After") != "7" || len(w.Result().Cookies()) != 0 {
		t.Errorf("a refresh that is limited: %d %v", w.Code, w.Header())
	}
}

func TestRefreshAndSignOut(t *testing.T) {
	t.Parallel()
	for cookie, status := range map[string]int{"7p-refresh=refresh1": 200, "7p-refresh=spent": 401, "": 401} {
		if w := send(t, newServer(&endpoint{}), "POST "+local+"/session/refresh", "{}", "Cookie", cookie); w.Code != status || len(w.Result().Cookies()) != 2 {
			t.Errorf("refresh with %q: %d %s, %v", cookie, w.Code, w.Body, w.Result().Cookies())
		}
	}
	for cookie, want := range map[string][]string{
		"7p-access=good": {"SignOut Bearer good"}, "7p-access=old; 7p-refresh=refresh1": {"RefreshSession", "SignOut Bearer good"}, "7p-refresh=spent": {"RefreshSession"}, "": nil,
	} {
		e := &endpoint{}
		w := send(t, newServer(e), "DELETE "+local+"/session", "", "Cookie", cookie)
		if diff := cmp.Diff(want, e.received); w.Code != 204 || diff != "" {
			t.Errorf("sign-out with %q: %d %s (-want +got):\n%s", cookie, w.Code, w.Body, diff)
		}
		if cookies := w.Result().Cookies(); len(cookies) != 2 || cookies[0].MaxAge != -1 || cookies[1].MaxAge != -1 {
			t.Errorf("sign-out with %q: cookies %v", cookie, cookies)
		}
	}
}

// The operations are valid, and each mutation of a session is the only field of its operation.
func TestTextsFitSchema(t *testing.T) {
	t.Parallel()
	schema := gql.ExecutableSchema().Schema()
	for _, text := range session.Texts() {
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		if errs := validator.ValidateWithRules(schema, doc, coercion.Rules()); len(errs) > 0 || len(doc.Operations[0].SelectionSet) != 1 {
			t.Errorf("%s: %v", text, errs)
		}
	}
}
