package edu_test

import (
	"testing"

	"github.com/7p-education/api/edu"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	published, draft := &edu.Course{InstructorID: 2, Published: true}, &edu.Course{InstructorID: 2}
	for _, c := range []struct {
		v                                                              edu.Viewer
		signedIn, accessesUser2, managesDraft, seesDraft, isInstructor bool
	}{
		{edu.Viewer{}, false, false, false, false, false},
		{edu.Viewer{Role: edu.RoleAdmin}, false, false, false, false, false}, // without an id, the role is ignored
		{edu.Viewer{ID: 1, Role: edu.RoleStudent}, true, false, false, false, false},
		{edu.Viewer{ID: 1, Role: edu.RoleInstructor}, true, false, false, false, true},
		{edu.Viewer{ID: 2, Role: edu.RoleInstructor}, true, true, true, true, true},
		{edu.Viewer{ID: 3, Role: edu.RoleAdmin}, true, true, true, true, true},
		{edu.Viewer{ID: 4, Role: "owner"}, true, false, false, false, false},
	} {
		got := [5]bool{c.v.SignedIn(), c.v.CanAccessUser(2), c.v.CanManageCourse(draft), draft.VisibleTo(c.v), c.v.HasRole(edu.RoleInstructor)}
		if want := [5]bool{c.signedIn, c.accessesUser2, c.managesDraft, c.seesDraft, c.isInstructor}; got != want {
			t.Errorf("%+v: %v, want %v", c.v, got, want)
		}
		if !published.VisibleTo(c.v) {
			t.Errorf("%+v may not see a published course", c.v)
		}
	}
}
