package gql_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/middleware"
)

// secondFlush calls a function when the second part of a response is sent, the first with a deferred fragment. The
// function returns the error of the connection, or nil.
type secondFlush struct {
	http.ResponseWriter
	flushes int
	do      func() error
}

// FlushError implements what http.ResponseController uses.
func (f *secondFlush) FlushError() error {
	f.ResponseWriter.(http.Flusher).Flush() //nolint:forcetypeassert // of httptest
	if f.flushes++; f.flushes == 2 {
		return f.do()
	}
	return nil
}

// A part that gets no slot fails alone: the part before it was sent, and stays as it is.
func TestRejectedPart(t *testing.T) {
	t.Parallel()
	limiter := admission.New(admission.Options{Limit: 1})
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Overload: gql.OverloadOptions{Admission: limiter}})
	for _, accept := range []string{accept2022, accept02} {
		release := func() {}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.ServeHTTP(&secondFlush{ResponseWriter: w, do: func() error { release = acquireSlot(t, limiter); return nil }}, r)
		})
		data, errs := mergeParts(t, readParts(t, postDeferred(t, h, edu.Viewer{}, accept, deferredReviews)))
		release()
		course, _ := data["course"].(map[string]any)
		if len(errs) != 1 || errs[0].Code() != string(edu.Unavailable) || !strings.Contains(errs[0].Message, "overloaded") || course["reviews"] == nil || course["videos"] != nil {
			t.Errorf("%s: data %v, errors %v", accept, data, errs)
		}
	}
}

// A deferred query whose client leaves while it has no slot ends: what it holds is released.
func TestDeferredClientLeavesWithoutSlot(t *testing.T) {
	t.Parallel()
	limiter := admission.New(admission.Options{Limit: 1})
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Overload: gql.OverloadOptions{Admission: limiter}})
	var usage middleware.DatabaseUsage // recorded at the end of the operation
	h := middleware.RequestID()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		release := func() {}
		s.ServeHTTP(&secondFlush{ResponseWriter: w, do: func() error { release = acquireSlot(t, limiter); return net.ErrClosed }}, r)
		release()
		usage = middleware.DatabaseUsageOf(r.Context())
	}))
	postDeferred(t, h, edu.Viewer{}, accept02, deferredReviews)
	if usage.Statements == 0 || limiter.Stats().InProgress != 0 {
		t.Errorf("the operation has not ended: %+v, %+v", usage, limiter.Stats())
	}
}
