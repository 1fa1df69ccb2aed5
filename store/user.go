package store

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

var userColumns = []column[edu.User]{
	{edu.UserName, "u.name", func(u *edu.User) []any { return []any{&u.Name} }},
	{edu.UserAvatar, "u.avatar_url", func(u *edu.User) []any { return []any{&u.AvatarURL} }},
	{edu.UserRole, "upper(u.role)", func(u *edu.User) []any { return []any{(*string)(&u.Role)} }},
	{edu.UserCreatedAt, "u.created_at", func(u *edu.User) []any { return []any{&u.CreatedAt} }},
}

// UsersByID reads users by their keys, in no order. With edu.UserPrivateColumns, what
// only they and admins may read is read too.
func UsersByID(ids []int64, want edu.Columns, into func(*edu.User)) Query {
	s := addColumns(newStatement("UsersByID", "SELECT u.id"), userColumns, want)
	var u edu.User
	to := appendScanTargets([]any{&u.ID}, &u, userColumns, want)
	var private edu.UserPrivate
	var preferences []byte
	if want.HasAny(edu.UserPrivateColumns) {
		s.dependOnEach(ids, edu.TagUserPrivate)
		s.addSQL(", u.email, upper(u.plan), u.preferences, u.last_login")
		to = append(to, &private.Email, (*string)(&private.Plan), &preferences, &private.LastLogin)
	}
	s.addSQL(" FROM users u WHERE u.id = ANY (", s.bindArg(ids), ")").dependOnEach(ids, edu.TagUser)
	return s.buildQuery(func(rows pgx.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := u
		if want.HasAny(edu.UserPrivateColumns) {
			own := private
			own.Preferences = edu.DefaultPreferences
			if err := json.Unmarshal(preferences, &own.Preferences); err != nil {
				return err
			}
			row.Private = &own
		}
		into(&row)
		return nil
	})
}
