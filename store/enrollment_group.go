package store

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/7p-education/api/edu"
)

// maxGroupedCalls is the maximum number of calls of Enroll in one transaction. The course stays locked for about 0.5 ms
// for each of them.
const maxGroupedCalls = 50

// enrollCall is a call of Enroll for one course.
type enrollCall struct {
	viewer edu.Viewer
	at     edu.InputPath

	enrollment *edu.Enrollment
	rejection  error
}

// result returns the result of the call. The transaction of a group ends with the rejection of its first call if all were
// rejected.
func (c *enrollCall) result(err error) (*edu.Enrollment, error) {
	if _, rejected := errors.AsType[edu.UserErrors](err); rejected || err == nil {
		return c.enrollment, c.rejection
	}
	return nil, err
}

// enrollGroup has the calls of Enroll that one transaction makes together. Calls join it until the transaction has locked
// the course. The transaction is cancelled once all of its callers have gone.
type enrollGroup struct {
	calls   []*enrollCall
	callers int // that wait for the end
	cancel  context.CancelFunc

	ended chan struct{}
	err   error // set before ended is closed
}

// enrollGroups has the group of each course that further calls can join.
type enrollGroups struct {
	mu   sync.Mutex
	open map[int64]*enrollGroup // by course
}

// join adds a call to the group of a course, which it begins if there is none: run then executes the group in the
// background, with the values of the context.
func (s *enrollGroups) join(ctx context.Context, course int64, call *enrollCall, run func(context.Context, *enrollGroup) error) *enrollGroup {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.open[course]
	if g == nil || len(g.calls) == maxGroupedCalls {
		g = &enrollGroup{ended: make(chan struct{})}
		s.open[course] = g
		ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go func() {
			defer close(g.ended)
			defer g.cancel()
			g.err = run(ctx, g)
			s.close(course, g)
		}()
	}
	g.calls = append(g.calls, call)
	g.callers++
	return g
}

// close returns the calls of a group. No others join it from now on.
func (s *enrollGroups) close(course int64, g *enrollGroup) []*enrollCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[course] == g {
		delete(s.open, course)
	}
	return g.calls
}

// leave abandons a call whose caller has gone, and reports whether it was the last one of its group.
func (s *enrollGroups) leave(course int64, g *enrollGroup, call *enrollCall) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[course] == g {
		g.calls = slices.DeleteFunc(g.calls, func(c *enrollCall) bool { return c == call })
	}
	g.callers--
	if g.callers > 0 {
		return false
	}
	if s.open[course] == g {
		delete(s.open, course)
	}
	g.cancel()
	return true
}
