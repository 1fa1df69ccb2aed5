package store

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	userColumns        = "u.id, u.name, u.avatar_url, u.role, u.created_at"
	userPrivateColumns = ", u.email, u.plan, u.preferences, u.last_login"
)

// UsersByID reads users by their keys, in no order. With private, what only
// they and admins may read is read too.
func UsersByID(ids []int64, private bool, into func(*edu.User)) Query {
	s := sql("UsersByID", "SELECT ", userColumns)
	if private {
		s.add(userPrivateColumns)
	}
	s.add(" FROM users u WHERE u.id = ANY (", s.arg(ids), ")")
	return s.into(func(rows pgx.Rows) error {
		u, err := scanUser(rows, private)
		if err == nil {
			into(u)
		}
		return err
	})
}

func scanUser(rows pgx.Rows, private bool) (*edu.User, error) {
	u := &edu.User{}
	var role string
	if !private {
		err := rows.Scan(&u.ID, &u.Name, &u.AvatarURL, &role, &u.CreatedAt)
		u.Role = roles[role]
		return u, err
	}
	var plan string
	var preferences []byte
	u.Private = &edu.UserPrivate{Preferences: edu.DefaultPreferences}
	err := rows.Scan(&u.ID, &u.Name, &u.AvatarURL, &role, &u.CreatedAt,
		&u.Private.Email, &plan, &preferences, &u.Private.LastLogin)
	if err == nil {
		err = json.Unmarshal(preferences, &u.Private.Preferences)
	}
	u.Role, u.Private.Plan = roles[role], plans[plan]
	return u, err
}

// What the database's texts are called in the vocabulary.
var (
	roles = map[string]edu.Role{"student": edu.RoleStudent, "instructor": edu.RoleInstructor, "admin": edu.RoleAdmin}
	plans = map[string]edu.Plan{"free": edu.PlanFree, "premium": edu.PlanPremium}
)

// Account is what signing someone in takes.
type Account struct {
	ID     int64
	Role   edu.Role
	Active bool
}

// AccountByEmail finds an account by its email, without regard to case. Into is
// not called where there is none.
func AccountByEmail(email string, into func(Account)) Query {
	s := sql("AccountByEmail", "SELECT u.id, u.role, u.active FROM users u WHERE lower(u.email) = lower(")
	return s.add(s.arg(email), ")").into(func(rows pgx.Rows) error {
		var a Account
		var role string
		err := rows.Scan(&a.ID, &role, &a.Active)
		a.Role = roles[role]
		into(a)
		return err
	})
}
