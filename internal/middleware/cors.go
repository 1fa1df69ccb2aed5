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

// CORS allows pages of other origins to read responses.
type CORS struct {
	// AllowsOrigin reports whether pages of an origin may, in the spelling that browsers send.
	AllowsOrigin func(origin string) bool
	// Handler wraps a handler.
	Handler func(http.Handler) http.Handler
}

// CORSOptions are the settings of NewCORS.
type CORSOptions struct {
	// Origins are "https://app.example.com", "https://*.example.com" for every host below a domain, or
	// "*" for all origins. Browsers reject "*" together with credentials, and so does NewCORS. None
	// means same origin only. The origin "null" never matches: any page can have it, in a sandboxed
	// frame.
	Origins []string
	// Credentials allows browsers to send cookies and client certificates.
	Credentials bool
	// Headers are request headers that are allowed besides those of allowedHeaders.
	Headers HeaderNames
}

// HeaderNames are names of headers.
type HeaderNames []string

// UnmarshalText reads names that are separated by commas.
func (h *HeaderNames) UnmarshalText(text []byte) error {
	*h = nil
	for name := range strings.SplitSeq(string(text), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if strings.ContainsFunc(name, func(c rune) bool { return !isASCIILetterOrDigit(c) && c != '-' && c != '_' }) {
			return fmt.Errorf("header %q: write its name, such as X-Trace-Id", name)
		}
		*h = append(*h, name)
	}
	return nil
}

func isASCIILetterOrDigit(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// allowedHeaders are the request headers that clients of GraphQL, and what observes them, send.
var allowedHeaders = []string{
	"Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "X-Requested-With", requestIDHeader, noCompressionHeader,
	"Apollo-Require-Preflight", "GraphQL-Require-Preflight", "GraphQL-Cost", "GraphQL-Dry-Run", "GraphQL-Explain",
	"X-Apollo-Operation-Name", "X-Apollo-Operation-Id", "X-Apollo-Operation-Type", "X-Apollo-Cache-Key",
	"apollographql-client-name", "apollographql-client-version", "apollographql-client-library-name", "apollographql-client-library-version",
	"GraphQL-Client-Name", "GraphQL-Client-Version",
	"traceparent", "tracestate", "baggage", "sentry-trace", // W3C Trace Context and Baggage, Sentry
	"x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-origin", "x-datadog-sampling-priority", "newrelic", "b3",
}

// exposedHeaders are the response headers that pages may read: docs/api.md lists them.
var exposedHeaders = []string{requestIDHeader, "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "Server-Timing", "Age", "ETag", "Cache-Status"}

// NewCORS returns the CORS of options.
func NewCORS(o CORSOptions) (CORS, error) {
	for _, origin := range o.Origins {
		if err := validateOrigin(origin, o.Credentials); err != nil {
			return CORS{}, fmt.Errorf("CORS origin %q: %w", origin, err)
		}
	}
	allows := originMatcher(o.Origins)
	return CORS{AllowsOrigin: allows, Handler: cors.New(cors.Options{
		AllowOriginFunc:  allows,
		AllowedMethods:   []string{http.MethodGet, http.MethodPost, "QUERY"},
		AllowedHeaders:   slices.Concat(allowedHeaders, o.Headers),
		ExposedHeaders:   exposedHeaders,
		MaxAge:           86400,
		AllowCredentials: o.Credentials,
	}).Handler}, nil
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
