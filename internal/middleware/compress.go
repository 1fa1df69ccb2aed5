package middleware

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	// noCompressionHeader turns compression off for a request, with any value. It serves debugging
	// and responses that mix secrets with text that the caller sent.
	noCompressionHeader = "X-No-Compression"

	// minCompressedSize is the minimum size in bytes of a compressed response. A smaller response
	// fits one packet with or without compression.
	minCompressedSize = 1024

	// maxPooledBuffer is the maximum size in bytes of a pooled buffer, so that one huge response
	// does not hold its memory forever.
	maxPooledBuffer = 1 << 20
)

// Compress encodes text and JSON responses of 1 KiB or more with zstd, gzip or br, as the caller's
// Accept-Encoding prefers. A response written in one call with a Content-Length keeps a
// Content-Length; other responses are encoded as they are written. Event streams, multipart
// responses, ranges and responses that have a Content-Encoding pass through unchanged.
func Compress() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			vary := slices.Grow(w.Header()["Vary"], 4) // handlers add up to three more
			w.Header()["Vary"] = append(vary, "Accept-Encoding")
			accepted := negotiateCoding(strings.Join(r.Header["Accept-Encoding"], ","))
			if accepted.best == "" || skipsCompression(r) {
				next.ServeHTTP(w, r)
				return
			}
			cw := &compressWriter{ResponseWriter: w, coding: accepted.best, brotli: accepted.brotli, minSize: minCompressedSize}
			if accepted.mandatory {
				cw.minSize = 1
			}
			next.ServeHTTP(cw, r)
			cw.finishResponse() // not deferred: after a panic a partial response must stay incomplete
		})
	}
}

// skipsCompression reports whether the response to r must not be encoded, regardless of content.
func skipsCompression(r *http.Request) bool {
	return r.Method == http.MethodHead || r.Header["Upgrade"] != nil ||
		r.Header["Range"] != nil || r.Header[noCompressionHeader] != nil
}

// compressWriter delays the header until it is known whether the response is encoded: at the first
// kibibyte, the first Flush or the end.
type compressWriter struct {
	http.ResponseWriter
	coding     contentCoding
	brotli     bool   // whether the caller accepts br as well as coding
	minSize    int    // bytes
	status     int    // 0 before WriteHeader
	buffered   []byte // start of a response that may still be too small to encode
	headerSent bool
	encoder    encoder
}

// WriteHeader stores the final status until the header is sent; 1xx responses pass through.
func (w *compressWriter) WriteHeader(status int) {
	switch {
	case status < 200:
		w.ResponseWriter.WriteHeader(status)
	case w.status == 0:
		w.status = status
	}
}

func (w *compressWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	switch {
	case w.encoder != nil:
		return w.encoder.Write(b)
	case w.headerSent:
		return w.ResponseWriter.Write(b)
	case !w.isCompressible():
		w.sendHeader()
		return w.ResponseWriter.Write(b)
	case len(w.buffered) == 0 && w.contentLength() == len(b):
		return w.writeFullBody(b)
	}
	w.buffered = append(w.buffered, b...)
	if len(w.buffered) >= w.minSize {
		return len(b), w.startEncoder()
	}
	return len(b), nil
}

// Flush sends all bytes written before, encoded if encoding has begun.
func (w *compressWriter) Flush() {
	if w.encoder != nil {
		_ = w.encoder.Flush()
	} else {
		w.sendBuffered()
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap returns the inner writer to http.ResponseController.
func (w *compressWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *compressWriter) finishResponse() {
	if w.encoder == nil {
		w.sendBuffered()
		return
	}
	_ = w.encoder.Close()
	w.encoder.Reset(nil) // otherwise the pool retains the request
	encoderPools[w.coding].Put(w.encoder)
	w.encoder = nil
}

// writeFullBody sends b as the complete body.
func (w *compressWriter) writeFullBody(b []byte) (int, error) {
	if len(b) < w.minSize {
		w.sendHeader()
		return w.ResponseWriter.Write(b)
	}
	buf := encodeBuffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxPooledBuffer {
			encodeBuffers.Put(buf)
		}
	}()
	*buf = w.coding.appendEncoded((*buf)[:0], b)
	if len(*buf) >= len(b) && w.minSize > 1 {
		w.sendHeader()
		return w.ResponseWriter.Write(b)
	}
	w.setEncodingHeaders()
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(*buf))}
	w.sendHeader()
	if _, err := w.ResponseWriter.Write(*buf); err != nil {
		return 0, err
	}
	return len(b), nil
}

// encodeBuffers hold encoded responses during one Write.
var encodeBuffers = sync.Pool{New: func() any { return new([]byte) }}

func (w *compressWriter) startEncoder() error {
	w.setEncodingHeaders()
	delete(w.Header(), "Content-Length")
	w.sendHeader()
	w.encoder = encoderPools[w.coding].Get().(encoder)
	w.encoder.Reset(w.ResponseWriter)
	_, err := w.encoder.Write(w.buffered)
	w.buffered = nil
	return err
}

func (w *compressWriter) sendBuffered() {
	w.sendHeader()
	if len(w.buffered) > 0 {
		_, _ = w.ResponseWriter.Write(w.buffered)
		w.buffered = nil
	}
}

func (w *compressWriter) sendHeader() {
	if w.headerSent {
		return
	}
	w.headerSent = true
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// setEncodingHeaders sets the headers of an encoded response. A strong ETag becomes weak, because
// it identifies the unencoded bytes.
func (w *compressWriter) setEncodingHeaders() {
	h := w.Header()
	h["Content-Encoding"] = []string{string(w.coding)}
	delete(h, "Accept-Ranges")
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		h["Etag"] = []string{"W/" + tag}
	}
}

// contentLength returns the handler's Content-Length, or -1 if it set none.
func (w *compressWriter) contentLength() int {
	if n, err := strconv.Atoi(w.Header().Get("Content-Length")); err == nil {
		return n
	}
	return -1
}

func (w *compressWriter) isCompressible() bool {
	h := w.Header()
	return w.status != http.StatusNoContent && w.status != http.StatusNotModified &&
		w.status != http.StatusPartialContent && h["Content-Encoding"] == nil && h["Content-Range"] == nil &&
		!strings.Contains(h.Get("Cache-Control"), "no-transform") && isTextMediaType(h.Get("Content-Type"))
}

var textMediaTypes = []string{
	"application/json", "application/javascript", "application/xml",
	"application/manifest+json", "application/graphql-response+json", "application/graphql", "image/svg+xml",
}

// isTextMediaType reports whether a media type is worth compressing. Event streams are excluded:
// each event would have to be flushed as a block of its own.
func isTextMediaType(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	if strings.ToLower(mediaType) != mediaType {
		mediaType, _, _ = mime.ParseMediaType(contentType)
	}
	if strings.HasPrefix(mediaType, "text/") {
		return mediaType != "text/event-stream"
	}
	return slices.Contains(textMediaTypes, mediaType)
}

// CachedBody is a finished body that is sent again and again.
type CachedBody interface {
	// PlainBody returns the body without a content coding.
	PlainBody() []byte
	// EncodedBody returns the body in a coding, a number below CodingCount. It calls encode the first time.
	EncodedBody(coding int, encode func(body []byte) []byte) []byte
	// DenseBody returns the body as encode encodes it, or nil while it is not encoded. encode takes long: DenseBody
	// returns without waiting for it.
	DenseBody(encode func(body []byte) []byte) []byte
}

// WriteCachedBody sends a cached body with its Content-Length, encoded if Compress would encode the response. A caller
// that accepts br as well as any coding gets the dense body once there is one.
func WriteCachedBody(w http.ResponseWriter, status int, cached CachedBody) {
	body := cached.PlainBody()
	cw, ok := w.(*compressWriter)
	if ok {
		cw.status = status
		if len(body) >= cw.minSize && cw.isCompressible() {
			if small := cw.cachedCoding(cached); len(small) < len(body) || cw.minSize == 1 {
				body = small
				cw.setEncodingHeaders()
			}
		}
		cw.headerSent = true
		w = cw.ResponseWriter
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// cachedCoding returns a cached body in the coding of the response, which it changes to br if there is a dense body.
func (w *compressWriter) cachedCoding(cached CachedBody) []byte {
	if w.brotli {
		if dense := cached.DenseBody(encodeDense); dense != nil {
			w.coding = codingBrotli
			return dense
		}
	}
	return cached.EncodedBody(slices.Index(codings[:], w.coding), func(body []byte) []byte { return w.coding.appendEncoded(nil, body) })
}

// CodingCount is the number of supported content codings.
const CodingCount = len(codings)
