package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

func TestSchemaFile(t *testing.T) {
	t.Parallel()
	h := middleware.Compress()(schemaHandler())
	get := func(headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/schema.graphql", nil)
		for _, header := range headers {
			name, value, _ := strings.Cut(header, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	first := get()
	tag := first.Header().Get("Etag")
	if first.Code != http.StatusOK || len(tag) < 10 || !strings.Contains(first.Body.String(), "type Query") || first.Header().Get("Cache-Control") != "public, no-cache" {
		t.Errorf("%d, %v", first.Code, first.Header())
	}
	for accept, want := range map[string]string{
		"": "application/graphql; charset=utf-8", "*/*": "application/graphql; charset=utf-8",
		"text/html,application/xhtml+xml,*/*;q=0.8": "text/plain; charset=utf-8",
	} {
		if got := get("Accept: " + accept).Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q: Content-Type %q, want %q", accept, got, want)
		}
	}
	if got := get("Accept-Encoding: zstd").Header(); got.Get("Content-Encoding") != "zstd" || got.Get("Etag") != "W/"+tag {
		t.Errorf("compressed: %v", got)
	}
	for tags, want := range map[string]int{tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, `"x"`: http.StatusOK} {
		if w := get("If-None-Match: "+tags, "Accept-Encoding: gzip"); w.Code != want || (w.Code == http.StatusNotModified) != (w.Body.Len() == 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", tags, w.Code, w.Body.Len(), want)
		}
	}
}
