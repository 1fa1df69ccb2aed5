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
	{edu.UserSlug, "u.slug", func(u *edu.User) []any { return []any{&u.Slug} }},
	{edu.UserProfileColumns, "u.headline, u.bio, u.links", func(u *edu.User) []any { return []any{&u.Headline, &u.Bio, &u.Links} }},
	{edu.UserCreatedAt, "u.created_at", func(u *edu.User) []any { return []any{&u.CreatedAt} }},
}

// UsersByID reads users by id, in no particular order. edu.UserPrivateColumns selects the columns
// that only the user and admins may read.
func UsersByID(ids []int64, columns edu.Columns, into func(*edu.User)) Query {
	s := addColumns(newStatement("UsersByID", "SELECT u.id"), userColumns, columns)
	var u edu.User
	targets := appendScanTargets([]any{&u.ID}, &u, userColumns, columns)
	var private edu.UserPrivate
	var preferences []byte
	if columns.HasAny(edu.UserPrivateColumns) {
		s.dependOnEach(ids, edu.TagUserPrivate)
		s.addSQL(", u.email, upper(u.plan), u.preferences, u.last_login, u.email_verified_at")
		targets = append(targets, &private.Email, (*string)(&private.Plan), &preferences, &private.LastLogin, &private.EmailVerifiedAt)
	}
	s.addSQL(" FROM users u WHERE u.id = ANY (", s.bindArg(ids), ")").dependOnEach(ids, edu.TagUser)
	return s.buildQuery(func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := u
		if columns.HasAny(edu.UserPrivateColumns) {
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
