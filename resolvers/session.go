package resolvers

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// maxNameLength is the most characters of a user's name.
const maxNameLength = 100

// SessionOptions is what signing in takes besides the database.
type SessionOptions struct {
	Tokens *auth.Tokens
	// How long an access token is good, and a refresh token.
	AccessTTL, RefreshTTL time.Duration
	// LimitSignIn refuses who tries too often to sign in with one email, wherever they
	// are; nil for no limit.
	LimitSignIn func(ctx context.Context, email string) error
	// RevokeTokens has the access tokens of a session refused from now on.
	RevokeTokens func(ctx context.Context, user, session int64)
}

// limitSignIn refuses who tries too often with an email; "" is none.
func (r *mutationResolver) limitSignIn(ctx context.Context, email string) error {
	if r.sessions.LimitSignIn == nil || email == "" {
		return nil
	}
	return r.sessions.LimitSignIn(ctx, email)
}

// issueSession runs what starts a session or goes on with one, and makes its viewer the
// operation's. The tokens are given even where the user cannot be read then: a
// refresh token is spent by now, and the next would be lost.
func (r *mutationResolver) issueSession(ctx context.Context, in validate.Input, do func(*store.Store, store.RefreshToken) (edu.Viewer, error)) (*graph.SessionPayload, error) {
	refresh, hash := auth.NewRefreshToken()
	var v edu.Viewer
	problems, err := executeWrite(ctx, in, func(s *store.Store, _ edu.Viewer) (err error) {
		v, err = do(s, store.RefreshToken{Hash: hash, TTL: r.sessions.RefreshTTL})
		return err
	})
	if err != nil || problems != nil {
		return &graph.SessionPayload{UserErrors: problems}, err
	}
	l := loaders.FromContext(ctx)
	l.ResetForViewer(v)
	access, err := r.sessions.Tokens.IssueToken(v, l.Viewer.Now(), r.sessions.AccessTTL)
	if err != nil {
		return nil, err
	}
	expires := l.Viewer.Now().Add(r.sessions.AccessTTL).Truncate(time.Second) // as the token has it
	p := &graph.SessionPayload{AccessToken: &access, RefreshToken: &refresh, ExpiresAt: &expires}
	if sel := payloadSelection(ctx, "SessionPayload", "user"); len(sel) > 0 {
		if p.User, err = loadSelectedUser(ctx, v.ID, sel); err != nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithField("user")), err)
		}
	}
	return p, nil
}

// signInWithPassword starts a session for who knows the password. An unknown email, a wrong
// password, an account that has none and one that is not active take the same
// time and get the same answer.
func (r *mutationResolver) signInWithPassword(ctx context.Context, s *store.Store, email, password string, t store.RefreshToken) (edu.Viewer, error) {
	for {
		var c store.Credentials
		if err := s.RunQueries(ctx, store.CredentialsByEmail(email, func(found store.Credentials) { c = found })); err != nil {
			return edu.Viewer{}, err
		}
		good, renewed, err := r.passwords.VerifyPassword(ctx, password, c.PasswordHash)
		if err != nil {
			return edu.Viewer{}, err
		}
		if !good {
			return edu.Viewer{}, edu.InputPath{"input"}.UserErrorf(edu.UserInvalidCredentials, "the email or the password is wrong")
		}
		v, err := s.SignIn(ctx, c, renewed, t)
		if err != nil || v.SignedIn() {
			return v, err
		}
		// The account was changed since it was read, maybe by this very password
		// hashed anew for another sign-in: look at it again.
	}
}

// rotateRefreshToken spends a refresh token for the next. One that was spent before takes
// its whole session with it.
func (r *mutationResolver) rotateRefreshToken(ctx context.Context, s *store.Store, token string, next store.RefreshToken, at edu.InputPath) (edu.Viewer, error) {
	refused := at.UserErrorf(edu.UserInvalidCredentials, "the refresh token is not good any more: sign in again")
	hash, ok := auth.HashRefreshToken(token)
	if !ok {
		return edu.Viewer{}, refused
	}
	v, stolen, err := s.RefreshSession(ctx, hash, next)
	switch {
	case err != nil:
		return edu.Viewer{}, err
	case stolen:
		s.AfterCommit(func() { r.sessions.RevokeTokens(ctx, v.ID, v.Session) })
		return edu.Viewer{}, refused
	case !v.SignedIn():
		return edu.Viewer{}, refused
	}
	return v, nil
}
