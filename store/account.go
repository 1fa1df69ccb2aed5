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
}

// LookupAccount reads an account by id, or by email if id is 0, ignoring case, and the state of one
// of its sessions. A session of 0 is none. into is not called if there is no account. Callers that
// must see the latest revocations run the query with OnPrimary.
func LookupAccount(id int64, email string, session int64, into func(Account)) Query {
	s := newStatement("LookupAccount", "SELECT u.id, upper(u.role), upper(u.plan), u.active")
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
		err := rows.Scan(&a.ID, (*string)(&a.Role), (*string)(&a.Plan), &a.Active, &a.SessionEnded)
		into(a)
		return err
	})
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
		q = newStatement("RevokeSessions", "UPDATE sessions SET revoked_at = now() WHERE revoked_at IS NULL AND user_id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(id)).buildQuery(nil))
	})
	if err == nil && id == 0 {
		err = edu.Errorf(edu.NotFound, "no account with the email %q", email)
	}
	return id, err
}
