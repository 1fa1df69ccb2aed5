package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// CORS lets pages of other origins read our answers. An origin is written as
// "https://app.example.com", as "https://*.example.com" for every host below a
// domain, or as "*" for everyone, which browsers refuse together with
// credentials and so does CORS. No origins at all means same origin only.
func CORS(origins []string, credentials bool) (func(http.Handler) http.Handler, error) {
	for _, origin := range origins {
		if err := checkOrigin(origin, credentials); err != nil {
			return nil, fmt.Errorf("CORS origin %q: %w", origin, err)
		}
	}
	options := cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{
			"Accept", "Authorization", "Content-Type", requestIDHeader, noCompression,
			"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "GraphQL-Require-Preflight",
		},
		ExposedHeaders:   []string{requestIDHeader, "RateLimit", "RateLimit-Policy", "Retry-After", "Age"},
		MaxAge:           86400,
		AllowCredentials: credentials,
	}
	if len(origins) == 0 {
		// rs/cors takes an empty list for "everyone".
		options.AllowOriginFunc = func(string) bool { return false }
	}
	return cors.New(options).Handler, nil
}

func checkOrigin(origin string, credentials bool) error {
	if origin == "*" {
		if credentials {
			return errors.New(`browsers refuse "*" together with credentials: list the origins, or turn credentials off`)
		}
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil {
		return fmt.Errorf("not a URL: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("must begin with https:// or http://")
	}
	if u.Scheme+"://"+u.Host != strings.ToLower(origin) || u.Hostname() == "" {
		return errors.New("must be scheme, host and port only, without a path or a closing slash")
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
