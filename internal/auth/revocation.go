package auth

import (
	"strconv"
	"strings"
)

// Revocation names what is no longer valid: one session of a user, all sessions of a user if Session
// is 0, or everything for the zero Revocation.
type Revocation struct{ User, Session int64 }

// String returns the form that ParseRevocation parses, such as "12" or "12/7".
func (r Revocation) String() string {
	s := strconv.FormatInt(r.User, 10)
	if r.Session != 0 {
		s += "/" + strconv.FormatInt(r.Session, 10)
	}
	return s
}

// ParseRevocation parses a revocation published by another process. Unknown text, perhaps from a
// newer version, is the zero Revocation, which revalidates everything.
func ParseRevocation(s string) Revocation {
	user, session, hasSession := strings.Cut(s, "/")
	r := Revocation{User: parseDecimalID(user), Session: parseDecimalID(session)}
	if r.User == 0 || hasSession && r.Session == 0 {
		return Revocation{}
	}
	return r
}
