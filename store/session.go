package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// maxSessionAge is the maximum lifetime of a session, however often it is refreshed.
const maxSessionAge = 365 * 24 * time.Hour

// refreshReuseWindow is how long after a refresh its token still leads to the same successor: a page that
// is reloaded, or another tab, sends the token again before it has received the successor. 10 s is longer
// than reloads on a slow network last, and short for a thief, who must use a token that fast after its
// client.
const refreshReuseWindow = 10 * time.Second

// maxSignInAddresses is the number of addresses that an account remembers: those of its latest
// sign-ins. Only successful sign-ins add one, so that strangers cannot displace them.
const maxSignInAddresses = 10

// signInAddressTTL is how long after its last sign-in an address is remembered.
const signInAddressTTL = 90 * 24 * time.Hour

// Credentials holds the data that a password is verified against.
type Credentials struct {
	UserID       int64
	Name, Email  string // which a password must not be
	PasswordHash string // "" if the account has none or is not active
}

// newCredentialsStatement returns a statement that reads credentials, and needs the condition on users u.
func newCredentialsStatement(name string) *statement {
	return newStatement(name, "SELECT u.id, u.name, u.email, CASE WHEN u.active THEN coalesce(u.password_hash, '') ELSE '' END FROM users u WHERE ")
}

// CredentialsByEmail reads the credentials of an account by email, ignoring case. into is not
// called if there is none.
func CredentialsByEmail(email string, into func(Credentials)) Query {
	s := newCredentialsStatement("CredentialsByEmail").addSQL("lower(u.email) = lower(")
	return s.addSQL(s.bindArg(email), ")").buildQuery(scanCredentials(into))
}

// CredentialsByID reads the credentials of an active account. into is not called if there is none.
func CredentialsByID(id int64, into func(Credentials)) Query {
	s := newCredentialsStatement("CredentialsByID").addSQL("u.active AND u.id = ")
	return s.addSQL(s.bindArg(id)).buildQuery(scanCredentials(into))
}

func scanCredentials(into func(Credentials)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var c Credentials
		err := rows.Scan(&c.UserID, &c.Name, &c.Email, &c.PasswordHash)
		into(c)
		return err
	}
}

// NewAccount holds the data of an account to create.
type NewAccount struct{ Name, Email, PasswordHash string }

// RefreshToken is a new refresh token of a session: its SHA-256 hash, and its lifetime. A sign-in
// stores Device, the description of the client, unless it is "", and remembers Address, the hash of the
// email and the client's address, unless it is nil. A refresh stores Salt, from which the token was derived.
type RefreshToken struct {
	Hash    [32]byte
	TTL     time.Duration
	Device  string
	Address []byte
	Salt    [16]byte
}

// Refresh is the outcome of RefreshSession.
type Refresh struct {
	Viewer edu.Viewer // anonymous if the token is rejected, unless Stolen
	// Salt is what the session's next token is derived from: that of the next token of this call, or of an
	// earlier call with the same token within refreshReuseWindow.
	Salt [16]byte
	// Stolen reports that the token may be stolen. Its session is revoked, and access tokens of Viewer
	// should no longer be accepted.
	Stolen bool
}

// SignUp creates an account and its first session. If the email is taken, ignoring case, it returns
// edu.UserAlreadyExists at the path.
func (s *Store) SignUp(ctx context.Context, a NewAccount, t RefreshToken, at edu.InputPath) (edu.Viewer, error) {
	q := newStatement("SignUp", "WITH account AS (INSERT INTO users (name, email, password_hash, last_login) VALUES (")
	q.addSQL(q.bindArg(a.Name), ", ", q.bindArg(a.Email), ", ", q.bindArg(a.PasswordHash), ", now()) ON CONFLICT (lower(email)) DO NOTHING RETURNING id, role, plan)")
	v, err := s.startSession(ctx, textRow("users", a.Email), q, t)
	if err == nil && !v.SignedIn() {
		err = at.Reject(edu.UserAlreadyExists, "an account with this email already exists: sign in")
	}
	return v, err
}

// SignIn starts a session of an account after its password was verified against c. If the account
// has changed since, and is inactive or has another password, the viewer is anonymous and nothing
// is written. rehashed is a new hash of the password, "" to leave the hash as it is.
func (s *Store) SignIn(ctx context.Context, c Credentials, rehashed string, t RefreshToken) (edu.Viewer, error) {
	q := newStatement("SignIn", "WITH account AS (UPDATE users u SET last_login = now()")
	if rehashed != "" {
		q.addSQL(", password_hash = ", q.bindArg(rehashed))
	}
	q.addSQL(" WHERE u.active").addCondition("u.id = %", c.UserID).addCondition("u.password_hash = %", c.PasswordHash)
	return s.startSession(ctx, userRow(c.UserID), q.addSQL(" RETURNING u.id, u.role, u.plan)"), t)
}

// startSession adds the creation of a session to a statement that begins with a CTE named account
// of at most one row, which is the row given. The viewer is anonymous if account has no row.
func (s *Store) startSession(ctx context.Context, row rowKey, q *statement, t RefreshToken) (v edu.Viewer, err error) {
	q.addSQL(", session AS (INSERT INTO sessions (user_id, device) SELECT a.id, nullif(", q.bindArg(t.Device), ", '') FROM account a RETURNING id)",
		", token AS (INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT ", q.bindArg(t.Hash[:]), ", s.id, now() + ", q.bindArg(t.TTL), "::interval FROM session s)")
	if t.Address != nil {
		rememberAddress(q, t.Address)
	}
	q.addSQL(" SELECT a.id, upper(a.role), upper(a.plan), s.id FROM account a, session s")
	err = s.writeRow(ctx, row, func(tx *Tx) error {
		v = edu.Viewer{}
		return tx.Commit(ctx, q.buildQuery(func(rows pgx.Rows) error {
			return rows.Scan(&v.ID, (*string)(&v.Role), (*string)(&v.Plan), &v.Session)
		}))
	})
	return v, err
}

// rememberAddress adds CTEs that remember the address of a sign-in and drop the account's oldest
// beyond maxSignInAddresses.
func rememberAddress(q *statement, address []byte) {
	hash := q.bindArg(address)
	q.addSQL(", remembered AS (INSERT INTO sign_in_addresses (hash, user_id) SELECT ", hash, ", a.id FROM account a",
		" ON CONFLICT (hash) DO UPDATE SET user_id = excluded.user_id, last_used_at = excluded.last_used_at)",
		", dropped AS (DELETE FROM sign_in_addresses WHERE hash IN (SELECT o.hash FROM sign_in_addresses o, account a WHERE o.user_id = a.id AND o.hash <> ", hash,
		" ORDER BY o.last_used_at DESC OFFSET ", q.bindArg(maxSignInAddresses-1), "))")
}

// HasSignInAddress reports whether an account signed in from an address within signInAddressTTL. The
// hash is that of RefreshToken.Address.
func (s *Store) HasSignInAddress(ctx context.Context, hash []byte) (found bool, err error) {
	q := newStatement("HasSignInAddress", "SELECT FROM sign_in_addresses WHERE hash = ")
	q.addSQL(q.bindArg(hash), " AND last_used_at > now() - ", q.bindArg(signInAddressTTL), "::interval")
	err = s.OnPrimary().RunQueries(ctx, q.buildQuery(func(pgx.Rows) error { found = true; return nil }))
	return found, err
}

// RefreshSession exchanges a refresh token, identified by its hash, for the next one of its
// session. The next token is valid for its TTL, but not beyond maxSessionAge after the start of the
// session. A token is rejected if it is unknown or expired, its session is revoked, or its user is not
// active. A token that was spent before may be stolen, and its session is revoked. The exception is the
// token of the session that was spent last, within refreshReuseWindow: it returns the salt of that
// time, and nothing is written.
func (s *Store) RefreshSession(ctx context.Context, spend [32]byte, next RefreshToken) (r Refresh, err error) {
	err = s.withoutPublishing().writeRow(ctx, textRow("refresh_tokens", string(spend[:])), func(tx *Tx) error {
		r = Refresh{}
		var t lockedToken
		if err := tx.RunQueries(ctx, lockRefreshToken(spend, &t)); err != nil {
			return err
		}
		switch {
		case t.spent && t.successorSalt != nil:
			r = Refresh{Viewer: t.viewer, Salt: [16]byte(t.successorSalt)}
			return nil
		case t.spent:
			r = Refresh{Viewer: t.viewer, Stolen: true}
			return tx.Commit(ctx, revokeSession(t.viewer))
		case t.unusable || !t.viewer.SignedIn():
			return nil
		default:
			r = Refresh{Viewer: t.viewer, Salt: next.Salt}
			return tx.Commit(ctx, spendRefreshToken(spend), insertNextToken(t.viewer.Session, spend, next))
		}
	})
	return r, err
}

// lockedToken is a refresh token whose row is locked.
type lockedToken struct {
	viewer          edu.Viewer // anonymous if the token is unknown
	spent, unusable bool
	successorSalt   []byte // nil unless the token is spent and may be sent again
}

// lockRefreshToken locks a token and its session. The token is locked too: a transaction that waited for
// another must see it as spent.
func lockRefreshToken(hash [32]byte, t *lockedToken) Query {
	q := newStatement("LockRefreshToken", "SELECT t.spent_at IS NOT NULL, t.expires_at <= now() OR s.revoked_at IS NOT NULL OR NOT u.active,",
		" CASE WHEN s.spent_token = t.hash AND t.spent_at > now() - ")
	q.addSQL(q.bindArg(refreshReuseWindow), "::interval AND s.revoked_at IS NULL AND u.active THEN s.successor_salt END,",
		" u.id, upper(u.role), upper(u.plan), s.id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id WHERE t.hash = ")
	return q.addSQL(q.bindArg(hash[:]), " FOR NO KEY UPDATE OF t, s").buildQuery(func(rows pgx.Rows) error {
		v := &t.viewer
		return rows.Scan(&t.spent, &t.unusable, &t.successorSalt, &v.ID, (*string)(&v.Role), (*string)(&v.Plan), &v.Session)
	})
}

// withoutPublishing returns a store for writes of sessions, which publishes no changes: no cached
// response depends on sessions.
func (s *Store) withoutPublishing() *Store {
	silent := *s
	silent.publishChanges = nil
	return &silent
}

func spendRefreshToken(hash [32]byte) Query {
	q := newStatement("SpendRefreshToken", "UPDATE refresh_tokens SET spent_at = now() WHERE hash = ")
	return q.addSQL(q.bindArg(hash[:])).buildQuery(nil)
}

// insertNextToken adds the next token of a session. Its salt replaces that of the token before: at most
// one token of a session can be sent again, and only until its successor is spent.
func insertNextToken(session int64, spent [32]byte, t RefreshToken) Query {
	q := newStatement("InsertNextToken", "WITH session AS (UPDATE sessions SET last_used_at = now(), spent_token = ")
	q.addSQL(q.bindArg(spent[:]), ", successor_salt = ", q.bindArg(t.Salt[:]), " WHERE id = ", q.bindArg(session), " RETURNING id, created_at)")
	q.addSQL(" INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT ", q.bindArg(t.Hash[:]), ", s.id, least(now() + ", q.bindArg(t.TTL))
	return q.addSQL("::interval, s.created_at + ", q.bindArg(maxSessionAge), "::interval) FROM session s").buildQuery(nil)
}

// isRefreshable is whether a session s has a token that has not expired.
const isRefreshable = "EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.expires_at > now())"

// SessionsByUser reads the sessions of a user that can still be refreshed, last used first. Sessions have no
// tags: each refresh changes one, and responses that have them are not cached.
func SessionsByUser(user int64, first int, into func(*edu.Session)) Query {
	s := newStatement("SessionsByUser", "SELECT s.id, s.device, s.created_at, coalesce(s.last_used_at, s.created_at) FROM sessions s WHERE s.revoked_at IS NULL")
	s.addCondition("s.user_id = %", user)
	return s.addSQL(" AND ", isRefreshable, " ORDER BY 4 DESC, s.id DESC LIMIT ", s.bindArg(first)).buildQuery(func(rows pgx.Rows) error {
		var one edu.Session
		err := rows.Scan(&one.ID, &one.Device, &one.CreatedAt, &one.LastUsedAt)
		into(&one)
		return err
	})
}

// EndSession revokes the session of the viewer and reports whether it exists.
func (s *Store) EndSession(ctx context.Context, v edu.Viewer) (ended bool, err error) {
	err = s.withoutPublishing().writeRow(ctx, rowKey{"sessions", v.Session}, func(tx *Tx) error {
		ended = false
		q := revokeSession(v)
		q.scan = func(pgx.Rows) error { ended = true; return nil }
		return tx.Commit(ctx, q)
	})
	return ended, err
}

// revokeSession revokes a session. It returns a row if the session exists, revoked before or not.
func revokeSession(v edu.Viewer) Query {
	q := newStatement("RevokeSession", "UPDATE sessions SET revoked_at = coalesce(revoked_at, now()) WHERE id = ")
	return q.addSQL(q.bindArg(v.Session), " AND user_id = ", q.bindArg(v.ID), " RETURNING id").buildQuery(func(pgx.Rows) error { return nil })
}
