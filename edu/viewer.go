package edu

import "context"

// Viewer is the user on whose behalf a request runs. The zero Viewer is anonymous.
type Viewer struct {
	ID   int64
	Role Role
	Plan Plan // "" if it was not read from the database
	// Session is the id of the session that the access token belongs to, 0 for tokens without a
	// session.
	Session int64
}

// SignedIn reports whether the viewer is a signed-in user.
func (v Viewer) SignedIn() bool { return v.ID != 0 }

// UserID returns the id of the viewer, 0 for an anonymous one.
func (v Viewer) UserID() int64 { return v.ID }

// IsAdmin reports whether the viewer is an admin.
func (v Viewer) IsAdmin() bool { return v.SignedIn() && v.Role == RoleAdmin }

// HasRole reports whether the viewer has a role or a higher one.
func (v Viewer) HasRole(r Role) bool {
	return v.SignedIn() && v.Role.privilegeLevel() >= r.privilegeLevel()
}

// HasSameRights reports whether two viewers are the same user with the same role.
func (v Viewer) HasSameRights(other Viewer) bool { return v.ID == other.ID && v.Role == other.Role }

// CanAccessUser reports whether the viewer may read the private data of a user.
func (v Viewer) CanAccessUser(userID int64) bool {
	return v.SignedIn() && (v.ID == userID || v.Role == RoleAdmin)
}

// CanManageCourse reports whether the viewer may read the data of a course that only its instructor
// and admins may see.
func (v Viewer) CanManageCourse(c *Course) bool { return v.CanAccessUser(c.InstructorID) }

type viewerKey struct{}

// WithViewer returns a context that carries the viewer.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerFrom returns the viewer of the context, or an anonymous one.
func ViewerFrom(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}
