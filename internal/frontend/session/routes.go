package session

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"

	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/gql/response"
)

// Path is the path of the session of the browser.
const Path = "/session"

// maxBodyBytes limits the body of a request: a name, an email and a password have 2,000 bytes at most.
const maxBodyBytes = 8 << 10

// Register adds the routes by which pages sign in and out.
func (s *Sessions) Register(mux *http.ServeMux) {
	mux.Handle("POST "+Path, s.route(s.signIn))
	mux.Handle("POST "+Path+"/sign-up", s.route(s.signUp))
	mux.Handle("POST "+Path+"/refresh", s.route(s.refresh))
	mux.Handle("DELETE "+Path, s.route(s.signOut))
}

// route rejects requests that a page of another origin may have made a browser send, and requests whose cookies anyone
// on the network could read.
func (s *Sessions) route(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !IsSameOrigin(r):
			response.WriteError(w, http.StatusForbidden, "FORBIDDEN", "only pages of this server may sign in and out here")
		case !allowsCookies(r):
			response.WriteError(w, http.StatusForbidden, "FORBIDDEN", "signing in needs HTTPS: set TLS_CERT_FILE, or set TRUSTED_PROXIES if a proxy offers HTTPS")
		default:
			serve(w, r)
		}
	})
}

// signIn starts a session with email and password.
func (s *Sessions) signIn(w http.ResponseWriter, r *http.Request) {
	var input struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if readInput(w, r, &input) {
		s.respond(w, s.start(r.Context(), w, r, signInText, map[string]any{"email": input.Email, "password": input.Password}))
	}
}

// signUp creates an account and starts a session.
func (s *Sessions) signUp(w http.ResponseWriter, r *http.Request) {
	var input struct {
		Name     string `json:"name"`
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if readInput(w, r, &input) {
		s.respond(w, s.start(r.Context(), w, r, signUpText, map[string]any{"name": input.Name, "email": input.Email, "password": input.Password}))
	}
}

// refresh continues the session of the cookies.
func (s *Sessions) refresh(w http.ResponseWriter, r *http.Request) {
	if !readInput(w, r, &struct{}{}) {
		return
	}
	token := readCookie(r, refreshCookie)
	if token == "" {
		clearCookies(w, r)
		writeProblems(w, []problem{{Code: codeInvalidCredentials, Message: "there is no session: sign in"}})
		return
	}
	result := s.start(r.Context(), w, r, refreshText, map[string]any{"refreshToken": token})
	if len(result.problems) > 0 {
		clearCookies(w, r)
	}
	s.respond(w, result)
}

// signOut ends the session of the cookies.
func (s *Sessions) signOut(w http.ResponseWriter, r *http.Request) {
	c := s.Resolve(w, r)
	if c.Failure != nil {
		c.Failure.Write(w)
		return
	}
	if c.Token != "" {
		resp := s.API.Send(r.Context(), r, api.Operation{Text: signOutText, Method: api.Post, Token: c.Token})
		setErrorStatus(resp)
		if !resp.Data(&struct{}{}) && resp.Status != http.StatusUnauthorized {
			resp.Write(w)
			return
		}
	}
	w.Header().Del("Set-Cookie") // of a refresh
	clearCookies(w, r)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// respond writes the user of the session that began, or why there is none.
func (s *Sessions) respond(w http.ResponseWriter, result started) {
	result.response.CopyLimits(w.Header())
	switch {
	case result.token != "":
		writeJSON(w, http.StatusOK, map[string]*Viewer{"viewer": result.viewer})
	case len(result.problems) > 0:
		writeProblems(w, result.problems)
	default:
		result.response.Write(w)
	}
}

// codeInvalidCredentials is the code of a wrong password, and of a token that is no longer valid.
const codeInvalidCredentials = "INVALID_CREDENTIALS" //nolint:gosec // not a credential

// writeProblems writes problems with the input in the form of GraphQL errors.
func writeProblems(w http.ResponseWriter, problems []problem) {
	type extensions struct {
		Code  string   `json:"code"`
		Field []string `json:"field,omitempty"`
	}
	type shown struct {
		Message    string     `json:"message"`
		Extensions extensions `json:"extensions"`
	}
	status := http.StatusUnprocessableEntity
	var list []shown
	for _, p := range problems {
		if p.Code == codeInvalidCredentials {
			status = http.StatusUnauthorized
		}
		list = append(list, shown{p.Message, extensions{p.Code, p.Field}})
	}
	writeJSON(w, status, map[string]any{"errors": list})
}

// readInput decodes the body of a request, or rejects the request.
func readInput(w http.ResponseWriter, r *http.Request, into any) bool {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		response.WriteError(w, http.StatusUnsupportedMediaType, response.CodeUnsupportedMediaType, "send Content-Type: application/json")
		return false
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	err := d.Decode(into)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		response.WriteError(w, http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge, "the request is too large")
		return false
	}
	if err != nil {
		response.WriteError(w, http.StatusBadRequest, response.CodeBadRequest, "invalid JSON")
		return false
	}
	return true
}
