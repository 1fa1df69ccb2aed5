package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// bodyReader reads the body of one request. Memory grows with the bytes that arrive, not with the
// Content-Length.
type bodyReader struct {
	r        *http.Request
	control  *http.ResponseController
	maxBytes int64        // of every viewer
	bulk     *BulkLimiter // nil if the viewer's bodies have no higher limit
	releases []func()
}

// newBodyReader returns the reader of a request's body. A viewer below instructor has the limit
// maxBytes, as everyone has if bulk is nil.
func newBodyReader(w http.ResponseWriter, r *http.Request, maxBytes int64, bulk *BulkLimiter) *bodyReader {
	if !edu.ViewerFrom(r.Context()).HasRole(edu.RoleInstructor) {
		bulk = nil
	}
	return &bodyReader{r: r, control: http.NewResponseController(w), maxBytes: maxBytes, bulk: bulk}
}

// release releases the slots of the request. It has to be called after everything read from the body has
// been processed.
func (b *bodyReader) release() {
	for _, release := range slices.Backward(b.releases) {
		release()
	}
}

// isBulk reports whether the body has a slot, as those above the limit of every viewer have.
func (b *bodyReader) isBulk() bool { return len(b.releases) > 0 }

// limit returns the maximum size of the body.
func (b *bodyReader) limit() int64 {
	if b.bulk == nil {
		return b.maxBytes
	}
	return b.bulk.maxBodyBytes
}

// readBody reads the body. The result may be in buf.
func (b *bodyReader) readBody(buf *bytes.Buffer) ([]byte, *response.RequestError) {
	limit := b.limit()
	if b.r.ContentLength > limit {
		return nil, bodyTooLarge(limit)
	}
	complete, reqErr := b.readUpTo(buf, min(b.maxBytes, limit))
	if reqErr != nil || complete {
		return buf.Bytes(), reqErr
	}
	if b.bulk == nil || limit <= b.maxBytes {
		return nil, bodyTooLarge(limit)
	}
	return b.readBulkBody(buf)
}

// readBulkBody reads the rest of a body above the limit of every viewer.
func (b *bodyReader) readBulkBody(buf *bytes.Buffer) ([]byte, *response.RequestError) {
	viewer := edu.ViewerFrom(b.r.Context()).ID
	if reqErr := b.takeSlot(b.bulk.bodies, viewer, b.maxBytes, "of your requests"); reqErr != nil {
		return nil, reqErr
	}
	limit := b.limit()
	complete, reqErr := b.readUpTo(buf, min(maxMediumBytes, limit))
	if reqErr != nil || complete {
		return buf.Bytes(), reqErr
	}
	if limit <= maxMediumBytes {
		return nil, bodyTooLarge(limit)
	}
	if reqErr := b.takeSlot(b.bulk.largeBodies, viewer, maxMediumBytes, "of your requests"); reqErr != nil {
		return nil, reqErr
	}
	if reqErr := b.takeSlot(b.bulk.uploads, allViewers, maxMediumBytes, "requests"); reqErr != nil {
		return nil, reqErr
	}
	body, reqErr := b.readPieces(buf.Bytes(), limit)
	if reqErr != nil {
		return nil, reqErr
	}
	return body, b.takeSlot(b.bulk.executions, allViewers, maxMediumBytes, "requests")
}

// takeSlot waits for a slot and holds it until release.
func (b *bodyReader) takeSlot(s slots, key, minBytes int64, text string) *response.RequestError {
	release, reqErr := b.bulk.awaitSlot(b.r.Context(), s, key, minBytes, text)
	if reqErr == nil {
		b.releases = append(b.releases, release)
	}
	return reqErr
}

// readUpTo reads until buf has more than n bytes, or the body is complete. net/http's ReadTimeout limits
// the time.
func (b *bodyReader) readUpTo(buf *bytes.Buffer, n int64) (complete bool, reqErr *response.RequestError) {
	if _, err := buf.ReadFrom(io.LimitReader(b.r.Body, n+1-int64(buf.Len()))); err != nil {
		return false, bodyError(err, "the request body came too slowly")
	}
	return int64(buf.Len()) <= n, nil
}

// readPieces appends the rest of a body of at most limit bytes to its beginning. Each piece has a time
// limit of its own in place of net/http's ReadTimeout, so that slow clients can send large bodies, and
// idle ones are disconnected earlier.
func (b *bodyReader) readPieces(body []byte, limit int64) ([]byte, *response.RequestError) {
	defer func() { _ = b.control.SetReadDeadline(time.Time{}) }() // its end would cancel the operation
	end := int(limit) + 1
	if b.r.ContentLength >= 0 {
		end = int(b.r.ContentLength)
	}
	for len(body) < end {
		_ = b.control.SetReadDeadline(time.Now().Add(b.bulk.pieceTimeout)) // not supported by every test's writer
		piece := min(pieceBytes, end-len(body))
		if cap(body)-len(body) < piece {
			body = slices.Grow(body, min(len(body), end-len(body))) // doubles
		}
		n, err := readPiece(b.r.Body, body[len(body):len(body)+piece])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF): // io.ReadFull would return io.ErrUnexpectedEOF, as for a body that broke off
			return body, nil
		case err != nil:
			return nil, bodyError(err, "the request body came too slowly: after the first %d bytes, each %d may take %v", maxMediumBytes, pieceBytes, b.bulk.pieceTimeout)
		}
	}
	if int64(len(body)) > limit {
		return nil, bodyTooLarge(limit)
	}
	return body, nil
}

// readPiece reads until the piece is full or the body ends.
func readPiece(body io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var m int
		m, err = body.Read(piece[n:])
		n += m
	}
	return n, err
}

// bodyError returns the rejection of a body that could not be read.
func bodyError(err error, tooSlow string, args ...any) *response.RequestError {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return response.NewRequestError(http.StatusRequestTimeout, response.CodeRequestTimeout, tooSlow, args...)
	}
	return response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the request body broke off")
}

func bodyTooLarge(limit int64) *response.RequestError {
	return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
		"the request body is larger than the limit of %d bytes", limit)
}
