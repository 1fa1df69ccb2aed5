package middleware_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

// discard is a response writer of minimal cost.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkChain measures the complete middleware chain around a response of 2 kB.
func BenchmarkChain(b *testing.B) {
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: []string{"https://app.example.com"}, Credentials: true})
	if err != nil {
		b.Fatal(err)
	}
	body := jsonPage(2000)
	contentType, length := []string{"application/json; charset=utf-8"}, []string{strconv.Itoa(len(body))}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = contentType
		w.Header()["Content-Length"] = length
		_, _ = w.Write(body)
	})
	for _, bm := range []struct {
		name     string
		h        http.Handler
		encoding string
	}{
		{"none", handler, ""},
		{"plain", chain(handler, middleware.Recover(log), middleware.RequestID(), middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log,
			middleware.SecurityHeaders("max-age=63072000"), cors.Handler, middleware.Compress()), ""},
		{"plain-nolog", chain(handler, middleware.Recover(log), middleware.RequestID(),
			middleware.SecurityHeaders("max-age=63072000"), cors.Handler, middleware.Compress()), ""},
		{"plain-observed", chain(handler, middleware.Recover(log), middleware.RequestID(),
			middleware.ObserveRequests(func() {}, func(middleware.CompletedRequest) {}), middleware.SecurityHeaders("max-age=63072000"), cors.Handler, middleware.Compress()), ""},
		{"zstd", chain(handler, middleware.Recover(log), middleware.RequestID(), middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log,
			middleware.SecurityHeaders("max-age=63072000"), cors.Handler, middleware.Compress()), "gzip, deflate, br, zstd"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
			r.Header.Set("Origin", "https://app.example.com")
			r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")
			r.Header.Set("Accept-Encoding", bm.encoding)
			w := &discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				bm.h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkCoding compares the content codings at typical response sizes.
func BenchmarkCoding(b *testing.B) {
	for _, size := range []int{2000, 20000, 64000} {
		body := jsonPage(size)
		h := middleware.Compress()(respond(200, body,
			"Content-Type", "application/json", "Content-Length", strconv.Itoa(len(body))))
		for _, coding := range []string{"zstd", "gzip", "br"} {
			b.Run(coding+"/"+strconv.Itoa(size), func(b *testing.B) { benchmarkCoding(b, h, coding) })
		}
		dense := middleware.Compress()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			middleware.WriteCachedBody(w, http.StatusOK, denseBody{body})
		}))
		b.Run("dense/"+strconv.Itoa(size), func(b *testing.B) { benchmarkCoding(b, dense, "br") })
	}
}

func benchmarkCoding(b *testing.B, h http.Handler, coding string) {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", coding)
	var out bytes.Buffer
	w := &bufferedWriter{discard{http.Header{}}, &out}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		out.Reset()
		h.ServeHTTP(w, r)
	}
	b.ReportMetric(float64(out.Len()), "bytes")
}

// bufferedWriter is a response writer that stores the body.
type bufferedWriter struct {
	discard
	out *bytes.Buffer
}

func (w *bufferedWriter) Write(b []byte) (int, error) { return w.out.Write(b) }
