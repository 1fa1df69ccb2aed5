package edu

import "time"

// Session is a sign-in of a user on a device.
type Session struct {
	ID        int64
	Device    *string // nil if the client did not describe itself
	CreatedAt time.Time
	// LastUsedAt is the time of the sign-in or of the latest refresh.
	LastUsedAt time.Time
	// IsCurrent reports whether the session is that of the viewer.
	IsCurrent bool
}

// GlobalID returns the global id of the session.
func (s *Session) GlobalID() ID { return NewID(KindSession, s.ID) }
