package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/7p-education/api/edu"
)

// socketCredentials is the payload of connection_init, or of a ping that extends the session.
type socketCredentials struct {
	Authorization string `json:"authorization"`
}

// readCredentials returns the token of a payload, "" without one. encoding/json ignores the case of names.
func readCredentials(payload json.RawMessage) (token string, ok bool) {
	var c socketCredentials
	if len(payload) > 0 && json.Unmarshal(payload, &c) != nil {
		return "", false
	}
	if c.Authorization == "" {
		return "", true
	}
	token = bearerToken(&http.Request{Header: http.Header{"Authorization": {c.Authorization}}})
	return token, token != ""
}

// authenticate gives the socket the rights of a token, or those of the request's without one. It returns false
// after it has closed the socket.
func (s *socket) authenticate(token string) bool {
	if token == "" {
		if token = s.token; token == "" {
			return true
		}
	}
	v, expiry, err := s.handler.Streams.Authenticate(s.upgrade, token)
	if err != nil {
		s.closeForToken(err)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewer, s.token, s.expiry = v, token, expiry
	return true
}

// closeForToken closes the socket of a token that was rejected, or that could not be verified.
func (s *socket) closeForToken(err error) {
	if errors.Is(err, edu.Unavailable) {
		s.close(closeTryAgain, "the token cannot be checked just now: connect again")
		return
	}
	s.close(closeForbidden, "Forbidden: the token is not accepted")
}

// extendSession replaces the token by one of the same viewer, so that the streams go on until the new one
// expires. A payload without a token is ignored.
func (s *socket) extendSession(payload json.RawMessage) {
	token, ok := readCredentials(payload)
	if !ok || token == "" || !s.isAcked() {
		return
	}
	v, expiry, err := s.handler.Streams.Authenticate(s.upgrade, token)
	switch {
	case err != nil:
		s.closeForToken(err)
		return
	case !v.HasSameRights(s.viewer):
		s.close(closeForbidden, "Forbidden: the token is not one of this viewer")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.expiry = token, expiry
	for _, o := range s.operations {
		if o.stream != nil {
			o.stream.EndAt(expiry)
		}
	}
}

// verifyToken verifies the token again, as that of each HTTP request: it may have expired or been revoked since the
// last operation. It closes the socket of one that is no longer accepted.
func (s *socket) verifyToken(ctx context.Context) error {
	token := s.currentToken()
	if token == "" {
		return nil
	}
	v, _, err := s.handler.Streams.Authenticate(ctx, token)
	if err == nil && !v.HasSameRights(s.viewer) {
		err = edu.Errorf(edu.Unauthenticated, "the role of this viewer has changed")
	}
	if err != nil && !errors.Is(err, edu.Unavailable) {
		s.close(closeForbidden, "Forbidden: the session has ended or changed")
	}
	return err
}

func (s *socket) currentToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}
