package edu

import (
	"strings"
	"time"
	"unicode"
)

// Role is the role of a user, which decides what the user may do.
type Role string

// The roles, from the lowest to the highest.
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

// Plan is the plan that a user pays for.
type Plan string

// The plans.
const (
	PlanFree    Plan = "FREE"
	PlanPremium Plan = "PREMIUM"
)

// MaxEmailLength is the maximum length of an email in characters: the limit of RFC 5321, section
// 4.5.3.1.3, without the enclosing angle brackets.
const MaxEmailLength = 254

// TrimEmail returns an email without the blanks, line ends and byte-order marks around it, which forms, files
// and lists have.
func TrimEmail(email string) string {
	return strings.TrimFunc(email, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
}

// User is a student, an instructor or an admin. Only the columns that were requested are set: see
// Columns. Private is nil if it was not read.
type User struct {
	ID        int64
	Name      string
	AvatarURL *string
	Role      Role
	CreatedAt time.Time
	Slug      *string // nil for users who never taught
	Headline  string
	Bio       string
	Links     []InstructorLink
	Private   *UserPrivate
}

// GlobalID returns the global id of the user.
func (u *User) GlobalID() ID { return NewID(KindUser, u.ID) }

// IsNode marks a User as a Node of the GraphQL schema.
func (*User) IsNode() {}

// UserPrivate holds the columns that only the user and admins may read.
type UserPrivate struct {
	Email       string
	Plan        Plan
	Preferences UserPreferences
	LastLogin   *time.Time
	// EmailVerifiedAt is when the user proved to receive the email; nil if never.
	EmailVerifiedAt *time.Time
}

// UserPreferences holds the preferences of a user.
type UserPreferences struct {
	Locale             string  `json:"locale"`
	Theme              string  `json:"theme"`
	EmailNotifications bool    `json:"emailNotifications"`
	PlaybackSpeed      float64 `json:"playbackSpeed"`
}

// DefaultPreferences are the preferences of users who never set any.
var DefaultPreferences = UserPreferences{Locale: "en", Theme: "system", EmailNotifications: true, PlaybackSpeed: 1}
