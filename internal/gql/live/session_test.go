package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	var answer atomic.Value
	answer.Store(verification{v: edu.Viewer{ID: 7, Role: edu.RoleStudent}})
	signIn := func() *live.Stream {
		r, err := h.Reserve(memory.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		o := operation{d, []int64{1}}
		s := r.Open(live.Request{
			Operation: o, First: o.Execute(t.Context(), edu.Viewer{}), Viewer: edu.Viewer{ID: 7, Role: edu.RoleStudent},
			Verify: func(context.Context) (edu.Viewer, error) {
				v := answer.Load().(verification)
				return v.v, v.err
			},
		})
		t.Cleanup(s.Close)
		next(t, s)
		return s
	}
	accountChanged := func() { d.notify([]uint64{edu.TagUser.WithID(7).NameHash()}) }

	unchanged := signIn()
	accountChanged()
	h.VerifyUser(7)
	quiet(t, unchanged)
	answer.Store(verification{v: edu.Viewer{ID: 7, Role: edu.RoleInstructor}})
	h.VerifyUser(8) // another user
	quiet(t, unchanged)
	accountChanged()
	wantEnd(t, unchanged, live.EndOfToken)

	answer.Store(verification{v: edu.Viewer{ID: 7, Role: edu.RoleStudent}})
	signedOut := signIn()
	answer.Store(verification{err: edu.Errorf(edu.Unavailable, "the database is away")})
	h.VerifyUser(0)
	quiet(t, signedOut)
	answer.Store(verification{err: edu.Errorf(edu.Unauthenticated, "ended")}) // it tries again by itself
	wantEnd(t, signedOut, live.EndOfToken)

	answer.Store(verification{v: edu.Viewer{ID: 7, Role: edu.RoleStudent}})
	expiring := signIn()
	expiring.EndAt(time.Now().Add(time.Hour))
	expiring.EndAt(time.Now().Add(100 * time.Millisecond))
	wantEnd(t, expiring, live.EndOfToken)
}

// A stream whose session has ended gets no response to a later change, and executes nothing, until its client notices.
func TestEndedSessionGetsNothing(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d})
	s := open(t, h, operation{d, []int64{1}}, edu.Viewer{ID: 1, Role: edu.RoleStudent}, "")
	next(t, s)
	s.EndAt(time.Now())
	await(t, "ended", func() bool { return h.Stats().Ended == 1 })
	before := d.executed.Load()
	d.set(1, 1)
	time.Sleep(50 * time.Millisecond)
	if e, end := s.Next(); e != nil || end != live.EndOfToken || d.executed.Load() != before {
		t.Errorf("event %v, end %v, %d executions", e, end, d.executed.Load()-before)
	}
}

type verification struct {
	v   edu.Viewer
	err error
}

// wantEnd waits for the end of a stream.
func wantEnd(t *testing.T, s *live.Stream, want live.EndReason) {
	t.Helper()
	ready := listen(s)
	for deadline := time.After(waitTimeout); ; {
		select {
		case <-ready:
			if e, end := s.Next(); e != nil || end == want {
				if end != want {
					t.Errorf("an event %s instead of the end", e.Response(false))
				}
				return
			}
		case <-deadline:
			t.Fatal("the stream does not end")
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	d := newData()
	h := live.NewHub(live.Options{Changes: d, CloseSpread: 200 * time.Millisecond})
	streams := make([]*live.Stream, 20)
	for i := range streams {
		streams[i] = open(t, h, operation{d, []int64{1}}, edu.Viewer{}, "")
		next(t, streams[i])
	}
	began := time.Now()
	ended := make(chan struct{})
	go func() { h.Close(t.Context()); close(ended) }()
	for _, s := range streams {
		wantEnd(t, s, live.EndOfServer)
	}
	if took := time.Since(began); took < 150*time.Millisecond {
		t.Errorf("all streams ended within %v", took)
	}
	for i, s := range streams {
		select {
		case <-ended:
			t.Fatalf("Close has returned with %d streams", len(streams)-i)
		default:
		}
		s.Close()
	}
	<-ended
	if _, err := h.Reserve(memory.Caller{}); !errors.Is(err, edu.Unavailable) {
		t.Errorf("a new stream: %v", err)
	}
}
