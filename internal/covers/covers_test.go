package covers_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/covers"
)

const base = "https://api.example.com/covers/"

// getCover requests a path of the handler.
func getCover(t *testing.T, path string) (*http.Response, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	covers.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), body
}

// Each cover has a size, a thumbhash and six files, all of which are served and may be cached for a year.
func TestCovers(t *testing.T) {
	t.Parallel()
	seen, total := map[string]bool{}, 0
	for i := range 10 {
		picture := covers.Image(base+covers.Name(i), "A course")
		if picture.URL != base+covers.Name(i) || picture.Alt != "A course" || *picture.Width != 960 || *picture.Height != 540 || len(picture.Sources) != 2 {
			t.Fatalf("cover %d: %+v", i, picture)
		}
		if hash, err := base64.StdEncoding.DecodeString(*picture.Thumbhash); err != nil || len(hash) < 15 || len(hash) > 25 {
			t.Errorf("cover %d: thumbhash %q, %v", i, *picture.Thumbhash, err)
		}
		for _, source := range picture.Sources {
			var widths []string
			for candidate := range strings.SplitSeq(source.Srcset, ", ") {
				url, width, _ := strings.Cut(candidate, " ")
				widths = append(widths, width)
				resp, body := getCover(t, "/covers/"+strings.TrimPrefix(url, base))
				format := map[string]string{"image/avif": "ftypavif", "image/webp": "WEBP"}[source.MimeType]
				if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != source.MimeType || !bytes.Contains(body[:32], []byte(format)) ||
					resp.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s: %d, %v", url, resp.StatusCode, resp.Header)
				}
				if seen[url] {
					t.Errorf("%s is there twice", url)
				}
				seen[url], total = true, total+len(body)
			}
			if strings.Join(widths, " ") != "320w 640w 960w" {
				t.Errorf("cover %d has the widths %v", i, widths)
			}
		}
	}
	if len(seen) != 60 || total > 600_000 {
		t.Errorf("%d files with %d bytes, want 60 with at most 600,000", len(seen), total)
	}
	if covers.Name(10) != covers.Name(0) {
		t.Error("the covers do not start again after the last")
	}
}

// A picture that is no cover has its URL only.
func TestOtherImage(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://example.com/a.jpg", "https://example.com/" + covers.Name(0), base + "cover-1-960.000000000000.webp", ""} {
		if p := covers.Image(url, "A"); p.URL != url || p.Alt != "A" || p.Width != nil || p.Height != nil || p.Thumbhash != nil || p.Sources == nil || len(p.Sources) != 0 {
			t.Errorf("%s: %+v", url, p)
		}
	}
}

func TestHandlerRejects(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/covers/", "/covers/covers.json", "/covers/cover-1-960.000000000000.webp", "/covers/../covers.go"} {
		if resp, _ := getCover(t, path); resp.StatusCode != 404 || resp.Header.Get("Cache-Control") != "" {
			t.Errorf("%s: %d, %v", path, resp.StatusCode, resp.Header)
		}
	}
}
