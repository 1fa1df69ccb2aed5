package edu

import "time"

// Role is what someone may do.
type Role string

// The roles, from the least to the most.
const (
	RoleStudent    Role = "STUDENT"
	RoleInstructor Role = "INSTRUCTOR"
	RoleAdmin      Role = "ADMIN"
)

func (r Role) privilegeLevel() int {
	switch r {
	case RoleAdmin:
		return 3
	case RoleInstructor:
		return 2
	case RoleStudent:
		return 1
	default:
		return 0
	}
}

// Plan is what someone pays for.
type Plan string

// The plans.
const (
	PlanFree    Plan = "FREE"
	PlanPremium Plan = "PREMIUM"
)

// User is someone who takes, teaches or looks after courses, as far as they were
// read: see Columns. Private is nil where it was not read.
type User struct {
	ID        int64
	Name      string
	AvatarURL *string
	Role      Role
	CreatedAt time.Time
	Private   *UserPrivate
}

// GlobalID returns the user's id as clients know it.
func (u *User) GlobalID() ID { return NewID(KindUser, u.ID) }

// IsNode marks a User as a Node of the GraphQL schema.
func (*User) IsNode() {}

// UserPrivate is what only the user and admins may read.
type UserPrivate struct {
	Email       string
	Plan        Plan
	Preferences UserPreferences
	LastLogin   *time.Time
}

// UserPreferences is how someone likes the product to behave.
type UserPreferences struct {
	Locale             string  `json:"locale"`
	Theme              string  `json:"theme"`
	EmailNotifications bool    `json:"emailNotifications"`
	PlaybackSpeed      float64 `json:"playbackSpeed"`
}

// DefaultPreferences are those of someone who never chose.
var DefaultPreferences = UserPreferences{Locale: "en", Theme: "system", EmailNotifications: true, PlaybackSpeed: 1}
