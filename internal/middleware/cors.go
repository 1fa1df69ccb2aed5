package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/rs/cors"
)

// CORS allows pages of other origins to read responses. An origin is "https://app.example.com",
// "https://*.example.com" for every host below a domain, or "*" for all origins. Browsers reject
// "*" together with credentials, and so does CORS. An empty list means same origin only. The
// origin "null" never matches: any page can have it, in a sandboxed frame.
func CORS(origins []string, credentials bool) (func(http.Handler) http.Handler, error) {
	for _, origin := range origins {
		if err := validateOrigin(origin, credentials); err != nil {
			return nil, fmt.Errorf("CORS origin %q: %w", origin, err)
		}
	}
	return cors.New(cors.Options{
		AllowOriginFunc: originMatcher(origins),
		AllowedMethods:  []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{
			"Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", requestIDHeader, noCompressionHeader,
			"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "GraphQL-Require-Preflight", "GraphQL-Cost", "GraphQL-Dry-Run",
			"apollographql-client-name", "apollographql-client-version", "GraphQL-Client-Name", "GraphQL-Client-Version",
		},
		ExposedHeaders:   []string{requestIDHeader, "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "Age", "ETag", "Cache-Status"},
		MaxAge:           86400,
		AllowCredentials: credentials,
	}).Handler, nil
}

// originMatcher returns a function that reports whether an origin matches one of origins, which
// validateOrigin accepted.
func originMatcher(origins []string) func(string) bool {
	exact, suffixes := map[string]bool{}, []string(nil)
	for _, origin := range origins {
		origin = strings.ToLower(origin) // as browsers send it
		if domain, ok := strings.CutPrefix(origin, "https://*"); ok {
			suffixes = append(suffixes, domain)
		} else {
			exact[origin] = true
		}
	}
	return func(origin string) bool {
		if exact[origin] || exact["*"] && origin != "null" {
			return true
		}
		host, ok := strings.CutPrefix(origin, "https://")
		return ok && slices.ContainsFunc(suffixes, func(domain string) bool {
			label, ok := strings.CutSuffix(host, domain)
			return ok && label != ""
		})
	}
}

func validateOrigin(origin string, credentials bool) error {
	if origin == "*" {
		if credentials {
			return errors.New(`browsers reject "*" together with credentials: list the origins or turn credentials off`)
		}
		return nil
	}
	origin = strings.ToLower(origin)
	u, err := url.Parse(origin)
	if err != nil {
		return fmt.Errorf("not a URL: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must begin with https:// or http://")
	}
	if u.Scheme+"://"+u.Host != origin || u.Hostname() == "" {
		return errors.New("must be scheme, host and port only, without a path or a closing slash")
	}
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		return errors.New("default port of the scheme: leave it out, as browsers do")
	}
	if strings.ContainsFunc(u.Host, func(c rune) bool { return c > unicode.MaxASCII }) {
		return errors.New("host not in ASCII: write it as browsers send it, xn--…")
	}
	below, wildcard := strings.CutPrefix(u.Host, "*.")
	if strings.Contains(below, "*") {
		return errors.New(`"*" may only stand for whole leading labels, as in https://*.example.com`)
	}
	if wildcard && (u.Scheme != "https" || !strings.Contains(below, ".")) {
		return errors.New("a wildcard needs https and a domain of at least two labels")
	}
	return nil
}
