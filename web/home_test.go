package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/web"
)

func TestHome(t *testing.T) {
	t.Parallel()
	w := send(t, web.HomeHandler(), "GET", "/")
	if w.Code != http.StatusOK {
		t.Fatalf("GET /: %d", w.Code)
	}
	body := w.Body.String()
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
		"style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("policy\n got %s\nwant %s", got, want)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options %q", got)
	}
	for _, link := range []string{"/playground", "/schema.graphql", "/healthz", "/readyz"} {
		if !strings.Contains(body, `href="`+link+`"`) {
			t.Errorf("no link to %s", link)
		}
	}
}

func TestHomeRejects(t *testing.T) {
	t.Parallel()
	if w := send(t, web.HomeHandler(), "GET", "/favicon.ico"); w.Code != http.StatusNotFound {
		t.Errorf("GET /favicon.ico: %d, want 404", w.Code)
	}
	if w := send(t, web.HomeHandler(), "POST", "/"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d, want 405", w.Code)
	}
}
