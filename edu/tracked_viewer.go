package edu

import (
	"sync/atomic"
	"time"
)

// Principal is who is asking, as far as policies need to know: a Viewer, or an Observer
// that notes that it was looked at.
type Principal interface {
	// SignedIn tells whether it is a user at all.
	SignedIn() bool
	// HasRole tells whether they have a role or a higher one.
	HasRole(r Role) bool
	// CanAccessUser tells whether they may read what belongs to a user alone.
	CanAccessUser(userID int64) bool
	// CanManageCourse tells whether they may read what belongs to the instructor of a course
	// alone.
	CanManageCourse(c *Course) bool
}

var _, _ Principal = Viewer{}, (*TrackedViewer)(nil)

// VaryBy are what an answer was made from besides rows of the database. Who does
// not know of them can neither share the answer nor keep it.
type VaryBy uint32

const (
	// VaryByRole is whether somebody is signed in, and in which role.
	VaryByRole VaryBy = 1 << iota
	// VaryByViewer is who it is.
	VaryByViewer
	// VaryByClock is what time it is.
	VaryByClock
)

// TrackedViewer is the one way in which an operation gets to know who is asking and what
// time it is, and it notes which of that was looked at, whatever any annotation
// says. It is safe for concurrent use.
type TrackedViewer struct {
	viewer Viewer
	now    time.Time
	varyBy atomic.Uint32
}

// TrackViewer returns an Observer of an operation that v asks for at a time.
func TrackViewer(v Viewer, now time.Time) *TrackedViewer { return &TrackedViewer{viewer: v, now: now} }

// VaryBy returns what was looked at so far.
func (o *TrackedViewer) VaryBy() VaryBy { return VaryBy(o.varyBy.Load()) }

func (o *TrackedViewer) recordVaryBy(by VaryBy) {
	if seen := VaryBy(o.varyBy.Load()); seen&by != by {
		o.varyBy.Or(uint32(by))
	}
}

// SignedIn tells whether somebody is signed in.
func (o *TrackedViewer) SignedIn() bool {
	o.recordVaryBy(VaryByRole)
	return o.viewer.SignedIn()
}

// Role returns the viewer's role.
func (o *TrackedViewer) Role() Role {
	o.recordVaryBy(VaryByRole)
	return o.viewer.Role
}

// HasRole tells whether the viewer has a role or a higher one.
func (o *TrackedViewer) HasRole(r Role) bool {
	o.recordVaryBy(VaryByRole)
	return o.viewer.HasRole(r)
}

// CanAccessUser tells whether the viewer may read what belongs to a user alone. Of the
// anonymous and of admins the role decides: all of them get the same answer.
func (o *TrackedViewer) CanAccessUser(userID int64) bool {
	o.recordVaryBy(VaryByRole)
	if o.viewer.SignedIn() && !o.viewer.IsAdmin() {
		o.recordVaryBy(VaryByViewer)
	}
	return o.viewer.CanAccessUser(userID)
}

// CanManageCourse tells whether the viewer may read what belongs to the instructor of a
// course alone.
func (o *TrackedViewer) CanManageCourse(c *Course) bool { return o.CanAccessUser(c.InstructorID) }

// UserID returns the viewer's key, 0 for the anonymous.
func (o *TrackedViewer) UserID() int64 { return o.Viewer().ID }

// Viewer returns all there is to know of who is asking.
func (o *TrackedViewer) Viewer() Viewer {
	o.recordVaryBy(VaryByRole | VaryByViewer)
	return o.viewer
}

// Now returns the operation's idea of what time it is.
func (o *TrackedViewer) Now() time.Time {
	o.recordVaryBy(VaryByClock)
	return o.now
}

// SwitchViewer returns the Observer of what follows in the same operation once somebody
// has signed in or out. It has looked at nothing yet: only mutations change who is
// asking, and nobody keeps their answers.
func (o *TrackedViewer) SwitchViewer(v Viewer) *TrackedViewer { return TrackViewer(v, o.now) }
