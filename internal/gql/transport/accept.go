package transport

import (
	"mime"
	"net/http"
	"strings"

	"github.com/7p-education/api/internal/accept"
	"github.com/7p-education/api/internal/gql/response"
)

// negotiateMediaType reads the Accept headers. prefersJSON is true if they prefer application/json to
// application/graphql-response+json; ok is false if they accept neither. A request without Accept
// accepts everything.
func negotiateMediaType(accept []string) (prefersJSON, ok bool) {
	switch len(accept) {
	case 0:
		return false, true
	case 1:
		switch accept[0] {
		case response.MediaTypeJSON:
			return true, true
		case "", "*/*", response.MediaTypeGraphQL:
			return false, true
		}
	}
	header := strings.Join(accept, ",")
	graphQL, json := acceptQuality(header, response.MediaTypeGraphQL), acceptQuality(header, response.MediaTypeJSON)
	return json > graphQL, json > 0 || graphQL > 0
}

// acceptQuality returns the quality, 0 to 1000, that an Accept header gives to a media type of
// application/: the quality of the most specific range that includes it.
func acceptQuality(header, mediaType string) int {
	best, specific := 0, -1
	for name, q := range accept.Parse(header) {
		rank := -1
		switch {
		case strings.EqualFold(name, mediaType):
			rank = 2
		case strings.EqualFold(name, "application/*"):
			rank = 1
		case name == "*/*":
			rank = 0
		}
		if rank > specific {
			best, specific = q, rank
		}
	}
	return best
}

// checkContentType rejects a body that is not uncompressed JSON in UTF-8. It joins repeated headers:
// a proxy that filters requests may have read another one than this server.
func checkContentType(r *http.Request) *response.RequestError {
	if coding := strings.Join(r.Header["Content-Encoding"], ","); coding != "" && !strings.EqualFold(coding, "identity") {
		return response.NewRequestError(http.StatusUnsupportedMediaType, response.CodeUnsupportedMediaType,
			"send the body uncompressed, without Content-Encoding")
	}
	contentType := strings.Join(r.Header["Content-Type"], ",")
	if contentType == response.MediaTypeJSON {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	charset, hasCharset := params["charset"]
	if err != nil || mediaType != response.MediaTypeJSON || hasCharset && !strings.EqualFold(charset, "utf-8") {
		return response.NewRequestError(http.StatusUnsupportedMediaType, response.CodeUnsupportedMediaType,
			"send the request as JSON in UTF-8, with Content-Type: application/json")
	}
	return nil
}

// checkPreflight rejects a GET that a page of another origin can send without a CORS preflight: it has
// neither a JSON content type nor one of the headers that make a browser send a preflight.
func checkPreflight(r *http.Request) *response.RequestError {
	if r.Header.Get("Content-Type") != "" {
		return checkContentType(r)
	}
	for _, name := range []string{"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "Graphql-Require-Preflight"} {
		if r.Header.Get(name) != "" {
			return nil
		}
	}
	return response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "a GET needs Content-Type: application/json or the header "+
		"GraphQL-Require-Preflight: 1, which keeps other sites from sending it in a visitor's name")
}
