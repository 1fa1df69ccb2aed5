package auth

import (
	"net/http"
	"strings"

	"github.com/7p-education/api/edu"
)

// Middleware puts the viewer that a bearer token names into the request's
// context. A request without credentials is anonymous; one whose credentials are
// no good is answered 401 and never taken for anonymous.
func Middleware(t *Tokens) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header := r.Header.Get("Authorization")
			if header == "" {
				next.ServeHTTP(w, r)
				return
			}
			scheme, token, _ := strings.Cut(header, " ")
			if !strings.EqualFold(scheme, "Bearer") {
				refuse(w, "credentials are taken as \\\"Authorization: Bearer …\\\" only")
				return
			}
			v, err := t.Viewer(strings.TrimSpace(token))
			if err != nil {
				refuse(w, err.Error()+": sign in again")
				return
			}
			next.ServeHTTP(w, r.WithContext(edu.WithViewer(r.Context(), v)))
		})
	}
}

// refuse answers in the shape of a GraphQL answer, with the challenge that RFC
// 6750 section 3 asks for. The message is JSON text already.
func refuse(w http.ResponseWriter, message string) {
	h := w.Header()
	h.Set("WWW-Authenticate", `Bearer realm="7p", error="invalid_token"`)
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"errors":[{"message":"` + message + `","extensions":{"code":"` + string(edu.Unauthenticated) + `"}}]}`))
}
