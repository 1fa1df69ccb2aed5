package resolvers_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/invalidation"
)

// streamOptions returns options of streams without limits, and changes: tests read their first response.
func streamOptions(t *testing.T) transport.StreamOptions {
	t.Helper()
	return transport.StreamOptions{
		Hub:    live.NewHub(live.Options{Changes: invalidation.New(nil, newLog(t))}),
		Caller: func(*http.Request) memory.Caller { return memory.Caller{} },
		TransferCaller: func(context.Context) func(context.Context) context.Context {
			return func(to context.Context) context.Context { return to }
		},
		ConsumeRequest: func(context.Context) error { return nil },
		Authenticate: func(context.Context, string) (edu.Viewer, time.Time, error) {
			return edu.Viewer{}, time.Time{}, edu.Errorf(edu.Unauthenticated, "no tokens")
		},
	}
}

// TestNullsInEvents checks that nullable objects of an event may be null.
func TestNullsInEvents(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	query := fmt.Sprintf("subscription { enrollmentUpdated(id: %q) { nextVideo { id } certificate { code } course { title } } }", globalID(edu.KindEnrollment, s.enrollment))
	before := s.execute(t, s.student, query, nil)
	checkNoErrors(t, before)
	if event := before.At("enrollmentUpdated"); valueAt(event, "nextVideo") == nil || valueAt(event, "certificate") != nil {
		t.Errorf("an enrollment: %s", before.body)
	}
	certificate := s.completeCourse(t)
	after := s.execute(t, s.student, query, nil)
	checkNoErrors(t, after)
	if event := after.At("enrollmentUpdated"); valueAt(event, "nextVideo") != nil || valueAt(event, "certificate", "code") != valueAt(certificate, "code") {
		t.Errorf("a completed enrollment: %s", after.body)
	}
}
