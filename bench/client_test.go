package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// startHandler serves HTTP in this process.
func startHandler(t *testing.T, h http.HandlerFunc) (addr string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func TestClientReadsBothFramings(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 20_000)
	addr := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch string(body) {
		case "chunks":
			_, _ = io.WriteString(w, large)
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "end")
		case "length":
			_, _ = io.WriteString(w, "short")
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	})
	c, err := dialContender(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	type response struct {
		Status int
		Body   string
	}
	var got []response
	for _, body := range []string{"chunks", "length", "other!", "chunks"} { // on one connection
		status, b, err := c.sendRequest([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n" + body))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, response{status, string(b)})
	}
	want := []response{{200, large + "end"}, {200, "short"}, {418, ""}, {200, large + "end"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestCarriesViewerAndVariables(t *testing.T) {
	t.Parallel()
	tokens, err := auth.NewTokens(strings.Repeat("s", auth.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	var got edu.Viewer
	var body string
	addr := startHandler(t, auth.Middleware(tokens, nil)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = edu.ViewerFrom(r.Context())
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	})).ServeHTTP)
	c, err := dialContender(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	want := edu.Viewer{ID: 12, Role: edu.RoleStudent}
	bytes, err := encodeRequest(request{operation: operations[1], variables: map[string]any{"slug": "a"}, viewer: want}, addr, tokens)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.sendRequest(bytes); err != nil {
		t.Fatal(err)
	}
	if got != want || !strings.Contains(body, `"variables":{"slug":"a"}`) || !strings.Contains(body, `"operationName":"CoursePage"`) {
		t.Errorf("the server received viewer %v and body %s", got, body)
	}
}
