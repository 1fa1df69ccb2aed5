package app

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/7p-education/api/internal/gql"
)

// schemaHandler serves the schema as SDL. Programs receive the media type of GraphQL documents; browsers,
// which would store that as a file, receive plain text. A client that has the schema receives a 304.
func schemaHandler() http.Handler {
	tag := sync.OnceValue(func() string {
		sum := sha256.Sum256([]byte(gql.SDL()))
		return `"` + hex.EncodeToString(sum[:12]) + `"`
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/graphql; charset=utf-8")
		if acceptsHTML(r) {
			h.Set("Content-Type", "text/plain; charset=utf-8")
		}
		h.Set("Cache-Control", "public, no-cache")
		h.Set("Etag", tag())
		h.Add("Vary", "Accept")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(gql.SDL()))
	})
}

// acceptsHTML reports whether r comes from the address bar or a link of a browser.
func acceptsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
