package gql

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// The parameters of a request, in POST's body as in GET's query.
const (
	paramQuery      = "query"
	paramOperation  = "operationName"
	paramVariables  = "variables"
	paramExtensions = "extensions"
	paramDocument   = "documentId"
)

var errNotText = refuse(http.StatusBadRequest, codeBadRequest, "the request is not valid UTF-8")

// bodies hold request bodies while they are decoded; nothing decoded points into
// them.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the largest buffer, in bytes, that is kept for later requests.
const maxPooled = 64 << 10

func release(buf *bytes.Buffer, pool *sync.Pool) {
	if buf.Cap() <= maxPooled {
		buf.Reset()
		pool.Put(buf)
	}
}

// incoming is what a request asks: one operation, or a batch, which is not empty.
type incoming struct {
	params *graphql.RawParams // nil for one that is remembered
	asked  *asked             // nil for one that is not to be remembered
	batch  []member
}

// readPost reads the parameters from a JSON body.
func (h HTTP) readPost(r *http.Request, most limit) (in incoming, ref *refusal) {
	if ref := checkContentType(r); ref != nil {
		return in, ref
	}
	if r.ContentLength > most.bytes {
		return in, tooLarge(most)
	}
	buf := bodies.Get().(*bytes.Buffer)
	defer release(buf, &bodies)
	if r.ContentLength > maxPooled { // else it would double, and be copied, again and again
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	body := io.Reader(r.Body)
	if r.ContentLength < 0 { // else net/http reads no more
		body = io.LimitReader(body, most.bytes+1)
	}
	if _, err := buf.ReadFrom(body); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return in, refuse(http.StatusRequestTimeout, codeRequestTimeout, "the request body came too slowly")
		}
		return in, refuse(http.StatusBadRequest, codeBadRequest, "the request body broke off")
	}
	if int64(buf.Len()) > most.bytes {
		return in, tooLarge(most)
	}
	if a := h.before.find(buf.Bytes()); a != nil {
		return incoming{asked: a}, nil
	}
	if in, ref = decodeBody(buf.Bytes(), h.MaxBatch); ref == nil {
		in.asked = h.before.candidate(buf.Bytes(), in.params)
	}
	return in, ref
}

func tooLarge(most limit) *refusal {
	return refuse(http.StatusRequestEntityTooLarge, codePayloadTooLarge,
		"the request body is larger than the limit of %d bytes%s", most.bytes, most.of)
}

// decodeBody reads the parameters from a JSON object, or those of a batch from an
// array. Unknown members are left out, null is as good as nothing.
func decodeBody(body []byte, maxBatch int) (in incoming, ref *refusal) {
	if !utf8.Valid(body) {
		return in, errNotText
	}
	src := &jsonReader{src: body}
	var err error
	switch first := src.peek(); {
	case first == '{':
		in.params, ref, err = readParams(src)
	case first == '[' && maxBatch == 0:
		return in, refuse(http.StatusBadRequest, codeBadRequest,
			"batching is off: send one operation a request, as a JSON object (the server's setting MAX_BATCH switches it on)")
	case first == '[':
		in.batch, ref, err = readBatch(src, maxBatch)
	default:
		if _, err = src.value(); err == nil {
			ref = misshapen("the request body must be a JSON object with the member \"query\"")
		}
	}
	if err == nil && (ref == nil || ref.code != codeBatchLimit) {
		err = src.end()
	}
	if err != nil {
		return incoming{}, notJSON("the request body", err)
	}
	return in, ref
}

// readParams reads the parameters from an object, to its end even where they are
// refused.
func readParams(in *jsonReader) (p *graphql.RawParams, ref *refusal, err error) {
	p = &graphql.RawParams{}
	seen := make([]string, 0, 4)
	err = in.members(func(name string) error {
		value, err := in.value()
		if err == nil && ref == nil {
			ref = assign(p, name, value, &seen)
		}
		return err
	})
	return p, ref, err
}

// assign sets the parameter called name, or refuses a value of the wrong type. A
// parameter given twice is refused, as whoever filters requests on the way here
// may have read the other one.
func assign(p *graphql.RawParams, name string, value any, seen *[]string) *refusal {
	switch name {
	case paramQuery, paramOperation, paramVariables, paramExtensions, paramDocument:
	default:
		return nil
	}
	for _, before := range *seen {
		if before == name {
			return misshapen("\"%s\" is given twice", name)
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
	case paramOperation:
		p.OperationName, ok = value.(string)
	case paramVariables:
		p.Variables, ok = value.(map[string]any)
	case paramExtensions:
		id := p.Extensions[extensionDocument]
		if p.Extensions, ok = value.(map[string]any); ok {
			delete(p.Extensions, extensionDocument) // it is a parameter of its own
			carry(p, id)
		}
	case paramDocument:
		_, ok = value.(string)
		carry(p, value)
	}
	switch {
	case ok:
		return nil
	case name == paramQuery || name == paramOperation || name == paramDocument:
		return misshapen("\"%s\" must be a string", name)
	default:
		return misshapen("\"%s\" must be a JSON object", name)
	}
}

// carry puts the id of a document where extensions find it: gqlgen has no place of
// its own for it.
func carry(p *graphql.RawParams, id any) {
	if id == nil {
		return
	}
	if p.Extensions == nil {
		p.Extensions = map[string]any{}
	}
	p.Extensions[extensionDocument] = id
}

// readGet reads the parameters from the URL's query of at most maxURL bytes; an
// empty one is as good as none.
func readGet(r *http.Request, maxURL int64) (*graphql.RawParams, *refusal) {
	if ref := checkPreflight(r); ref != nil {
		return nil, ref
	}
	if int64(len(r.URL.RawQuery)) > maxURL {
		return nil, refuse(http.StatusRequestURITooLong, codeURITooLong,
			"the URL's query is larger than the limit of %d bytes: use POST", maxURL)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, codeBadRequest, "the URL's query is not properly percent-encoded, or has thousands of parameters")
	}
	p := &graphql.RawParams{}
	for _, name := range []string{paramQuery, paramOperation, paramVariables, paramExtensions, paramDocument} {
		given := values[name]
		if len(given) > 1 {
			return nil, misshapen("\"%s\" is given twice", name)
		}
		if len(given) == 0 || given[0] == "" {
			continue
		}
		if ref := assignText(p, name, given[0]); ref != nil {
			return nil, ref
		}
	}
	return p, nil
}

func assignText(p *graphql.RawParams, name, text string) *refusal {
	if !utf8.ValidString(text) {
		return errNotText
	}
	var value any = text
	if name == paramVariables || name == paramExtensions {
		in := jsonReader{src: []byte(text)}
		var err error
		if value, err = in.document(); err != nil {
			return notJSON("\""+name+"\"", err)
		}
	}
	return assign(p, name, value, new([]string))
}

// misshapen refuses JSON that is not a GraphQL request.
func misshapen(format string, args ...any) *refusal {
	return refuse(http.StatusUnprocessableEntity, codeBadRequest, format, args...)
}

func notJSON(what string, err error) *refusal {
	return refuse(http.StatusBadRequest, codeBadRequest, "%s is not valid JSON: %v", what, err)
}
