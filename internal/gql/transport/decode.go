package transport

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
)

// byteOrderMark may precede JSON: RFC 8259, section 8.1, permits parsers to ignore it.
var byteOrderMark = []byte("\ufeff")

// decodeRequestBody reads the parameters from a JSON object, or the batch from an array. It ignores
// unknown members and a byte order mark; null counts as absent. It reserves memory of the meter, if that is
// not nil.
func decodeRequestBody(body []byte, maxBatch int, meter *memory.Meter) (params *graphql.RawParams, batch []batchItem, reqErr *response.RequestError) {
	if !utf8.Valid(body) {
		return nil, nil, errInvalidUTF8
	}
	src := &jsonReader{src: bytes.TrimPrefix(body, byteOrderMark), memory: newInputMemory(meter)}
	var err error
	switch first := src.peekByte(); {
	case first == '{':
		params, reqErr, err = readParams(src)
	case first == '[' && maxBatch == 0:
		return nil, nil, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest,
			"batching is off: send one operation a request, as a JSON object (the server's setting MAX_BATCH switches it on)")
	case first == '[':
		batch, reqErr, err = readBatch(src, maxBatch)
	default:
		if _, err = src.readValue(); err == nil {
			reqErr = invalidRequest("the request body must be a JSON object with the member \"query\"")
		}
	}
	if err == nil && (reqErr == nil || reqErr.Code != response.CodeBatchLimit) {
		err = src.expectEnd()
	}
	if err != nil {
		return nil, nil, invalidJSON("the request body", err)
	}
	return params, batch, reqErr
}

// ErrNoRequest is the error for JSON that is not a GraphQL request.
var ErrNoRequest = errors.New(`not a request: it has neither a "query" nor a "documentId"`)

// DecodeRequests decodes the body of a request: one operation or a batch of any size.
func DecodeRequests(body []byte) ([]*graphql.RawParams, error) {
	params, batch, reqErr := decodeRequestBody(body, math.MaxInt, nil)
	if reqErr != nil {
		return nil, errors.New(reqErr.Message)
	}
	if batch == nil {
		batch = []batchItem{{params: params}}
	}
	all := make([]*graphql.RawParams, len(batch))
	for i, item := range batch {
		switch {
		case item.err != nil:
			return nil, fmt.Errorf("number %d: %s", i+1, item.err.Message)
		case item.params.Query == "" && len(item.params.Extensions) == 0:
			return nil, ErrNoRequest
		}
		all[i] = item.params
	}
	return all, nil
}
