package frontend_test

import (
	"net/http"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A client receives the smallest form that it accepts.
func TestAssetCodings(t *testing.T) {
	t.Parallel()
	h := newPages(t, &endpoint{}, nil)
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "gzip, zstd": "zstd", "gzip": "gzip", "": "", "identity": "", "br;q=0, gzip;q=0.1": "gzip", "br;q=0.5, gzip": "gzip",
		"*": "br", "deflate": "",
	} {
		w := get(t, h, "/assets/app-1a.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); w.Code != http.StatusOK || got != want {
			t.Errorf("Accept-Encoding %q: %d %q, want %q", accept, w.Code, got, want)
		}
		body := w.Body.String()
		if want == "zstd" {
			d, err := zstd.NewReader(nil)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := d.DecodeAll(w.Body.Bytes(), nil)
			d.Close()
			if err != nil {
				t.Error(err)
			}
			body, want = string(plain), ""
		}
		if wantBody := map[string]string{"br": "as Brotli", "gzip": "as gzip", "": entryJS}[want]; body != wantBody {
			t.Errorf("Accept-Encoding %q: body %q, want %q", accept, body, wantBody)
		}
		tag := w.Header().Get("ETag")
		if again := get(t, h, "/assets/app-1a.js", "Accept-Encoding", accept, "If-None-Match", `"x", W/`+tag); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("Accept-Encoding %q with its ETag %s: %d", accept, tag, again.Code)
		}
	}
}

func TestAssetHeaders(t *testing.T) {
	t.Parallel()
	h := newPages(t, &endpoint{}, nil)
	w := get(t, h, "/assets/app-1a.js", "Accept-Encoding", "br")
	for name, want := range map[string]string{
		"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "text/javascript; charset=utf-8", "Vary": "Accept-Encoding",
		"X-Content-Type-Options": "nosniff", "Content-Length": "9",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if w := get(t, h, "/assets/app-2b.css"); w.Header().Get("Content-Type") != "text/css; charset=utf-8" || w.Body.String() != styles {
		t.Errorf("styles: %v", w.Header())
	}
	for _, path := range []string{"/assets/app-0.js", "/assets/app-1a.js.br", "/assets/", "/assets/../manifest.json"} {
		if w := get(t, h, path); w.Code == http.StatusOK || w.Header().Get("Cache-Control") == "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
