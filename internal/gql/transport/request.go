package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/response"
)

// bodyBuffers holds request bodies while they are decoded; decoded values do not refer to them.
var bodyBuffers response.BufferPool

// parsedRequest is the content of a request: one operation, or a batch of at least one.
type parsedRequest struct {
	params   *graphql.RawParams // nil for a batch, and for a memoized request that is not decoded yet
	memoized *memoizedRequest   // nil if the request cannot be memoized
	batch    []batchItem        // nil for a single operation
}

// isMemoized reports whether the request is in the memo.
func (in *parsedRequest) isMemoized() bool { return in.memoized != nil && in.memoized.stored }

// decodeParams returns the parameters of a single operation.
func (in *parsedRequest) decodeParams(headers http.Header) *graphql.RawParams {
	if in.params == nil {
		in.params = in.memoized.decodeParams()
		in.params.Headers = headers
	}
	return in.params
}

// requestReader reads and decodes requests.
type requestReader struct {
	maxBodyBytes int64
	maxBatchSize int
	memo         *requestMemo
}

// readRequest reads and decodes a request.
func (d requestReader) readRequest(r *http.Request, limit bodyLimit) (in parsedRequest, reqErr *response.RequestError) {
	switch r.Method {
	case http.MethodPost:
		in, reqErr = d.readPostBody(r, limit)
	case http.MethodGet:
		in.params, reqErr = readGetQuery(r, d.maxBodyBytes)
	default:
		reqErr = response.NewRequestError(http.StatusMethodNotAllowed, response.CodeMethodNotAllowed, "use POST, or GET for a query")
	}
	if reqErr != nil {
		return in, reqErr
	}
	for i := range in.batch {
		if item := &in.batch[i]; item.err == nil {
			item.err = d.completeParams(item.params, r)
		}
	}
	if in.params != nil {
		reqErr = d.completeParams(in.params, r)
	}
	return in, reqErr
}

// completeParams checks that the parameters name an operation, and adds the request's headers to them.
func (d requestReader) completeParams(params *graphql.RawParams, r *http.Request) *response.RequestError {
	// Texts are cached; rows belong in the variables.
	if int64(len(params.Query)) > d.maxBodyBytes {
		return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
			"the text of the operation is larger than the limit of %d bytes: send data as variables", d.maxBodyBytes)
	}
	// An operation without a text can still be a persisted one.
	if params.Query == "" && len(params.Extensions) == 0 {
		return invalidRequest("give the text of the operation as \"query\", or its \"documentId\"")
	}
	params.Headers = r.Header
	return nil
}

// readPostBody reads the parameters from a JSON body.
func (d requestReader) readPostBody(r *http.Request, limit bodyLimit) (in parsedRequest, reqErr *response.RequestError) {
	if reqErr := checkContentType(r); reqErr != nil {
		return in, reqErr
	}
	if r.ContentLength > limit.maxBytes {
		return in, bodyTooLarge(limit)
	}
	buf := bodyBuffers.Get()
	defer bodyBuffers.Put(buf)
	if r.ContentLength > response.MaxPooledBytes { // otherwise the buffer doubles and is copied many times
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	body := io.Reader(r.Body)
	if r.ContentLength < 0 { // otherwise net/http limits the body to its length
		body = io.LimitReader(body, limit.maxBytes+1)
	}
	if _, err := buf.ReadFrom(body); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return in, response.NewRequestError(http.StatusRequestTimeout, response.CodeRequestTimeout, "the request body came too slowly")
		}
		return in, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the request body broke off")
	}
	if int64(buf.Len()) > limit.maxBytes {
		return in, bodyTooLarge(limit)
	}
	if q := d.memo.findRequest(buf.Bytes()); q != nil {
		return parsedRequest{memoized: q}, nil
	}
	if in.params, in.batch, reqErr = decodeRequestBody(buf.Bytes(), d.maxBatchSize); reqErr == nil {
		in.memoized = d.memo.newCandidate(buf.Bytes(), in.params)
	}
	return in, reqErr
}

func bodyTooLarge(limit bodyLimit) *response.RequestError {
	return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
		"the request body is larger than the limit of %d bytes%s", limit.maxBytes, limit.condition)
}

// readGetQuery reads the parameters from a URL's query of at most maxBytes. An empty parameter counts as
// absent.
func readGetQuery(r *http.Request, maxBytes int64) (*graphql.RawParams, *response.RequestError) {
	if reqErr := checkPreflight(r); reqErr != nil {
		return nil, reqErr
	}
	if int64(len(r.URL.RawQuery)) > maxBytes {
		return nil, response.NewRequestError(http.StatusRequestURITooLong, response.CodeURITooLong,
			"the URL's query is larger than the limit of %d bytes: use POST", maxBytes)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest,
			"the URL's query is not properly percent-encoded, or has thousands of parameters")
	}
	p := &graphql.RawParams{}
	for _, name := range []string{paramQuery, paramOperationName, paramVariables, paramExtensions, paramDocumentID} {
		list := values[name]
		if len(list) > 1 {
			return nil, duplicateParameter(name)
		}
		if len(list) == 0 || list[0] == "" {
			continue
		}
		if reqErr := setTextParameter(p, name, list[0]); reqErr != nil {
			return nil, reqErr
		}
	}
	return p, nil
}

// setTextParameter sets a parameter of a URL's query, which has variables and extensions as JSON.
func setTextParameter(p *graphql.RawParams, name, text string) *response.RequestError {
	if !utf8.ValidString(text) {
		return errInvalidUTF8
	}
	var value any = text
	if name == paramVariables || name == paramExtensions {
		in := jsonReader{src: []byte(text)}
		var err error
		if value, err = in.readWholeText(); err != nil {
			return invalidJSON("\""+name+"\"", err)
		}
	}
	return setParameter(p, name, value, new([]string))
}
