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

// readPost reads the parameters from a JSON body of at most maxBody bytes.
func readPost(r *http.Request, maxBody int64) (*graphql.RawParams, *refusal) {
	if ref := checkContentType(r); ref != nil {
		return nil, ref
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge(maxBody)
	}
	buf := bodies.Get().(*bytes.Buffer)
	defer release(buf, &bodies)
	if _, err := buf.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, refuse(http.StatusRequestTimeout, codeRequestTimeout, "the request body came too slowly")
		}
		return nil, refuse(http.StatusBadRequest, codeBadRequest, "the request body broke off")
	}
	if int64(buf.Len()) > maxBody {
		return nil, tooLarge(maxBody)
	}
	return decodeBody(buf.Bytes())
}

func tooLarge(limit int64) *refusal {
	return refuse(http.StatusRequestEntityTooLarge, codePayloadTooLarge,
		"the request body is larger than the limit of %d bytes", limit)
}

// decodeBody reads the parameters from a JSON object. Unknown members are left
// out, null is as good as nothing.
func decodeBody(body []byte) (*graphql.RawParams, *refusal) {
	if !utf8.Valid(body) {
		return nil, errNotText
	}
	p := &graphql.RawParams{}
	seen := make([]string, 0, 4)
	in := jsonReader{src: body}
	switch in.peek() {
	case '{':
	case '[':
		return nil, refuse(http.StatusBadRequest, codeBadRequest,
			"batching is off: send one operation a request, as a JSON object")
	default:
		if _, err := in.document(); err != nil {
			return nil, notJSON("the request body", err)
		}
		return nil, misshapen("the request body must be a JSON object with the member \"query\"")
	}
	var shape *refusal
	err := in.members(func(name string) error {
		value, err := in.value()
		if err == nil && shape == nil {
			shape = assign(p, name, value, &seen)
		}
		return err
	})
	if err == nil {
		err = in.end()
	}
	if err != nil {
		return nil, notJSON("the request body", err)
	}
	return p, shape
}

// assign sets the parameter called name, or refuses a value of the wrong type. A
// parameter given twice is refused, as whoever filters requests on the way here
// may have read the other one.
func assign(p *graphql.RawParams, name string, value any, seen *[]string) *refusal {
	switch name {
	case paramQuery, paramOperation, paramVariables, paramExtensions:
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
		p.Extensions, ok = value.(map[string]any)
	}
	switch {
	case ok:
		return nil
	case name == paramQuery || name == paramOperation:
		return misshapen("\"%s\" must be a string", name)
	default:
		return misshapen("\"%s\" must be a JSON object", name)
	}
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
		return nil, refuse(http.StatusBadRequest, codeBadRequest, "the URL's query is not properly percent-encoded")
	}
	p := &graphql.RawParams{}
	for _, name := range []string{paramQuery, paramOperation, paramVariables, paramExtensions} {
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
