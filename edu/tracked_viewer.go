package edu

import (
	"sync/atomic"
	"time"
)

// Principal is the subject of a policy: a Viewer, or a TrackedViewer, which records what the policy
// read.
type Principal interface {
	// SignedIn reports whether the principal is a signed-in user.
	SignedIn() bool
	// UserID returns the id of the principal, 0 if it is anonymous.
	UserID() int64
	// HasRole reports whether the principal has a role or a higher one.
	HasRole(r Role) bool
	// CanAccessUser reports whether the principal may read the private data of a user.
	CanAccessUser(userID int64) bool
	// CanManageCourse reports whether the principal may read the data of a course that only its
	// instructor and admins may see.
	CanManageCourse(c *Course) bool
}

var _, _ Principal = Viewer{}, (*TrackedViewer)(nil)

// VaryBy is the set of inputs, other than rows of the database, that a response was computed from.
// They decide whether a response may be cached, and for which viewers.
type VaryBy uint32

const (
	// VaryByRole is whether a user is signed in, and the user's role.
	VaryByRole VaryBy = 1 << iota
	// VaryByViewer is the identity of the viewer.
	VaryByViewer
	// VaryByClock is the current time.
	VaryByClock
)

// TrackedViewer is the only source of the viewer and the time within an operation. It records which
// of them were read, independently of any annotation in the schema. It is safe for concurrent use.
type TrackedViewer struct {
	viewer Viewer
	now    time.Time
	varyBy atomic.Uint32
}

// TrackViewer returns the tracked viewer of an operation that v runs at a time.
func TrackViewer(v Viewer, now time.Time) *TrackedViewer { return &TrackedViewer{viewer: v, now: now} }

// VaryBy returns the inputs that have been read.
func (t *TrackedViewer) VaryBy() VaryBy { return VaryBy(t.varyBy.Load()) }

func (t *TrackedViewer) recordVaryBy(by VaryBy) {
	if recorded := VaryBy(t.varyBy.Load()); recorded&by != by {
		t.varyBy.Or(uint32(by))
	}
}

// SignedIn reports whether a user is signed in.
func (t *TrackedViewer) SignedIn() bool {
	t.recordVaryBy(VaryByRole)
	return t.viewer.SignedIn()
}

// Role returns the viewer's role.
func (t *TrackedViewer) Role() Role {
	t.recordVaryBy(VaryByRole)
	return t.viewer.Role
}

// HasRole reports whether the viewer has a role or a higher one.
func (t *TrackedViewer) HasRole(r Role) bool {
	t.recordVaryBy(VaryByRole)
	return t.viewer.HasRole(r)
}

// CanAccessUser reports whether the viewer may read the private data of a user. For anonymous
// viewers and admins the role alone decides, so all of them get the same response.
func (t *TrackedViewer) CanAccessUser(userID int64) bool {
	t.recordVaryBy(VaryByRole)
	if t.viewer.SignedIn() && !t.viewer.IsAdmin() {
		t.recordVaryBy(VaryByViewer)
	}
	return t.viewer.CanAccessUser(userID)
}

// CanManageCourse reports whether the viewer may read the data of a course that only its instructor
// and admins may see.
func (t *TrackedViewer) CanManageCourse(c *Course) bool { return t.CanAccessUser(c.InstructorID) }

// UserID returns the id of the viewer, 0 for anonymous viewers.
func (t *TrackedViewer) UserID() int64 { return t.Viewer().ID }

// Viewer returns the whole viewer.
func (t *TrackedViewer) Viewer() Viewer {
	t.recordVaryBy(VaryByRole | VaryByViewer)
	return t.viewer
}

// Now returns the time of the operation.
func (t *TrackedViewer) Now() time.Time {
	t.recordVaryBy(VaryByClock)
	return t.now
}

// SwitchViewer returns the tracked viewer of the rest of the operation, after the user signed in or
// out. It starts with nothing recorded: only mutations switch the viewer, and their responses are
// never cached.
func (t *TrackedViewer) SwitchViewer(v Viewer) *TrackedViewer { return TrackViewer(v, t.now) }
