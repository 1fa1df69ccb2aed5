package edu

import "context"

// Viewer is who is asking; the zero Viewer is anonymous.
type Viewer struct {
	ID   int64
	Role Role
	Plan Plan // "" where nobody asked the database
	// Session is the session that the access token belongs to, 0 for a token
	// that belongs to none.
	Session int64
}

// SignedIn tells whether the viewer is a user at all.
func (v Viewer) SignedIn() bool { return v.ID != 0 }

// IsAdmin tells whether the viewer runs the platform.
func (v Viewer) IsAdmin() bool { return v.SignedIn() && v.Role == RoleAdmin }

// HasRole tells whether the viewer has a role or a higher one.
func (v Viewer) HasRole(r Role) bool {
	return v.SignedIn() && v.Role.privilegeLevel() >= r.privilegeLevel()
}

// CanAccessUser tells whether the viewer may read what belongs to a user alone.
func (v Viewer) CanAccessUser(userID int64) bool {
	return v.SignedIn() && (v.ID == userID || v.Role == RoleAdmin)
}

// CanManageCourse tells whether the viewer may read what belongs to the instructor of
// a course alone.
func (v Viewer) CanManageCourse(c *Course) bool { return v.CanAccessUser(c.InstructorID) }

type viewerKey struct{}

// WithViewer returns a context that carries the viewer, the only value of ours
// that travels so.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerFrom returns the viewer that WithViewer put there, or an anonymous one.
func ViewerFrom(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}
