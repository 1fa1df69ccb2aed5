package auth

import (
	"strconv"
	"strings"
)

// Revocation names what is not to be trusted any more: one session of a user,
// with Session 0 everything of a user, and the zero Revocation everything.
type Revocation struct{ User, Session int64 }

// String returns what ParseRevocation reads, such as "12" or "12/7".
func (r Revocation) String() string {
	s := strconv.FormatInt(r.User, 10)
	if r.Session != 0 {
		s += "/" + strconv.FormatInt(r.Session, 10)
	}
	return s
}

// ParseRevocation reads what another process announced. What it cannot read, of a
// newer version perhaps, is the zero Revocation: everything is asked for again.
func ParseRevocation(s string) Revocation {
	user, session, one := strings.Cut(s, "/")
	r := Revocation{User: parseDecimalID(user), Session: parseDecimalID(session)}
	if r.User == 0 || one && r.Session == 0 {
		return Revocation{}
	}
	return r
}
