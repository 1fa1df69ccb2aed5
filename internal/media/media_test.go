package media_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/media"
)

var now = time.Date(2026, 11, 30, 12, 1, 0, 0, time.UTC)

const base = "https://media.example.com/files"

func newSigner() *media.Signer {
	return media.NewSigner(base, strings.Repeat("k", 32), time.Hour)
}

// The form of a URL is an interface: media servers check it. The signature was computed with openssl.
func TestSignURL(t *testing.T) {
	t.Parallel()
	s := newSigner()
	expires := s.Expiry(now, 10*time.Minute)
	if want := time.Date(2026, 11, 30, 13, 15, 0, 0, time.UTC); !expires.Equal(want) {
		t.Errorf("expires at %v, want %v", expires, want)
	}
	const want = base + "/course/intro/1796044500-6qYoQWViAo3wgCSX5IV1VEChFv4ccs_pc9CW2zH4ASQ/index.m3u8"
	if got := s.SignURL("course/intro/index.m3u8", expires); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if again := s.Expiry(now.Add(2*time.Minute), 10*time.Minute); !again.Equal(expires) {
		t.Errorf("a request 2 minutes later expires at %v, want the same URL as before", again)
	}
	if next := s.Expiry(now.Add(5*time.Minute), 10*time.Minute); !next.Equal(expires.Add(5 * time.Minute)) {
		t.Errorf("a request 5 minutes later expires at %v", next)
	}
	for minute := range 10 {
		for _, length := range []time.Duration{time.Second, time.Hour} {
			at := now.Add(time.Duration(minute) * time.Minute)
			if left := s.Expiry(at, length).Sub(at); left < time.Hour+length || left > time.Hour+length+5*time.Minute {
				t.Errorf("a URL of a video of %v is valid for %v", length, left)
			}
		}
	}
}

func TestVerifyPath(t *testing.T) {
	t.Parallel()
	s := newSigner()
	expires := s.Expiry(now, time.Minute)
	signed := strings.TrimPrefix(s.SignURL("course/intro/index.m3u8", expires), base)
	token := strings.Split(signed, "/")[3]
	for name, tt := range map[string]struct {
		path, want string // the file, or the error
		at         time.Time
	}{
		"the file":                          {signed, "course/intro/index.m3u8", now},
		"the last second":                   {signed, "course/intro/index.m3u8", expires.Add(-time.Second)},
		"another file of the directory":     {"/course/intro/" + token + "/segment-1.m4s", "course/intro/segment-1.m4s", now},
		"a file in a directory below it":    {"/course/intro/" + token + "/720p/segment-1.m4s", "course/intro/720p/segment-1.m4s", now},
		"the end":                           {signed, "expired", expires},
		"another directory":                 {"/course/other/" + token + "/index.m3u8", "invalid", now},
		"another course":                    {"/other/intro/" + token + "/index.m3u8", "invalid", now},
		"the directory above":               {"/course/" + token + "/intro/index.m3u8", "invalid", now},
		"a directory below, signed as such": {"/course/intro/720p/" + token + "/index.m3u8", "invalid", now},
		"a later expiry":                    {strings.Replace(signed, fmt.Sprint(expires.Unix()), fmt.Sprint(expires.Unix()+3600), 1), "invalid", now},
		"a changed signature":               {signed[:len(signed)-len("/index.m3u8")-1] + "!/index.m3u8", "not signed", now},
		"a short signature":                 {strings.Replace(signed, token, token[:len(token)-1], 1), "not signed", now},
		"no signature":                      {"/course/intro/index.m3u8", "not signed", now},
		"nothing":                           {"", "not signed", now},
	} {
		file, until, err := s.VerifyPath(tt.path, tt.at)
		if err == nil && (file != tt.want || !until.Equal(expires)) || err != nil && (file != "" || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: file %q until %v, error %v; want %s", name, file, until, err, tt.want)
		}
	}
	other := media.NewSigner(base, strings.Repeat("x", 32), time.Hour)
	if _, _, err := other.VerifyPath(signed, now); err == nil {
		t.Error("a URL is valid with another key")
	}
	for i := range token {
		replacement := "A"
		if token[i] == 'A' {
			replacement = "B"
		}
		changed := token[:i] + replacement + token[i+1:]
		if _, _, err := s.VerifyPath(strings.Replace(signed, token, changed, 1), now); err == nil {
			t.Errorf("a URL is valid with the token %s in place of %s", changed, token)
		}
	}
}

// getSample requests a URL of the sample handler.
func getSample(t *testing.T, h http.Handler, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestSampleHandler(t *testing.T) {
	t.Parallel()
	s := media.NewSigner("/media", strings.Repeat("k", 32), time.Hour)
	h := media.SampleHandler("/media", s)
	expires := s.Expiry(time.Now(), time.Minute)
	sign := func(file string) string { return s.SignURL("course/"+file, expires) }
	for file, contentType := range map[string]string{
		"index.m3u8": "application/vnd.apple.mpegurl", "media.m3u8": "application/vnd.apple.mpegurl", "video.mp4": "video/mp4",
		"init.mp4": "video/mp4", "segment-3.m4s": "video/iso.segment", "en.vtt": "text/vtt; charset=utf-8", "poster.jpg": "image/jpeg",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			resp := getSample(t, h, method, sign("sample/"+file))
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != contentType || (len(body) == 0) != (method == "HEAD") ||
				resp.Header.Get("Accept-Ranges") != "bytes" || resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
				t.Errorf("%s %s: %d with %d bytes, %v", method, file, resp.StatusCode, len(body), resp.Header)
			}
			var maxAge int
			if _, err := fmt.Sscanf(resp.Header.Get("Cache-Control"), "private, max-age=%d", &maxAge); err != nil || maxAge < 3600 || maxAge > 3960 {
				t.Errorf("%s: Cache-Control %q, want until the URL expires", file, resp.Header.Get("Cache-Control"))
			}
		}
	}
	resp := getSample(t, h, "GET", sign("sample/video.mp4"), "Range", "bytes=100-199")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 206 || len(body) != 100 || !strings.HasPrefix(resp.Header.Get("Content-Range"), "bytes 100-199/") {
		t.Errorf("a range: %d with %d bytes, %v", resp.StatusCode, len(body), resp.Header)
	}
	if resp := getSample(t, h, "GET", sign("sample/video.mp4"), "Range", "bytes=9999999-"); resp.StatusCode != 416 {
		t.Errorf("a range beyond the end: %d", resp.StatusCode)
	}
	for name, tt := range map[string]struct {
		path   string
		status int
	}{
		"an expired URL":      {s.SignURL("course/sample/video.mp4", time.Now().Add(-time.Second)), 403},
		"an unsigned URL":     {"/media/course/sample/video.mp4", 403},
		"another directory":   {strings.Replace(sign("sample/video.mp4"), "sample", "other", 1), 403},
		"a missing file":      {sign("sample/other.mp4"), 404},
		"a missing directory": {sign("intro/video.mp4"), 404},
		"a directory":         {s.SignURL("course/sample/.", expires), 404},
		"a file above":        {sign("sample/x")[:len(sign("sample/x"))-1] + "../handler.go", 404},
	} {
		if resp := getSample(t, h, "GET", tt.path); resp.StatusCode != tt.status || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v, want %d", name, resp.StatusCode, resp.Header, tt.status)
		}
	}
	if resp := getSample(t, h, "POST", sign("sample/video.mp4")); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, %v", resp.StatusCode, resp.Header)
	}
}

// The segments of the playlist are reached by its relative URLs, which its signature covers.
func TestSamplePlaylist(t *testing.T) {
	t.Parallel()
	s := media.NewSigner("/media", strings.Repeat("k", 32), time.Hour)
	h := media.SampleHandler("/media", s)
	directory := strings.TrimSuffix(s.SignURL("course/sample/index.m3u8", s.Expiry(time.Now(), 0)), "index.m3u8")
	read := func(name string) string {
		resp := getSample(t, h, "GET", directory+name)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || len(body) == 0 {
			t.Errorf("%s: %d with %d bytes", name, resp.StatusCode, len(body))
		}
		return string(body)
	}
	segments := 0
	for line := range strings.Lines(read("index.m3u8")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for line := range strings.Lines(read(strings.TrimSpace(line))) {
			if _, uri, ok := strings.Cut(line, `URI="`); ok {
				read(strings.TrimSuffix(strings.TrimSpace(uri), `"`))
			} else if !strings.HasPrefix(line, "#") {
				read(strings.TrimSpace(line))
				segments++
			}
		}
	}
	if segments != 4 {
		t.Errorf("%d segments, want 4", segments)
	}
}
