package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/config"
)

// A demo is its own media server, with a key of its own. Other servers sign for the one of the settings, or not at all.
func TestOpenMedia(t *testing.T) {
	t.Parallel()
	c := &config.Config{}
	c.MediaURLTTL = time.Hour
	if m := openMedia(c, "http://localhost:8080", false); m.signer != nil || m.servesSamples {
		t.Errorf("without settings: %+v", m)
	}
	a, b := openMedia(c, "http://localhost:8080", true), openMedia(c, "http://localhost:8080", true)
	sign := func(m mediaServer) string {
		return m.signer.SignURL("course/sample/video.mp4", time.Now().Add(time.Hour))
	}
	if !strings.HasPrefix(sign(a), "http://localhost:8080/media/course/sample/") || sign(a) == sign(b) {
		t.Errorf("URLs of demos: %s and %s", sign(a), sign(b))
	}
	status := func(m mediaServer, url string) int {
		mux := http.NewServeMux()
		m.register(mux)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		return w.Code
	}
	if got := status(a, sign(a)); got != 200 {
		t.Errorf("the URL of a demo: %d", got)
	}
	if got := status(a, sign(b)); got != 403 {
		t.Errorf("the URL of another demo: %d", got)
	}
	c.MediaBaseURL, c.MediaSigningKey = "https://media.example.com", config.SigningKey(strings.Repeat("k", 32))
	for _, isDemo := range []bool{false, true} {
		m := openMedia(c, "http://localhost:8080", isDemo)
		if m.servesSamples || !strings.HasPrefix(sign(m), "https://media.example.com/course/sample/") || status(m, sign(m)) != 404 {
			t.Errorf("with settings: %+v, %s", m, sign(m))
		}
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	c := &config.Config{}
	if got := publicURL(c, "127.0.0.1:8081"); got != "http://localhost:8081" {
		t.Errorf("got %s", got)
	}
	c.PublicURL = "https://api.example.com"
	if got := publicURL(c, "[::]:8081"); got != "https://api.example.com" {
		t.Errorf("got %s", got)
	}
}
