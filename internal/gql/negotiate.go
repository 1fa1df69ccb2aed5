package gql

import (
	"mime"
	"net/http"
	"strings"

	"github.com/7p-education/api/internal/middleware"
)

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
)

// negotiate reads the Accept headers: legacy is true where they prefer
// application/json to application/graphql-response+json, ok is false where they
// admit neither. No Accept header at all admits everything.
func negotiate(accept []string) (legacy, ok bool) {
	switch len(accept) {
	case 0:
		return false, true
	case 1:
		switch accept[0] {
		case typeJSON:
			return true, true
		case "", "*/*", typeResponse:
			return false, true
		}
	}
	header := strings.Join(accept, ",")
	response, json := qualityOf(header, typeResponse), qualityOf(header, typeJSON)
	return json > response, json > 0 || response > 0
}

// qualityOf returns the quality, 0 to 1000, that an Accept header gives to a type
// of application/: that of the most specific range which holds it.
func qualityOf(header, mediaType string) int {
	best, specific := 0, -1
	for name, q := range middleware.Accepted(header) {
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

// checkContentType refuses what is not JSON in UTF-8 as it stands. Of headers given
// twice, who filters requests on the way here may have read the other one.
func checkContentType(r *http.Request) *refusal {
	if coding := strings.Join(r.Header["Content-Encoding"], ","); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse(http.StatusUnsupportedMediaType, codeUnsupportedMediaType,
			"send the body uncompressed, without Content-Encoding")
	}
	contentType := strings.Join(r.Header["Content-Type"], ",")
	if contentType == typeJSON {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	charset, given := params["charset"]
	if err != nil || mediaType != typeJSON || given && !strings.EqualFold(charset, "utf-8") {
		return refuse(http.StatusUnsupportedMediaType, codeUnsupportedMediaType,
			"send the request as JSON in UTF-8, with Content-Type: application/json")
	}
	return nil
}

// checkPreflight refuses a GET that a page of another origin could have sent
// without asking us first: one with neither a JSON content type nor one of the
// headers that make a browser send a CORS preflight.
func checkPreflight(r *http.Request) *refusal {
	if r.Header.Get("Content-Type") != "" {
		return checkContentType(r)
	}
	for _, name := range []string{"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "Graphql-Require-Preflight"} {
		if r.Header.Get(name) != "" {
			return nil
		}
	}
	return refuse(http.StatusBadRequest, codeBadRequest, "a GET needs Content-Type: application/json or the header "+
		"GraphQL-Require-Preflight: 1, which keeps other sites from sending it in a visitor's name")
}
