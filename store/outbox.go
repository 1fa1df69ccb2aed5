package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// MailKind is the purpose of a mail, and of the token in its link.
type MailKind string

// The kinds of mails.
const (
	MailPasswordReset     MailKind = "password_reset"
	MailEmailVerification MailKind = "email_verification"
)

const (
	// maxMailAttempts is how often a mail is tried, over a bit more than two hours.
	maxMailAttempts = 8

	// firstMailDelay is the time after which a mail that was not sent is tried again. It doubles with each
	// attempt, and is longer than an attempt takes: until then no other server tries.
	firstMailDelay = time.Minute
)

// QueuedMail is a mail of the outbox that is about to be sent.
type QueuedMail struct {
	ID    int64
	Kind  MailKind
	Email string
	// Last reports that no attempt will follow.
	Last bool
}

// QueueMail adds a mail to an email to the outbox, unless one of its kind waits there already. It does the
// same work for emails without an account.
func (s *Store) QueueMail(ctx context.Context, kind MailKind, email string) error {
	return s.withoutPublishing().writeRow(ctx, textRow("outbox", email), func(tx *Tx) error {
		q := newStatement("QueueMail", "INSERT INTO outbox (kind, email) VALUES (")
		return tx.Commit(ctx, q.addSQL(q.bindArg(string(kind)), ", ", q.bindArg(email), ") ON CONFLICT DO NOTHING").buildQuery(nil))
	})
}

// ClaimMail returns the mail of the outbox that has been due longest, and moves its next attempt ahead; ok is
// false if none is due. A mail whose server ends before RemoveMail is therefore sent again.
func (s *Store) ClaimMail(ctx context.Context) (m QueuedMail, ok bool, err error) {
	err = s.withoutPublishing().WriteInTx(ctx, func(tx *Tx) error {
		ok = false
		q := newStatement("ClaimMail", "UPDATE outbox o SET attempts = attempts + 1, next_attempt_at = now() + ")
		q.addSQL(q.bindArg(firstMailDelay), "::interval * 2 ^ o.attempts WHERE o.id = (SELECT id FROM outbox WHERE next_attempt_at <= now()",
			" ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING o.id, o.kind, o.email, o.attempts >= ", q.bindArg(maxMailAttempts))
		return tx.Commit(ctx, q.buildQuery(func(rows pgx.Rows) error {
			ok = true
			return rows.Scan(&m.ID, (*string)(&m.Kind), &m.Email, &m.Last)
		}))
	})
	return m, ok, err
}

// RemoveMail removes a mail from the outbox, sent or not.
func (s *Store) RemoveMail(ctx context.Context, id int64) error {
	return s.withoutPublishing().WriteInTx(ctx, func(tx *Tx) error {
		q := newStatement("RemoveMail", "DELETE FROM outbox WHERE id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(id)).buildQuery(nil))
	})
}

// recipientCondition returns which accounts get a mail of a kind: a password is reset only where there is one,
// because others sign in with an identity provider.
func recipientCondition(kind MailKind) string {
	if kind == MailPasswordReset {
		return " AND u.active AND u.password_hash IS NOT NULL"
	}
	return " AND u.active AND u.email_verified_at IS NULL"
}

// IssueMailToken stores the hash of a new token for a mail to the account of an email. It returns the email as
// the account has it, because mailboxes may differ by case. The email is empty if there is no such account, or
// if it does not get mails of this kind.
func (s *Store) IssueMailToken(ctx context.Context, kind MailKind, email string, t RefreshToken) (recipient string, err error) {
	err = s.withoutPublishing().WriteInTx(ctx, func(tx *Tx) error {
		recipient = ""
		q := newStatement("IssueMailToken", "INSERT INTO account_tokens (hash, user_id, kind, email, expires_at) SELECT ")
		q.addSQL(q.bindArg(t.Hash[:]), ", u.id, ", q.bindArg(string(kind)), ", u.email, now() + ", q.bindArg(t.TTL), "::interval FROM users u WHERE lower(u.email) = lower(",
			q.bindArg(email), ")", recipientCondition(kind), " RETURNING email")
		return tx.Commit(ctx, q.buildQuery(func(rows pgx.Rows) error { return rows.Scan(&recipient) }))
	})
	return recipient, err
}

// CredentialsByMailToken reads the credentials of the account of a token that has not expired, by its hash.
// into is not called if there is none, or if the account is not active or has another email by now.
func CredentialsByMailToken(kind MailKind, hash [32]byte, into func(Credentials)) Query {
	s := newCredentialsStatement("CredentialsByMailToken").addSQL("u.active AND u.id = (SELECT t.user_id FROM account_tokens t WHERE ")
	return s.addMailToken(kind, hash).addSQL(" AND lower(t.email) = lower(u.email))").buildQuery(scanCredentials(into))
}

// addMailToken adds the condition that a row t is a token that can be spent.
func (s *statement) addMailToken(kind MailKind, hash [32]byte) *statement {
	return s.addSQL("t.hash = ", s.bindArg(hash[:]), " AND t.kind = ", s.bindArg(string(kind)), " AND t.expires_at > now()")
}

// ResetPassword spends the token of a mail: it replaces the password of the token's account, and ends its
// sessions, its other tokens for the password and its known addresses, which may all be those of a stranger.
// The email counts as verified from then on. done is false, and nothing is written, if the token was spent
// meanwhile.
func (s *Store) ResetPassword(ctx context.Context, user int64, token [32]byte, hash string) (done bool, err error) {
	return s.spendMailToken(ctx, user, MailPasswordReset, token, func() []Query {
		q := newStatement("ResetPassword", "UPDATE users SET email_verified_at = coalesce(email_verified_at, now()), password_hash = ")
		addresses := newStatement("ForgetAddresses", "DELETE FROM sign_in_addresses WHERE user_id = ")
		return []Query{
			q.addSQL(q.bindArg(hash), " WHERE id = ", q.bindArg(user)).buildQuery(nil),
			deleteMailTokens(user, MailPasswordReset),
			addresses.addSQL(addresses.bindArg(user)).buildQuery(nil), revokeSessions(user),
		}
	})
}

// VerifyEmail spends the token of a mail and marks the email of its account as verified. done is false, and
// nothing is written, if the token was spent meanwhile.
func (s *Store) VerifyEmail(ctx context.Context, user int64, token [32]byte) (done bool, err error) {
	return s.spendMailToken(ctx, user, MailEmailVerification, token, func() []Query {
		q := newStatement("VerifyEmail", "UPDATE users SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = ")
		return []Query{q.addSQL(q.bindArg(user)).buildQuery(nil), deleteMailTokens(user, MailEmailVerification)}
	})
}

// spendMailToken locks an account and deletes a token of it, and then commits with the statements of write. The
// token is deleted after the lock: of two calls with one token, the second finds none.
func (s *Store) spendMailToken(ctx context.Context, user int64, kind MailKind, token [32]byte, write func() []Query) (done bool, err error) {
	err = s.writeRow(ctx, userRow(user), func(tx *Tx) error {
		done = false
		lock := newStatement("LockAccount", "SELECT FROM users WHERE id = ")
		lock.addSQL(lock.bindArg(user), " AND active FOR NO KEY UPDATE")
		spend := newStatement("SpendMailToken", "DELETE FROM account_tokens t USING users u WHERE u.id = t.user_id AND u.active AND lower(u.email) = lower(t.email) AND ")
		spend.addMailToken(kind, token).addCondition("t.user_id = %", user).addSQL(" RETURNING true")
		err := tx.RunQueries(ctx, lock.buildQuery(func(pgx.Rows) error { return nil }), spend.buildQuery(func(rows pgx.Rows) error { return rows.Scan(&done) }))
		if err != nil || !done {
			return err
		}
		return tx.Commit(ctx, write()...)
	})
	return done, err
}

// deleteMailTokens deletes the tokens of an account and a kind.
func deleteMailTokens(user int64, kind MailKind) Query {
	q := newStatement("DeleteMailTokens", "DELETE FROM account_tokens WHERE user_id = ")
	return q.addSQL(q.bindArg(user), " AND kind = ", q.bindArg(string(kind))).buildQuery(nil)
}
