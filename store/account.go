package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Account is what letting someone in takes.
type Account struct {
	ID     int64
	Role   edu.Role
	Plan   edu.Plan
	Active bool
	// SessionOver tells that the session asked for is revoked, or was never the
	// account's.
	SessionOver bool
}

// AccountOf finds an account by its id, or where that is 0 by its email without
// regard to case, and how a session of it stands; 0 is no session. Into is not
// called where there is no account. Who must see what was just revoked runs it
// OnPrimary.
func AccountOf(id int64, email string, session int64, into func(Account)) Query {
	s := sql("AccountOf", "SELECT u.id, upper(u.role), upper(u.plan), u.active")
	if session != 0 {
		s.add(", s.id IS NULL OR s.revoked_at IS NOT NULL FROM users u LEFT JOIN sessions s ON s.user_id = u.id AND s.id = ", s.arg(session))
	} else {
		s.add(", false FROM users u")
	}
	if id != 0 {
		s.add(" WHERE u.id = ", s.arg(id))
	} else {
		s.add(" WHERE lower(u.email) = lower(", s.arg(email), ")")
	}
	return s.into(func(rows pgx.Rows) error {
		var a Account
		err := rows.Scan(&a.ID, (*string)(&a.Role), (*string)(&a.Plan), &a.Active, &a.SessionOver)
		into(a)
		return err
	})
}

// SetActive lets the account of an email in, or keeps it out and revokes its
// sessions. It returns the account's id, or edu.NotFound.
func (s *Store) SetActive(ctx context.Context, email string, active bool) (id int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		id = 0
		q := sql("SetActive", "UPDATE users SET active = ")
		q.add(q.arg(active), " WHERE lower(email) = lower(", q.arg(email), ") RETURNING id")
		if err := tx.Run(ctx, q.into(scanKey(&id))); err != nil || active {
			return err
		}
		q = sql("RevokeSessions", "UPDATE sessions SET revoked_at = now() WHERE revoked_at IS NULL AND user_id = ")
		return tx.Commit(ctx, q.add(q.arg(id)).into(nil))
	})
	if err == nil && id == 0 {
		err = edu.Errorf(edu.NotFound, "there is no account with the email %q", email)
	}
	return id, err
}
