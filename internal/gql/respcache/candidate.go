package respcache

import (
	"time"

	"github.com/7p-education/api/edu"
)

// maxClockAge is the most that a response may be behind the clock that it depends on.
const maxClockAge = 10 * time.Second

// Candidate is a response that was just computed, with what it depended on.
type Candidate struct {
	Body     []byte
	Policy   Policy
	VaryBy   edu.VaryBy // what the tracked viewer recorded
	SignedIn bool       // whether the viewer is signed in
}

// BuildEntry returns the entry of a candidate, or the reason why it must not be stored.
func (c Candidate) BuildEntry() (e *Entry, reason string) {
	e = &Entry{Body: c.Body, CreatedAt: time.Now(), MaxAge: c.Policy.MaxAge, Scope: WidestScope(c.VaryBy)}
	if c.Policy.Private {
		e.Scope = ByViewer
	}
	if c.VaryBy&edu.VaryByClock != 0 {
		e.MaxAge = min(e.MaxAge, maxClockAge)
	}
	switch {
	case c.Policy.MaxAge == 0:
		return nil, detailMaxAgeZero
	case c.Policy.Private && !c.SignedIn:
		return nil, detailAnonymousPrivate
	}
	e.ETag = computeETag(c.Body)
	return e, ""
}
