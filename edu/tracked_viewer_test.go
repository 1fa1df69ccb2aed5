package edu_test

import (
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// A TrackedViewer records exactly the inputs that were read, which decide who may share a response.
func TestTrackedViewerVaryBy(t *testing.T) {
	t.Parallel()
	published, draft := &edu.Course{InstructorID: 2, Published: true}, &edu.Course{InstructorID: 2}
	anonymous, student, admin := edu.Viewer{}, edu.Viewer{ID: 1, Role: edu.RoleStudent}, edu.Viewer{ID: 3, Role: edu.RoleAdmin}
	for name, tt := range map[string]struct {
		viewer edu.Viewer
		read   func(*edu.TrackedViewer)
		want   edu.VaryBy
	}{
		"nothing read":                {student, func(*edu.TrackedViewer) {}, 0},
		"a published course":          {student, func(v *edu.TrackedViewer) { published.VisibleTo(v) }, 0},
		"a draft":                     {student, func(v *edu.TrackedViewer) { draft.VisibleTo(v) }, edu.VaryByRole | edu.VaryByViewer},
		"a draft, anonymously":        {anonymous, func(v *edu.TrackedViewer) { draft.VisibleTo(v) }, edu.VaryByRole},
		"a draft, as an admin":        {admin, func(v *edu.TrackedViewer) { draft.VisibleTo(v) }, edu.VaryByRole},
		"one's own data":              {student, func(v *edu.TrackedViewer) { v.CanAccessUser(1) }, edu.VaryByRole | edu.VaryByViewer},
		"whether a user is signed in": {student, func(v *edu.TrackedViewer) { v.SignedIn() }, edu.VaryByRole},
		"the role":                    {student, func(v *edu.TrackedViewer) { v.Role() }, edu.VaryByRole},
		"a role check":                {student, func(v *edu.TrackedViewer) { v.HasRole(edu.RoleAdmin) }, edu.VaryByRole},
		"the user id":                 {admin, func(v *edu.TrackedViewer) { v.UserID() }, edu.VaryByRole | edu.VaryByViewer},
		"the clock":                   {student, func(v *edu.TrackedViewer) { v.Now() }, edu.VaryByClock},
	} {
		v := edu.TrackViewer(tt.viewer, testdb.Now)
		if tt.read(v); v.VaryBy() != tt.want {
			t.Errorf("%s: varies by %b, want %b", name, v.VaryBy(), tt.want)
		}
	}
}

// A TrackedViewer returns the same values as its viewer.
func TestTrackedViewerAgreesWithViewer(t *testing.T) {
	t.Parallel()
	for _, v := range []edu.Viewer{{}, {Role: edu.RoleAdmin}, {ID: 1, Role: edu.RoleStudent}, {ID: 2, Role: edu.RoleInstructor}, {ID: 3, Role: edu.RoleAdmin}} {
		tracked := edu.TrackViewer(v, testdb.Now)
		for id := range int64(4) {
			c := &edu.Course{InstructorID: id}
			if tracked.CanAccessUser(id) != v.CanAccessUser(id) || tracked.CanManageCourse(c) != v.CanManageCourse(c) {
				t.Errorf("%+v and user %d", v, id)
			}
		}
		for _, r := range []edu.Role{edu.RoleStudent, edu.RoleInstructor, edu.RoleAdmin} {
			if tracked.HasRole(r) != v.HasRole(r) {
				t.Errorf("%+v and %s", v, r)
			}
		}
		if tracked.SignedIn() != v.SignedIn() || tracked.UserID() != v.ID || tracked.Role() != v.Role || tracked.Viewer() != v || !tracked.Now().Equal(testdb.Now) {
			t.Errorf("%+v", v)
		}
	}
}
