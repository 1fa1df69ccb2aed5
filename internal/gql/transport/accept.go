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
	if isEncoded(r) {
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

// isEncoded reports whether a body has a content coding, such as gzip.
func isEncoded(r *http.Request) bool {
	coding := strings.Join(r.Header["Content-Encoding"], ",")
	return coding != "" && !strings.EqualFold(coding, "identity")
}

// checkGetSource rejects a GET that a page of a foreign origin may have made a browser send, with the cookies
// of its visitor: by an image, a link or a script. Queries change nothing, so a GET is accepted if one of
// these holds:
//
//   - A JSON content type or a header that makes a browser send a preflight, which CORS answers.
//   - Sec-Fetch-Site, which no page can forge: the page has the server's origin, or there is no page.
//   - An Origin that CORS allows.
//   - Neither of the two, and no cookie: a program that is not a browser, or an old browser without a
//     cookie, whose response no foreign page can read.
func (d requestReader) checkGetSource(r *http.Request) *response.RequestError {
	if r.Header.Get("Content-Type") != "" {
		return checkContentType(r)
	}
	for _, name := range []string{"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "Graphql-Require-Preflight"} {
		if r.Header.Get(name) != "" {
			return nil
		}
	}
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch {
	case site == "same-origin" || site == "none":
		return nil
	case origin != "":
		if d.allowsOrigin != nil && d.allowsOrigin(origin) {
			return nil
		}
	case site == "" && r.Header["Cookie"] == nil:
		return nil
	}
	return response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "a GET from a page of another origin needs an origin of "+
		"CORS_ALLOWED_ORIGINS, Content-Type: application/json, or the header GraphQL-Require-Preflight: 1")
}
