package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// allSessions stands for all ended sessions of a user in SessionOptions.RevokeTokens.
const allSessions = 0

// passwordInput is a password that a client sent, and its path.
type passwordInput struct {
	text string
	at   edu.InputPath
	// omitted states that an account without a password needs none.
	omitted bool
}

// withPassword verifies the password of the viewer's account and calls write with its credentials. write
// returns whether they were still valid. A wrong password, an account without a password and a deactivated
// account take the same time and get the same error.
func (r *mutationResolver) withPassword(ctx context.Context, s *store.Store, password passwordInput, write func(store.Credentials) (done bool, err error)) error {
	user := loaders.FromContext(ctx).Viewer.UserID()
	for {
		var c store.Credentials
		if err := s.RunQueries(ctx, store.CredentialsByID(user, func(found store.Credentials) { c = found })); err != nil {
			return err
		}
		valid, _, err := r.passwords.VerifyPassword(ctx, password.text, c.PasswordHash)
		if err != nil {
			return err
		}
		if !valid && (!password.omitted || c.PasswordHash != "" || c.UserID == 0) {
			return password.at.Reject(edu.UserInvalidCredentials, "the password is wrong: check it and try again")
		}
		if done, err := write(c); err != nil || done {
			return err
		}
		// The account was changed after it was read, for example by a sign-in that replaced the hash of the
		// same password: read it again.
	}
}

// hashNewPassword returns the hash of a new password of an account, or why the password is rejected.
func (r *mutationResolver) hashNewPassword(ctx context.Context, c store.Credentials, password passwordInput) (string, error) {
	if template, values := auth.PasswordWeakness(password.text, c.Name, c.Email); template != "" {
		return "", password.at.Reject(edu.UserWeakPassword, template, values...)
	}
	return r.passwords.HashPassword(ctx, password.text)
}

// errMailDisabled is the error of mutations that send mails on a server without a mailer.
var errMailDisabled = edu.Errorf(edu.Forbidden, "this server sends no mails: contact its operator")

// queueMail adds a mail to the outbox, which is sent after the commit.
func (r *mutationResolver) queueMail(ctx context.Context, s *store.Store, kind store.MailKind, email string) error {
	if err := s.QueueMail(ctx, kind, email); err != nil {
		return err
	}
	s.AfterCommit(r.sessions.QueuedMail)
	return nil
}

// withMailToken looks up the account of a token that a mail had, and calls write with its credentials. write
// spends the token, and returns whether it still could. Unknown, expired and spent tokens get the same error.
func (r *mutationResolver) withMailToken(ctx context.Context, s *store.Store, kind store.MailKind, text string, write func(c store.Credentials, token [32]byte) (done bool, err error)) error {
	invalid := edu.InputPath{"input", "token"}.Reject(edu.UserInvalidCredentials, "the link is invalid, expired or used: request another mail")
	token, ok := auth.ParseRefreshToken(text)
	if !ok {
		return invalid
	}
	var c store.Credentials
	if err := s.RunQueries(ctx, store.CredentialsByMailToken(kind, token.Hash(), func(found store.Credentials) { c = found })); err != nil {
		return err
	}
	if c.UserID == 0 {
		return invalid
	}
	if done, err := write(c, token.Hash()); err != nil || done {
		return err
	}
	return invalid
}
