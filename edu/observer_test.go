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
		look func(*edu.Observer)
		want edu.Sights
	}{
		"nothing":                    {student, func(*edu.Observer) {}, 0},
		"a published course":         {student, func(o *edu.Observer) { published.Visible(o) }, 0},
		"a draft":                    {student, func(o *edu.Observer) { draft.Visible(o) }, edu.SawRole | edu.SawViewer},
		"a draft, anonymous":         {anonymous, func(o *edu.Observer) { draft.Visible(o) }, edu.SawRole},
		"a draft, as an admin":       {admin, func(o *edu.Observer) { draft.Visible(o) }, edu.SawRole},
		"something of one's own":     {student, func(o *edu.Observer) { o.Owns(1) }, edu.SawRole | edu.SawViewer},
		"whether somebody signed in": {student, func(o *edu.Observer) { o.SignedIn() }, edu.SawRole},
		"the role":                   {student, func(o *edu.Observer) { o.Role() }, edu.SawRole},
		"a role":                     {student, func(o *edu.Observer) { o.Has(edu.RoleAdmin) }, edu.SawRole},
		"the key":                    {admin, func(o *edu.Observer) { o.ID() }, edu.SawRole | edu.SawViewer},
		"the clock":                  {student, func(o *edu.Observer) { o.Now() }, edu.SawClock},
	} {
		o := edu.Observe(tt.as, testdb.Now)
		if tt.look(o); o.Saw() != tt.want {
			t.Errorf("%s: saw %b, want %b", name, o.Saw(), tt.want)
		}
	}
}

// What an Observer says is what its viewer would say.
func TestObserverAgrees(t *testing.T) {
	t.Parallel()
	for _, v := range []edu.Viewer{{}, {Role: edu.RoleAdmin}, {ID: 1, Role: edu.RoleStudent}, {ID: 2, Role: edu.RoleInstructor}, {ID: 3, Role: edu.RoleAdmin}} {
		o := edu.Observe(v, testdb.Now)
		for id := range int64(4) {
			c := &edu.Course{InstructorID: id}
			if o.Owns(id) != v.Owns(id) || o.Teaches(c) != v.Teaches(c) {
				t.Errorf("%+v and user %d", v, id)
			}
		}
		for _, r := range []edu.Role{edu.RoleStudent, edu.RoleInstructor, edu.RoleAdmin} {
			if o.Has(r) != v.Has(r) {
				t.Errorf("%+v and %s", v, r)
			}
		}
		if o.SignedIn() != v.SignedIn() || o.ID() != v.ID || o.Role() != v.Role || o.Viewer() != v || !o.Now().Equal(testdb.Now) {
			t.Errorf("%+v", v)
		}
	}
}
