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

// maxNameLength is the maximum length of a user's name in characters.
const maxNameLength = 100

// SessionOptions holds the dependencies of sessions besides the database.
type SessionOptions struct {
	Tokens *auth.Tokens
	// AccessTTL and RefreshTTL are the lifetimes of access tokens and refresh tokens.
	AccessTTL, RefreshTTL time.Duration
	// SignUpDisabled reports that only the operator creates accounts.
	SignUpDisabled bool
	// HashAddress returns the hash of an email and the client's address, under which a sign-in is
	// remembered, or nil if it is not; a nil function remembers none.
	HashAddress func(ctx context.Context, email string) []byte
	// RevokeTokens revokes the access tokens of a session that was ended, or those of all ended sessions of
	// the user if session is 0.
	RevokeTokens func(ctx context.Context, user, session int64)
	// QueuedMail announces that the outbox has a new mail; nil if the server sends no mails.
	QueuedMail func()
}

// errSignUpDisabled is the error of signUp on a server with SignUpDisabled.
var errSignUpDisabled = edu.Errorf(edu.Forbidden, "sign-up is disabled on this server: sign in through the organization's identity provider, or get an account from its operator")

// newToken generates the first refresh token of a session, with its stored form. The latter has the client's
// device and the hash of the email and the client's address.
func (r *mutationResolver) newToken(ctx context.Context, email string) (auth.RefreshToken, store.RefreshToken) {
	token := auth.NewRefreshToken()
	device := auth.DescribeDevice(graphql.GetOperationContext(ctx).Headers.Get("User-Agent"))
	stored := store.RefreshToken{Hash: token.Hash(), TTL: r.sessions.RefreshTTL, Device: device}
	if r.sessions.HashAddress != nil {
		stored.Address = r.sessions.HashAddress(ctx, email)
	}
	return token, stored
}

// issueSession calls authenticate, which starts or continues a session and returns its refresh token. It
// makes the session's viewer the operation's viewer and returns the session's tokens. It returns the tokens
// even if the user cannot be read afterwards: the previous refresh token is spent by then, and the client
// would lose its session.
func (r *mutationResolver) issueSession(ctx context.Context, in validate.Input, authenticate func(*store.Store) (edu.Viewer, auth.RefreshToken, error)) (*graph.SessionPayload, error) {
	var v edu.Viewer
	var token auth.RefreshToken
	problems, err := executeWrite(ctx, in, func(s *store.Store, _ edu.Viewer) (err error) {
		v, token, err = authenticate(s)
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
	expires := l.Viewer.Now().Add(r.sessions.AccessTTL).Truncate(time.Second) // the token has whole seconds
	refresh := token.Encode()
	p := &graph.SessionPayload{AccessToken: &access, RefreshToken: &refresh, ExpiresAt: &expires}
	if sel := payloadSelection(ctx, "SessionPayload", "user"); len(sel) > 0 {
		if p.User, err = loadSelectedUser(ctx, v.ID, sel); err != nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithField("user")), err)
		}
	}
	return p, nil
}

// signInWithPassword verifies the password of an account and starts a session. An unknown email, a wrong
// password, an account without a password and a deactivated account take the same time and get the same
// error.
func (r *mutationResolver) signInWithPassword(ctx context.Context, s *store.Store, email, password string, t store.RefreshToken) (edu.Viewer, error) {
	for {
		var c store.Credentials
		if err := s.RunQueries(ctx, store.CredentialsByEmail(email, func(found store.Credentials) { c = found })); err != nil {
			return edu.Viewer{}, err
		}
		valid, newHash, err := r.passwords.VerifyPassword(ctx, password, c.PasswordHash)
		if err != nil {
			return edu.Viewer{}, err
		}
		if !valid {
			return edu.Viewer{}, edu.InputPath{"input"}.Reject(edu.UserInvalidCredentials, "the email or the password is wrong: check both and try again")
		}
		v, err := s.SignIn(ctx, c, newHash, t)
		if err != nil || v.SignedIn() {
			return v, err
		}
		// The account was changed after it was read, for example by another sign-in that replaced the
		// hash of the same password: read it again.
	}
}

// rotateRefreshToken spends a refresh token and returns the next one. A token that was spent a moment ago
// returns the same next one again; a token that was spent earlier ends its whole session.
func (r *mutationResolver) rotateRefreshToken(ctx context.Context, s *store.Store, text string, at edu.InputPath) (v edu.Viewer, next auth.RefreshToken, err error) {
	invalid := at.Reject(edu.UserInvalidCredentials, "the refresh token is invalid or expired: sign in again")
	token, ok := auth.ParseRefreshToken(text)
	if !ok {
		return v, next, invalid
	}
	salt := auth.NewSuccessorSalt()
	refreshed, err := s.RefreshSession(ctx, token.Hash(), store.RefreshToken{Hash: token.DeriveSuccessor(salt).Hash(), TTL: r.sessions.RefreshTTL, Salt: salt})
	switch {
	case err != nil:
		return v, next, err
	case refreshed.Stolen:
		s.AfterCommit(func() { r.sessions.RevokeTokens(ctx, refreshed.Viewer.ID, refreshed.Viewer.Session) })
		return v, next, invalid
	case !refreshed.Viewer.SignedIn():
		return v, next, invalid
	}
	return refreshed.Viewer, token.DeriveSuccessor(refreshed.Salt), nil
}
