package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Account holds the data of an account that authentication needs.
type Account struct {
	ID     int64
	Role   edu.Role
	Plan   edu.Plan
	Active bool
	// SessionEnded reports that the requested session is revoked or does not belong to the account.
	SessionEnded bool
	// Claimed reports that an identity provider has vouched for the owner of the account.
	Claimed bool
}

// LookupAccount reads an account by id, or by email if id is 0, ignoring case, and the state of one
// of its sessions. A session of 0 is none. into is not called if there is no account. Callers that
// must see the latest revocations run the query with OnPrimary.
func LookupAccount(id int64, email string, session int64, into func(Account)) Query {
	s := newStatement("LookupAccount", "SELECT u.id, upper(u.role), upper(u.plan), u.active, u.claimed_at IS NOT NULL")
	if session != 0 {
		s.addSQL(", s.id IS NULL OR s.revoked_at IS NOT NULL FROM users u LEFT JOIN sessions s ON s.user_id = u.id AND s.id = ", s.bindArg(session))
	} else {
		s.addSQL(", false FROM users u")
	}
	if id != 0 {
		s.addSQL(" WHERE u.id = ", s.bindArg(id))
	} else {
		s.addSQL(" WHERE lower(u.email) = lower(", s.bindArg(email), ")")
	}
	return s.buildQuery(func(rows pgx.Rows) error {
		var a Account
		err := rows.Scan(&a.ID, (*string)(&a.Role), (*string)(&a.Plan), &a.Active, &a.Claimed, &a.SessionEnded)
		into(a)
		return err
	})
}

// ClaimAccount records that an identity provider has vouched for the owner of an account. It removes
// the account's password and revokes its sessions, because both may be those of a stranger who signed
// up with the owner's email. It does nothing, and claimed is false, if the account was claimed before
// or is not active, or if it has a password and mayHavePassword is false.
func (s *Store) ClaimAccount(ctx context.Context, id int64, mayHavePassword bool) (claimed bool, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		claimed = false
		q := newStatement("ClaimAccount", "UPDATE users SET claimed_at = now(), password_hash = NULL WHERE claimed_at IS NULL AND active AND id = ")
		q.addSQL(q.bindArg(id))
		if !mayHavePassword {
			q.addSQL(" AND password_hash IS NULL")
		}
		claim := q.addSQL(" RETURNING id").buildQuery(func(pgx.Rows) error { claimed = true; return nil })
		if err := tx.RunQueries(ctx, claim); err != nil || !claimed {
			return err
		}
		return tx.Commit(ctx, revokeSessions(id))
	})
	return claimed, err
}

// ChangePassword replaces the password of the viewer after the old one was verified against c, and revokes
// the account's other sessions. revoked is the number of them that had not expired, or -1 if the account has
// changed since and nothing is written.
func (s *Store) ChangePassword(ctx context.Context, v edu.Viewer, c Credentials, hash string) (revoked int, err error) {
	err = s.writeRow(ctx, userRow(c.UserID), func(tx *Tx) error {
		revoked = -1
		q := newStatement("ChangePassword", "UPDATE users u SET password_hash = ")
		q.addSQL(q.bindArg(hash), " WHERE u.active").addCondition("u.id = %", c.UserID).addCondition("u.password_hash = %", c.PasswordHash)
		change := q.addSQL(" RETURNING u.id").buildQuery(func(pgx.Rows) error { revoked = 0; return nil })
		if err := tx.RunQueries(ctx, change); err != nil || revoked < 0 {
			return err
		}
		others := newStatement("RevokeOtherSessions", "UPDATE sessions s SET revoked_at = now() WHERE s.revoked_at IS NULL")
		others.addCondition("s.user_id = %", v.ID).addCondition("s.id <> %", v.Session).addSQL(" RETURNING ", isRefreshable)
		return tx.Commit(ctx, deleteMailTokens(v.ID, MailPasswordReset), others.buildQuery(func(rows pgx.Rows) error {
			var live bool
			err := rows.Scan(&live)
			if live {
				revoked++
			}
			return err
		}))
	})
	return revoked, err
}

// revokeSessions revokes all sessions of an account. It must be a separate statement after the one
// that locks the account: at READ COMMITTED it then sees the session of a sign-in that held the lock.
func revokeSessions(user int64) Query {
	q := newStatement("RevokeSessions", "UPDATE sessions SET revoked_at = now() WHERE revoked_at IS NULL AND user_id = ")
	return q.addSQL(q.bindArg(user)).buildQuery(nil)
}

// SetAccountActive activates the account of an email, or deactivates it and revokes its sessions.
// It returns the id of the account, or edu.NotFound.
func (s *Store) SetAccountActive(ctx context.Context, email string, active bool) (id int64, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		id = 0
		q := newStatement("SetAccountActive", "UPDATE users SET active = ")
		q.addSQL(q.bindArg(active), " WHERE lower(email) = lower(", q.bindArg(email), ") RETURNING id")
		if err := tx.RunQueries(ctx, q.buildQuery(scanInt64(&id))); err != nil || active {
			return err
		}
		return tx.Commit(ctx, revokeSessions(id))
	})
	if err == nil && id == 0 {
		err = edu.Errorf(edu.NotFound, "no account with the email %q", email)
	}
	return id, err
}

// deletedUserEmail is the email of the account that courses of deleted instructors belong to. It is no valid
// email, so signUp rejects it.
const deletedUserEmail = "deleted user"

// DeleteAccount deletes the account of the viewer after its password was verified against c, with everything of
// it: sessions, enrollments, watch time, reviews, stored responses and waiting mails. Triggers correct the
// counters of courses. Courses without students are deleted too; the others then belong to the
// account of deleted users. An account that teaches published courses is not deleted: see
// edu.AuthorizeAccountDeletion. done is false, and nothing is written, if the account has changed since.
func (s *Store) DeleteAccount(ctx context.Context, c Credentials, at edu.InputPath) (done bool, err error) {
	err = s.writeRow(ctx, userRow(c.UserID), func(tx *Tx) error {
		done = false
		published := 0
		lock := newStatement("LockAccountToDelete", "SELECT true FROM users u WHERE u.active")
		lock.addCondition("u.id = %", c.UserID).addCondition("coalesce(u.password_hash, '') = %", c.PasswordHash).addSQL(" FOR UPDATE")
		taught := newStatement("LockTaughtCourses", "SELECT c.published FROM courses c WHERE c.instructor_id = ")
		taught.addSQL(taught.bindArg(c.UserID), " ORDER BY c.id FOR UPDATE")
		err := tx.RunQueries(ctx, lock.buildQuery(func(rows pgx.Rows) error { return rows.Scan(&done) }), taught.buildQuery(func(rows pgx.Rows) error {
			var is bool
			err := rows.Scan(&is)
			if is {
				published++
			}
			return err
		}))
		if err != nil || !done {
			return err
		}
		if err := edu.AuthorizeAccountDeletion(published, at); err != nil {
			return err
		}
		return tx.Commit(ctx, deleteAccountRows(c)...)
	})
	return done, err
}

// deleteAccountRows returns the statements that delete an account, whose row and courses are locked.
func deleteAccountRows(c Credentials) []Query {
	untaken := newStatement("DeleteUntakenCourses", "DELETE FROM courses c WHERE c.instructor_id = ")
	untaken.addSQL(untaken.bindArg(c.UserID), " AND NOT ", takenCondition("c.id", " AND x.user_id <> c.instructor_id"))
	heir := newStatement("InsertDeletedUser", "INSERT INTO users (name, email, active) SELECT 'Deleted user', ")
	heir.addSQL(heir.bindArg(deletedUserEmail), ", false WHERE EXISTS (SELECT FROM courses WHERE instructor_id = ", heir.bindArg(c.UserID), ") ON CONFLICT DO NOTHING")
	archive := newStatement("ReassignCourses", "UPDATE courses c SET instructor_id = u.id FROM users u WHERE lower(u.email) = ")
	archive.addSQL(archive.bindArg(deletedUserEmail)).addCondition("c.instructor_id = %", c.UserID)
	responses := newStatement("DeleteResponsesOfAccount", "DELETE FROM idempotent_answers WHERE owner = ")
	mails := newStatement("DeleteMailsOfAccount", "DELETE FROM outbox WHERE lower(email) = lower(")
	account := newStatement("DeleteAccount", "DELETE FROM users WHERE id = ")
	return []Query{
		untaken.buildQuery(nil), heir.buildQuery(nil), archive.buildQuery(nil),
		responses.addSQL(responses.bindArg(c.UserID)).buildQuery(nil),
		mails.addSQL(mails.bindArg(c.Email), ")").buildQuery(nil),
		account.addSQL(account.bindArg(c.UserID)).buildQuery(nil),
	}
}
