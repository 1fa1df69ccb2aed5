package gql

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
)

// The parameters of a request, in POST's body as in GET's query.
const (
	paramQuery         = "query"
	paramOperationName = "operationName"
	paramVariables     = "variables"
	paramExtensions    = "extensions"
	paramDocumentID    = "documentId"
)

var errInvalidUTF8 = response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the request is not valid UTF-8")

// bodyBuffers hold request bodies while they are decoded; nothing decoded points into
// them.
var bodyBuffers response.BufferPool

// parsedRequest is what a request asks: one operation, or a batch, which is not empty.
type parsedRequest struct {
	params   *graphql.RawParams // nil for one that is remembered
	memoized *memoizedRequest   // nil for one that is not to be remembered
	batch    []batchItem
}

// readPostBody reads the parameters from a JSON body.
func (h HTTP) readPostBody(r *http.Request, allowed bodyLimit) (in parsedRequest, reqErr *response.RequestError) {
	if reqErr := checkContentType(r); reqErr != nil {
		return in, reqErr
	}
	if r.ContentLength > allowed.maxBytes {
		return in, bodyTooLarge(allowed)
	}
	buf := bodyBuffers.Get()
	defer bodyBuffers.Put(buf)
	if r.ContentLength > response.MaxPooledBytes { // else it would double, and be copied, again and again
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	body := io.Reader(r.Body)
	if r.ContentLength < 0 { // else net/http reads no more
		body = io.LimitReader(body, allowed.maxBytes+1)
	}
	if _, err := buf.ReadFrom(body); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return in, response.NewRequestError(http.StatusRequestTimeout, response.CodeRequestTimeout, "the request body came too slowly")
		}
		return in, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the request body broke off")
	}
	if int64(buf.Len()) > allowed.maxBytes {
		return in, bodyTooLarge(allowed)
	}
	if a := h.requestMemo.findRequest(buf.Bytes()); a != nil {
		return parsedRequest{memoized: a}, nil
	}
	if in, reqErr = decodeRequestBody(buf.Bytes(), h.MaxBatchSize); reqErr == nil {
		in.memoized = h.requestMemo.newCandidate(buf.Bytes(), in.params)
	}
	return in, reqErr
}

func bodyTooLarge(allowed bodyLimit) *response.RequestError {
	return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
		"the request body is larger than the limit of %d bytes%s", allowed.maxBytes, allowed.condition)
}

// decodeRequestBody reads the parameters from a JSON object, or those of a batch from an
// array. Unknown members are left out, null is as good as nothing.
func decodeRequestBody(body []byte, maxBatch int) (in parsedRequest, reqErr *response.RequestError) {
	if !utf8.Valid(body) {
		return in, errInvalidUTF8
	}
	src := &jsonReader{src: body}
	var err error
	switch first := src.peekByte(); {
	case first == '{':
		in.params, reqErr, err = readParams(src)
	case first == '[' && maxBatch == 0:
		return in, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest,
			"batching is off: send one operation a request, as a JSON object (the server's setting MAX_BATCH switches it on)")
	case first == '[':
		in.batch, reqErr, err = readBatch(src, maxBatch)
	default:
		if _, err = src.readValue(); err == nil {
			reqErr = invalidRequest("the request body must be a JSON object with the member \"query\"")
		}
	}
	if err == nil && (reqErr == nil || reqErr.Code != response.CodeBatchLimit) {
		err = src.expectEnd()
	}
	if err != nil {
		return parsedRequest{}, invalidJSON("the request body", err)
	}
	return in, reqErr
}

// readParams reads the parameters from an object, to its end even where they are
// refused.
func readParams(in *jsonReader) (p *graphql.RawParams, reqErr *response.RequestError, err error) {
	p = &graphql.RawParams{}
	seen := make([]string, 0, 4)
	err = in.readMembers(func(name string) error {
		value, err := in.readValue()
		if err == nil && reqErr == nil {
			reqErr = setParameter(p, name, value, &seen)
		}
		return err
	})
	return p, reqErr, err
}

// setParameter sets the parameter called name, or refuses a value of the wrong type. A
// parameter given twice is refused, as whoever filters requests on the way here
// may have read the other one.
func setParameter(p *graphql.RawParams, name string, value any, seen *[]string) *response.RequestError {
	switch name {
	case paramQuery, paramOperationName, paramVariables, paramExtensions, paramDocumentID:
	default:
		return nil
	}
	for _, earlier := range *seen {
		if earlier == name {
			return invalidRequest("\"%s\" is given twice", name)
		}
	}
	*seen = append(*seen, name)
	if value == nil {
		return nil
	}
	var ok bool
	switch name {
	case paramQuery:
		p.Query, ok = value.(string)
	case paramOperationName:
		p.OperationName, ok = value.(string)
	case paramVariables:
		p.Variables, ok = value.(map[string]any)
	case paramExtensions:
		id := p.Extensions[persisted.ExtensionDocumentID]
		if p.Extensions, ok = value.(map[string]any); ok {
			delete(p.Extensions, persisted.ExtensionDocumentID) // it is a parameter of its own
			setDocumentID(p, id)
		}
	case paramDocumentID:
		_, ok = value.(string)
		setDocumentID(p, value)
	}
	switch {
	case ok:
		return nil
	case name == paramQuery || name == paramOperationName || name == paramDocumentID:
		return invalidRequest("\"%s\" must be a string", name)
	default:
		return invalidRequest("\"%s\" must be a JSON object", name)
	}
}

// setDocumentID puts the id of a document where extensions find it: gqlgen has no place of
// its own for it.
func setDocumentID(p *graphql.RawParams, id any) {
	if id == nil {
		return
	}
	if p.Extensions == nil {
		p.Extensions = map[string]any{}
	}
	p.Extensions[persisted.ExtensionDocumentID] = id
}

// readGetQuery reads the parameters from the URL's query of at most maxURL bytes; an
// empty one is as good as none.
func readGetQuery(r *http.Request, maxURL int64) (*graphql.RawParams, *response.RequestError) {
	if ref := checkPreflight(r); ref != nil {
		return nil, ref
	}
	if int64(len(r.URL.RawQuery)) > maxURL {
		return nil, response.NewRequestError(http.StatusRequestURITooLong, response.CodeURITooLong,
			"the URL's query is larger than the limit of %d bytes: use POST", maxURL)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the URL's query is not properly percent-encoded, or has thousands of parameters")
	}
	p := &graphql.RawParams{}
	for _, name := range []string{paramQuery, paramOperationName, paramVariables, paramExtensions, paramDocumentID} {
		given := values[name]
		if len(given) > 1 {
			return nil, invalidRequest("\"%s\" is given twice", name)
		}
		if len(given) == 0 || given[0] == "" {
			continue
		}
		if ref := setTextParameter(p, name, given[0]); ref != nil {
			return nil, ref
		}
	}
	return p, nil
}

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

// invalidRequest refuses JSON that is not a GraphQL request.
func invalidRequest(format string, args ...any) *response.RequestError {
	return response.NewRequestError(http.StatusUnprocessableEntity, response.CodeBadRequest, format, args...)
}

func invalidJSON(what string, err error) *response.RequestError {
	return response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "%s is not valid JSON: %v", what, err)
}
