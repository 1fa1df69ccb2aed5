package frontend

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/internal/middleware"
)

const (
	// maxRenderedBytes is the memory of rendered pages, with their encoded bodies.
	maxRenderedBytes = 16 << 20
	// denseRequests is how many clients that accept Brotli request a page before it is encoded densely, which takes some
	// 10 ms of a processor.
	denseRequests = 3
)

// renderedPage is a public page for anonymous viewers. It is valid as long as the API confirms dataTag.
type renderedPage struct {
	status  int
	body    []byte
	tag     string // ETag of the page
	dataTag string // ETag of the response of the API in it

	encoded  [middleware.CodingCount]atomic.Pointer[[]byte]
	dense    atomic.Pointer[[]byte]
	requests atomic.Uint32
	encoding *atomic.Bool // whether a page is encoded densely at the moment: one at a time, beside the requests
}

var _ middleware.CachedBody = (*renderedPage)(nil)

func newRenderedPages() *otter.Cache[string, *renderedPage] {
	return otter.Must(&otter.Options[string, *renderedPage]{
		MaximumWeight: maxRenderedBytes,
		Weigher:       func(key string, p *renderedPage) uint32 { return uint32(len(key) + 2*len(p.body) + 500) },
	})
}

func (h *Handler) newRenderedPage(status int, body []byte, dataTag string) *renderedPage {
	sum := sha256.Sum256(body)
	return &renderedPage{status: status, body: body, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`, dataTag: dataTag, encoding: &h.encoding}
}

// PlainBody implements middleware.CachedBody.
func (p *renderedPage) PlainBody() []byte { return p.body }

// EncodedBody implements middleware.CachedBody.
func (p *renderedPage) EncodedBody(coding int, encode func([]byte) []byte) []byte {
	if body := p.encoded[coding].Load(); body != nil {
		return *body
	}
	body := encode(p.body)
	p.encoded[coding].Store(&body)
	return body
}

// DenseBody implements middleware.CachedBody.
func (p *renderedPage) DenseBody(encode func([]byte) []byte) []byte {
	if body := p.dense.Load(); body != nil {
		return *body
	}
	if p.requests.Add(1) >= denseRequests && p.encoding.CompareAndSwap(false, true) {
		go func() {
			defer p.encoding.Store(false)
			body := encode(p.body)
			p.dense.Store(&body)
		}()
	}
	return nil
}

// send sends a rendered page, or 304 if the client has it. No cache may store a response that removes cookies.
func (p *renderedPage) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if h["Set-Cookie"] != nil {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("ETag", p.tag)
	if p.status == http.StatusOK && matchesTag(r, p.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	middleware.WriteCachedBody(w, p.status, p)
}
