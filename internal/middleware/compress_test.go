package middleware_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/7p-education/api/internal/middleware"
)

// jsonPage returns about n bytes of JSON that resembles a response.
func jsonPage(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"data":{"courses":[`)
	for i := 0; b.Len() < n; i++ {
		b.WriteString(`{"id":"Y291cnNlOj` + strconv.Itoa(i*7919) + `","title":"Course ` + strconv.Itoa(i) + `","rating":4.5},`)
	}
	b.WriteString(`null]}}`)
	return b.Bytes()
}

// respond returns a handler that writes body in one call, with headers given as name, value, …
func respond(status int, body []byte, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

// get sends a GET request with headers given as name, value, …
func get(t *testing.T, h http.Handler, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

// decode returns the decompressed body of a response.
func decode(t *testing.T, res *http.Response) []byte {
	t.Helper()
	var body io.Reader = res.Body
	var err error
	switch coding := res.Header.Get("Content-Encoding"); coding {
	case "":
	case "gzip":
		body, err = gzip.NewReader(res.Body)
	case "zstd":
		body, err = zstd.NewReader(res.Body)
	case "br":
		body = brotli.NewReader(res.Body)
	default:
		t.Fatalf("unknown Content-Encoding %q", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompressPrefers(t *testing.T) {
	t.Parallel()
	tests := []struct{ accept, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"br", "br"},
		{"gzip, deflate, br, zstd", "zstd"},
		{"gzip, br", "gzip"},
		{"gzip;q=0.5, br;q=0.9", "br"},
		{"GZIP;Q=1", "gzip"},
		{"zstd;q=0, *", "gzip"},
		{"*", "zstd"},
		{"*;q=0", ""},
		{"gzip;q=0", ""},
		{"identity, gzip;q=0.5", ""},
		{"identity;q=0.5, gzip", "gzip"},
		{"gzip;q=oops", ""},
		{"deflate, compress", ""},
		{"*;q=0, gzip;q=0.1", "gzip"},
		{"identity;q=0, br;q=0.001", "br"},
		{"identity;q=0, *;q=0", ""}, // no acceptable coding is left
		{"zstd;q=0.5, *;q=0.6", "gzip"},
	}
	for _, long := range []bool{false, true} {
		body := jsonPage(3000)
		headers := []string{"Content-Type", "application/json; charset=utf-8"}
		if long {
			headers = append(headers, "Content-Length", strconv.Itoa(len(body)))
		}
		h := middleware.Compress()(respond(http.StatusOK, body, headers...))
		for _, tt := range tests {
			res := get(t, h, "Accept-Encoding", tt.accept)
			if got := res.Header.Get("Content-Encoding"); got != tt.want {
				t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", tt.accept, got, tt.want)
			}
			if got := decode(t, res); !bytes.Equal(got, body) {
				t.Errorf("Accept-Encoding %q: decoded body differs", tt.accept)
			}
			if got := res.Header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("Accept-Encoding %q: Vary %q", tt.accept, got)
			}
			if length := res.Header.Get("Content-Length"); long != (length != "") && tt.want != "" {
				t.Errorf("Accept-Encoding %q: Content-Length %q", tt.accept, length)
			}
		}
	}
}

// denseBody is a CachedBody whose coding shows which form was sent.
type denseBody struct{ plain []byte }

func (b denseBody) PlainBody() []byte                                { return b.plain }
func (b denseBody) EncodedBody(int, func(body []byte) []byte) []byte { return []byte("encoded") }
func (b denseBody) DenseBody(encode func(body []byte) []byte) []byte { return encode(b.plain) }

// A dense body goes to clients that accept br as well as any other coding.
func TestDenseBodyPrefers(t *testing.T) {
	t.Parallel()
	body := jsonPage(3000)
	h := middleware.Compress()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		middleware.WriteCachedBody(w, http.StatusOK, denseBody{body})
	}))
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "br": "br", "*": "br", "zstd;q=0.5, br;q=0.5": "br", "identity;q=0, br;q=0.1": "br",
		"zstd": "zstd", "zstd, br;q=0.9": "zstd", "br;q=0, *": "zstd", "gzip, zstd;q=0.9, br;q=0.9": "gzip", "": "",
	} {
		res := get(t, h, "Accept-Encoding", accept)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accept, got, want)
		}
		if want == "br" && !bytes.Equal(decode(t, res), body) {
			t.Errorf("Accept-Encoding %q: decoded body differs", accept)
		}
	}
}

func TestCompressLeavesAlone(t *testing.T) {
	t.Parallel()
	big := jsonPage(3000)
	tests := map[string]struct {
		handler http.Handler
		request []string
	}{
		"small":           {respond(200, jsonPage(500), "Content-Type", "application/json"), nil},
		"image":           {respond(200, big, "Content-Type", "image/png"), nil},
		"no type":         {respond(200, big), nil},
		"event stream":    {respond(200, big, "Content-Type", "text/event-stream"), nil},
		"multipart":       {respond(200, big, "Content-Type", `multipart/mixed; boundary="-"`), nil},
		"encoded already": {respond(200, big, "Content-Type", "text/css", "Content-Encoding", "br"), nil},
		"no transform":    {respond(200, big, "Content-Type", "text/css", "Cache-Control", "no-transform"), nil},
		"partial":         {respond(206, big, "Content-Type", "text/css"), nil},
		"range request":   {respond(200, big, "Content-Type", "text/css"), []string{"Range", "bytes=0-1"}},
		"opted out":       {respond(200, big, "Content-Type", "text/css"), []string{"X-No-Compression", "1"}},
		"upgrade":         {respond(200, big, "Content-Type", "text/css"), []string{"Upgrade", "websocket"}},
	}
	for name, tt := range tests {
		bare := get(t, tt.handler)
		res := get(t, middleware.Compress()(tt.handler), append(tt.request, "Accept-Encoding", "gzip")...)
		if got, want := res.Header.Get("Content-Encoding"), bare.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s: Content-Encoding %q, want %q", name, got, want)
		}
		got, _ := io.ReadAll(res.Body)
		want, _ := io.ReadAll(bare.Body)
		if !bytes.Equal(got, want) || res.StatusCode != bare.StatusCode {
			t.Errorf("%s: status %d and %d bytes, want %d and %d", name, res.StatusCode, len(got), bare.StatusCode, len(want))
		}
	}
}

// TestCompressFrom checks that one kibibyte is the minimum size, for each compressed media type.
func TestCompressFrom(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{
		"application/json", "application/graphql-response+json; charset=utf-8", "application/graphql", "Text/HTML; charset=utf-8",
		"text/css", "text/javascript", "text/plain", "image/svg+xml", "application/manifest+json",
	} {
		for size, want := range map[int]string{1023: "", 1024: "gzip"} {
			body := bytes.Repeat([]byte("x"), size)
			for _, length := range []string{"", strconv.Itoa(size)} {
				headers := []string{"Content-Type", mediaType}
				if length != "" {
					headers = append(headers, "Content-Length", length)
				}
				res := get(t, middleware.Compress()(respond(200, body, headers...)), "Accept-Encoding", "gzip")
				if got := res.Header.Get("Content-Encoding"); got != want {
					t.Errorf("%d bytes of %s: Content-Encoding %q, want %q", size, mediaType, got, want)
				}
				if got := decode(t, res); !bytes.Equal(got, body) {
					t.Errorf("%d bytes of %s: decoded body differs", size, mediaType)
				}
			}
		}
	}
}

// TestCompressTwoLines splits the header into two lines, which form one list (RFC 9110 section 5.3).
func TestCompressTwoLines(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header["Accept-Encoding"] = []string{"deflate", "gzip;q=0.5, br"}
	rec := httptest.NewRecorder()
	middleware.Compress()(respond(200, jsonPage(3000), "Content-Type", "text/css")).ServeHTTP(rec, r)
	if got := rec.Header().Get("Content-Encoding"); got != "br" {
		t.Errorf("Content-Encoding %q, want br", got)
	}
}

func TestCompressEmptyResponses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified, http.StatusOK} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
		})
		res := get(t, middleware.Compress()(h), "Accept-Encoding", "gzip")
		if res.StatusCode != status || res.Header.Get("Content-Encoding") != "" {
			t.Errorf("status %d, Content-Encoding %q; want %d and none", res.StatusCode, res.Header.Get("Content-Encoding"), status)
		}
	}
}

func TestCompressMandatory(t *testing.T) {
	t.Parallel()
	body := jsonPage(200)
	for _, headers := range [][]string{
		{"Content-Type", "application/json"},
		{"Content-Type", "application/json", "Content-Length", strconv.Itoa(len(body))},
	} {
		res := get(t, middleware.Compress()(respond(200, body, headers...)), "Accept-Encoding", "gzip, identity;q=0")
		if got := res.Header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("identity not acceptable: Content-Encoding %q, want gzip", got)
		}
		if got := decode(t, res); !bytes.Equal(got, body) {
			t.Errorf("got %q, want %q", got, body)
		}
	}
}

func TestCompressWeakensETag(t *testing.T) {
	t.Parallel()
	h := middleware.Compress()(respond(200, jsonPage(3000), "Content-Type", "text/css", "Etag", `"v1"`))
	if got := get(t, h, "Accept-Encoding", "zstd").Header.Get("Etag"); got != `W/"v1"` {
		t.Errorf("encoded: ETag %s", got)
	}
	if got := get(t, h).Header.Get("Etag"); got != `"v1"` {
		t.Errorf("plain: ETag %s", got)
	}
}

// TestCompressFlush reads each part while the handler waits. If Flush retained any bytes, the test
// would not end.
func TestCompressFlush(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 3000} {
		part, more := jsonPage(size), make(chan struct{})
		server := httptest.NewServer(middleware.Compress()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			for range 3 {
				_, _ = w.Write(part)
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				<-more
			}
		})))
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = res.Body
		if size > 1024 {
			if body, err = gzip.NewReader(res.Body); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, len(part))
		for range 3 {
			if _, err := io.ReadFull(body, got); err != nil || !bytes.Equal(got, part) {
				t.Errorf("part of %d bytes: %v", size, err)
			}
			more <- struct{}{}
		}
		_ = res.Body.Close()
		server.Close()
	}
}

// TestCompressReuse sends enough responses through the pools to detect one that leaks into another.
func TestCompressReuse(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"gzip", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			t.Parallel()
			for i := range 50 {
				body := []byte(strings.Repeat(strconv.Itoa(i)+" ", 600+i))
				h := middleware.Compress()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/plain")
					for chunk := range bytes.SplitSeq(body, []byte("0")) {
						_, _ = w.Write(chunk)
					}
				}))
				want := bytes.ReplaceAll(body, []byte("0"), nil)
				if got := decode(t, get(t, h, "Accept-Encoding", coding)); !bytes.Equal(got, want) {
					t.Fatalf("round %d: got %d bytes, want %d", i, len(got), len(want))
				}
			}
		})
	}
}
