package transport

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
)

// methodQuery is a request like a POST that changes nothing, so that caches may store its response and
// clients may repeat it (RFC 10008).
const methodQuery = "QUERY"

// bodyBuffers holds request bodies while they are decoded; decoded values do not refer to them.
var bodyBuffers response.BufferPool

// parsedRequest is the content of a request: one operation, or a batch of at least one.
type parsedRequest struct {
	params   *graphql.RawParams // nil for a batch, and for a memoized request that is not decoded yet
	memoized *memoizedRequest   // nil if the request cannot be memoized
	batch    []batchItem        // nil for a single operation
	meter    *memory.Meter      // holds the memory of what was decoded; nil if there is no limit, or if nothing was decoded
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
	allowsOrigin func(origin string) bool // as CORS does
	newMeter     func(*http.Request) *memory.Meter
}

// readRequest reads and decodes a request.
func (d requestReader) readRequest(r *http.Request, body *bodyReader) (in parsedRequest, reqErr *response.RequestError) {
	switch r.Method {
	case http.MethodPost:
		in, reqErr = d.readBody(r, body)
	case methodQuery:
		if in, reqErr = d.readBody(r, body); in.batch != nil {
			return in, invalidRequest("a batch needs POST")
		}
	case http.MethodGet:
		if isWebSocketUpgrade(r) {
			return in, response.NewRequestError(http.StatusBadRequest, response.CodeWebSocketUnsupported,
				"this server has no subscriptions and accepts no WebSocket: send queries and mutations by POST")
		}
		in.meter = d.newMeter(r)
		in.params, reqErr = d.readGetQuery(r, in.meter)
	default:
		reqErr = response.NewRequestError(http.StatusMethodNotAllowed, response.CodeMethodNotAllowed, "use POST, or GET or QUERY for a query")
	}
	if reqErr != nil {
		return in, reqErr
	}
	for i := range in.batch {
		if item := &in.batch[i]; item.err == nil {
			item.err = d.completeParams(item.params, r.Header)
		}
	}
	if in.params != nil {
		reqErr = d.completeParams(in.params, r.Header)
	}
	return in, reqErr
}

// completeParams checks that the parameters name an operation, and adds the request's headers to them.
func (d requestReader) completeParams(params *graphql.RawParams, header http.Header) *response.RequestError {
	// Texts are cached; rows belong in the variables.
	if int64(len(params.Query)) > d.maxBodyBytes {
		return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
			"the text of the operation is larger than the limit of %d bytes: send data as variables", d.maxBodyBytes)
	}
	// An operation without a text can still be a persisted one.
	if params.Query == "" && len(params.Extensions) == 0 {
		return invalidRequest("give the text of the operation as \"query\", or its \"documentId\"")
	}
	params.Headers = header
	return nil
}

// readBody reads the parameters from a JSON body.
func (d requestReader) readBody(r *http.Request, from *bodyReader) (in parsedRequest, reqErr *response.RequestError) {
	if reqErr := checkContentType(r); reqErr != nil {
		return in, reqErr
	}
	buf := bodyBuffers.Get()
	defer bodyBuffers.Put(buf)
	body, reqErr := from.readBody(buf)
	if reqErr != nil {
		return in, reqErr
	}
	if q := d.memo.findRequest(body); q != nil {
		return parsedRequest{memoized: q}, nil
	}
	in.meter = d.newMeter(r)
	counted := in.meter
	if from.isBulk() {
		counted = nil // the slots of large bodies limit their memory
	}
	if in.params, in.batch, reqErr = decodeRequestBody(body, d.maxBatchSize, counted); reqErr == nil {
		in.memoized = d.memo.newCandidate(body, in.params)
	}
	return in, reqErr
}

// readGetQuery reads the parameters from a URL's query. An empty parameter counts as absent.
func (d requestReader) readGetQuery(r *http.Request, meter *memory.Meter) (*graphql.RawParams, *response.RequestError) {
	if reqErr := d.checkGetSource(r); reqErr != nil {
		return nil, reqErr
	}
	if int64(len(r.URL.RawQuery)) > d.maxBodyBytes {
		return nil, response.NewRequestError(http.StatusRequestURITooLong, response.CodeURITooLong,
			"the URL's query is larger than the limit of %d bytes: use POST or QUERY", d.maxBodyBytes)
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
		if reqErr := setTextParameter(p, name, list[0], meter); reqErr != nil {
			return nil, reqErr
		}
	}
	return p, nil
}

// setTextParameter sets a parameter of a URL's query, which has variables and extensions as JSON.
func setTextParameter(p *graphql.RawParams, name, text string, meter *memory.Meter) *response.RequestError {
	if !utf8.ValidString(text) {
		return errInvalidUTF8
	}
	var value any = text
	if name == paramVariables || name == paramExtensions {
		in := jsonReader{src: []byte(text), memory: newInputMemory(meter)}
		var err error
		if value, err = in.readWholeText(); err != nil {
			return invalidJSON("\""+name+"\"", err)
		}
	}
	return setParameter(p, name, value, new([]string))
}
