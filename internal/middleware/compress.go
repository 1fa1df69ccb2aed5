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
	// noCompressionHeader on a request, with any value, asks for the answer as it is:
	// for debugging, and for answers that mix secrets with what the caller sent.
	noCompressionHeader = "X-No-Compression"

	// minCompressedSize is the fewest bytes worth coding: below, the answer fits one
	// packet either way.
	minCompressedSize = 1024

	// maxPooledBuffer is the largest buffer kept for later, so that one huge answer
	// does not hold its memory for good.
	maxPooledBuffer = 1 << 20
)

// Compress codes answers of text and JSON of 1 KiB or more with zstd, gzip or br,
// as the caller's Accept-Encoding prefers. An answer written at once with a
// Content-Length keeps one; others are coded as they are written. Event streams,
// multipart answers, ranges, and what is coded already go through untouched.
func Compress() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			vary := slices.Grow(w.Header()["Vary"], 4) // handlers add up to three more
			w.Header()["Vary"] = append(vary, "Accept-Encoding")
			c, mandatory := negotiateCoding(strings.Join(r.Header["Accept-Encoding"], ","))
			if c == "" || skipsCompression(r) {
				next.ServeHTTP(w, r)
				return
			}
			cw := &compressWriter{ResponseWriter: w, coding: c, minSize: minCompressedSize}
			if mandatory {
				cw.minSize = 1
			}
			next.ServeHTTP(cw, r)
			cw.finishResponse() // not deferred: after a panic half an answer must not look whole
		})
	}
}

// skipsCompression tells requests whose answer must not be coded whatever it is.
func skipsCompression(r *http.Request) bool {
	return r.Method == http.MethodHead || r.Header["Upgrade"] != nil ||
		r.Header["Range"] != nil || r.Header[noCompressionHeader] != nil
}

// compressWriter holds the header back until it knows whether the answer is to
// be coded: at the first kibibyte, the first Flush or the end.
type compressWriter struct {
	http.ResponseWriter
	coding     contentCoding
	minSize    int    // bytes
	status     int    // 0 before WriteHeader
	buffered   []byte // of an answer that may yet be too small
	headerSent bool   // the header is sent
	encoder    encoder
}

// WriteHeader keeps status for when the header is sent.
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

// Flush sends what was written so far, coded if that has begun.
func (w *compressWriter) Flush() {
	if w.encoder != nil {
		_ = w.encoder.Flush()
	} else {
		w.sendBuffered()
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap serves http.ResponseController.
func (w *compressWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *compressWriter) finishResponse() {
	if w.encoder == nil {
		w.sendBuffered()
		return
	}
	_ = w.encoder.Close()
	w.encoder.Reset(nil) // or the pool would keep the request alive
	encoderPools[w.coding].Put(w.encoder)
	w.encoder = nil
}

// writeFullBody answers with b alone.
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

// encodeBuffers hold coded answers for the time of one Write.
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

// setEncodingHeaders makes the header that of a coded answer. The bytes are no longer
// those that a strong ETag vouches for.
func (w *compressWriter) setEncodingHeaders() {
	h := w.Header()
	h["Content-Encoding"] = []string{string(w.coding)}
	delete(h, "Accept-Ranges")
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		h["Etag"] = []string{"W/" + tag}
	}
}

// contentLength returns the handler's Content-Length, or -1 where there is none.
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
	"application/manifest+json", "application/graphql-response+json", "image/svg+xml",
}

// isTextMediaType tells the media types that shrink. An event stream does too, but would
// have to be flushed into a block an event.
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

// WriteCachedBody answers with a body that is kept, and sets its length. Where Compress
// would code it, coded is asked for the body in the coding of a number below
// Codings, which encode makes if it was never made.
func WriteCachedBody(w http.ResponseWriter, status int, body []byte, encodedBody func(coding int, encode func(body []byte) []byte) []byte) {
	cw, ok := w.(*compressWriter)
	if ok {
		cw.status = status
		if len(body) >= cw.minSize && cw.isCompressible() {
			small := encodedBody(slices.Index(codings[:], cw.coding), func(body []byte) []byte { return cw.coding.appendEncoded(nil, body) })
			if len(small) < len(body) || cw.minSize == 1 {
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

// CodingCount is how many codings there are.
const CodingCount = len(codings)
