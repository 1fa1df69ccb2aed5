package frontend

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/internal/dense"
	"github.com/7p-education/api/internal/middleware"
)

// maxRenderedBytes is the memory of rendered pages, with their encoded bodies.
const maxRenderedBytes = 16 << 20

// renderedPage is a public page for anonymous viewers. It is valid as long as the API confirms dataTag, or until it
// expires.
type renderedPage struct {
	status  int
	body    []byte
	tag     string    // ETag of the page
	dataTag string    // ETag of the response of the API in it
	expires time.Time // of a file without a response of the API

	encoded [middleware.CodingCount]atomic.Pointer[[]byte]
	encoder *dense.Encoder[*renderedPage]
	dense   dense.Form
	key     string // in the cache, "" while it is not there
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
	return &renderedPage{status: status, body: body, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`, dataTag: dataTag, encoder: &h.dense}
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

// DenseForm implements dense.Entry.
func (p *renderedPage) DenseForm() *dense.Form { return &p.dense }

// DenseBody implements middleware.CachedBody.
func (p *renderedPage) DenseBody(encode func([]byte) []byte) []byte { return p.encoder.Body(p, encode) }

// hold stores a page in the cache.
func (h *Handler) hold(key string, p *renderedPage) {
	p.key = key
	h.rendered.Set(key, p)
}

// isHeld reports whether a page is in the cache.
func (h *Handler) isHeld(p *renderedPage) bool {
	held, _ := h.rendered.GetIfPresent(p.key)
	return held == p
}

// send sends a rendered page, or 304 if the client has it. No cache may store a response that removes cookies.
func (p *renderedPage) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if h["Set-Cookie"] != nil {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("ETag", p.tag)
	if p.status == http.StatusOK && middleware.MatchETag(r.Header["If-None-Match"], p.tag) != "" {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	middleware.WriteCachedBody(w, p.status, p)
}
