package frontend

import (
	"crypto/sha256"
	"encoding/base64"
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
}

var _ middleware.CachedBody = (*renderedPage)(nil)

func newRenderedPages() *otter.Cache[string, *renderedPage] {
	return otter.Must(&otter.Options[string, *renderedPage]{
		MaximumWeight: maxRenderedBytes,
		Weigher:       func(key string, p *renderedPage) uint32 { return uint32(len(key) + 2*len(p.body) + 500) },
	})
}

func newRenderedPage(status int, body []byte, dataTag string) *renderedPage {
	sum := sha256.Sum256(body)
	return &renderedPage{status: status, body: body, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`, dataTag: dataTag}
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

// encoding is 1 while a page is encoded densely: one at a time, beside the requests.
var encoding atomic.Bool

// DenseBody implements middleware.CachedBody.
func (p *renderedPage) DenseBody(encode func([]byte) []byte) []byte {
	if body := p.dense.Load(); body != nil {
		return *body
	}
	if p.requests.Add(1) >= denseRequests && encoding.CompareAndSwap(false, true) {
		go func() {
			defer encoding.Store(false)
			body := encode(p.body)
			p.dense.Store(&body)
		}()
	}
	return nil
}
