package edu

import (
	"sync/atomic"
	"time"
)

// Asker is who is asking, as far as policies need to know: a Viewer, or an Observer
// that notes that it was looked at.
type Asker interface {
	// SignedIn tells whether it is a user at all.
	SignedIn() bool
	// Has tells whether they have a role or a higher one.
	Has(r Role) bool
	// Owns tells whether they may read what belongs to a user alone.
	Owns(userID int64) bool
	// Teaches tells whether they may read what belongs to the instructor of a course
	// alone.
	Teaches(c *Course) bool
}

var _, _ Asker = Viewer{}, (*Observer)(nil)

// Sights are what an answer was made from besides rows of the database. Who does
// not know of them can neither share the answer nor keep it.
type Sights uint32

const (
	// SawRole is whether somebody is signed in, and in which role.
	SawRole Sights = 1 << iota
	// SawViewer is who it is.
	SawViewer
	// SawClock is what time it is.
	SawClock
)

// Observer is the one way in which an operation gets to know who is asking and what
// time it is, and it notes which of that was looked at, whatever any annotation
// says. It is safe for concurrent use.
type Observer struct {
	viewer Viewer
	now    time.Time
	saw    atomic.Uint32
}

// Observe returns an Observer of an operation that v asks for at a time.
func Observe(v Viewer, now time.Time) *Observer { return &Observer{viewer: v, now: now} }

// Saw returns what was looked at so far.
func (o *Observer) Saw() Sights { return Sights(o.saw.Load()) }

func (o *Observer) note(s Sights) {
	if seen := Sights(o.saw.Load()); seen&s != s {
		o.saw.Or(uint32(s))
	}
}

// SignedIn tells whether somebody is signed in.
func (o *Observer) SignedIn() bool {
	o.note(SawRole)
	return o.viewer.SignedIn()
}

// Role returns the viewer's role.
func (o *Observer) Role() Role {
	o.note(SawRole)
	return o.viewer.Role
}

// Has tells whether the viewer has a role or a higher one.
func (o *Observer) Has(r Role) bool {
	o.note(SawRole)
	return o.viewer.Has(r)
}

// Owns tells whether the viewer may read what belongs to a user alone. Of the
// anonymous and of admins the role decides: all of them get the same answer.
func (o *Observer) Owns(userID int64) bool {
	o.note(SawRole)
	if o.viewer.SignedIn() && !o.viewer.Admin() {
		o.note(SawViewer)
	}
	return o.viewer.Owns(userID)
}

// Teaches tells whether the viewer may read what belongs to the instructor of a
// course alone.
func (o *Observer) Teaches(c *Course) bool { return o.Owns(c.InstructorID) }

// ID returns the viewer's key, 0 for the anonymous.
func (o *Observer) ID() int64 { return o.Viewer().ID }

// Viewer returns all there is to know of who is asking.
func (o *Observer) Viewer() Viewer {
	o.note(SawRole | SawViewer)
	return o.viewer
}

// Now returns the operation's idea of what time it is.
func (o *Observer) Now() time.Time {
	o.note(SawClock)
	return o.now
}

// Become returns the Observer of what follows in the same operation once somebody
// has signed in or out. It has looked at nothing yet: only mutations change who is
// asking, and nobody keeps their answers.
func (o *Observer) Become(v Viewer) *Observer { return Observe(v, o.now) }
