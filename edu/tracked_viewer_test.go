package edu_test

import (
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// An Observer notes just what was looked at: it decides who may share an answer.
func TestObserver(t *testing.T) {
	t.Parallel()
	published, draft := &edu.Course{InstructorID: 2, Published: true}, &edu.Course{InstructorID: 2}
	anonymous, student, admin := edu.Viewer{}, edu.Viewer{ID: 1, Role: edu.RoleStudent}, edu.Viewer{ID: 3, Role: edu.RoleAdmin}
	for name, tt := range map[string]struct {
		as   edu.Viewer
		look func(*edu.TrackedViewer)
		want edu.VaryBy
	}{
		"nothing":                    {student, func(*edu.TrackedViewer) {}, 0},
		"a published course":         {student, func(o *edu.TrackedViewer) { published.VisibleTo(o) }, 0},
		"a draft":                    {student, func(o *edu.TrackedViewer) { draft.VisibleTo(o) }, edu.VaryByRole | edu.VaryByViewer},
		"a draft, anonymous":         {anonymous, func(o *edu.TrackedViewer) { draft.VisibleTo(o) }, edu.VaryByRole},
		"a draft, as an admin":       {admin, func(o *edu.TrackedViewer) { draft.VisibleTo(o) }, edu.VaryByRole},
		"something of one's own":     {student, func(o *edu.TrackedViewer) { o.CanAccessUser(1) }, edu.VaryByRole | edu.VaryByViewer},
		"whether somebody signed in": {student, func(o *edu.TrackedViewer) { o.SignedIn() }, edu.VaryByRole},
		"the role":                   {student, func(o *edu.TrackedViewer) { o.Role() }, edu.VaryByRole},
		"a role":                     {student, func(o *edu.TrackedViewer) { o.HasRole(edu.RoleAdmin) }, edu.VaryByRole},
		"the key":                    {admin, func(o *edu.TrackedViewer) { o.UserID() }, edu.VaryByRole | edu.VaryByViewer},
		"the clock":                  {student, func(o *edu.TrackedViewer) { o.Now() }, edu.VaryByClock},
	} {
		o := edu.TrackViewer(tt.as, testdb.Now)
		if tt.look(o); o.VaryBy() != tt.want {
			t.Errorf("%s: saw %b, want %b", name, o.VaryBy(), tt.want)
		}
	}
}

// What an Observer says is what its viewer would say.
func TestObserverAgrees(t *testing.T) {
	t.Parallel()
	for _, v := range []edu.Viewer{{}, {Role: edu.RoleAdmin}, {ID: 1, Role: edu.RoleStudent}, {ID: 2, Role: edu.RoleInstructor}, {ID: 3, Role: edu.RoleAdmin}} {
		o := edu.TrackViewer(v, testdb.Now)
		for id := range int64(4) {
			c := &edu.Course{InstructorID: id}
			if o.CanAccessUser(id) != v.CanAccessUser(id) || o.CanManageCourse(c) != v.CanManageCourse(c) {
				t.Errorf("%+v and user %d", v, id)
			}
		}
		for _, r := range []edu.Role{edu.RoleStudent, edu.RoleInstructor, edu.RoleAdmin} {
			if o.HasRole(r) != v.HasRole(r) {
				t.Errorf("%+v and %s", v, r)
			}
		}
		if o.SignedIn() != v.SignedIn() || o.UserID() != v.ID || o.Role() != v.Role || o.Viewer() != v || !o.Now().Equal(testdb.Now) {
			t.Errorf("%+v", v)
		}
	}
}
