package resolvers

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
)

// Limits of recordVideoProgress, as the schema documents them.
const (
	maxVideoEvents = 500
	maxEventAge    = 366 * 24 * time.Hour // devices send events late
	maxClockSkew   = 5 * time.Minute      // by which a device's clock may be ahead
)

// validateVideoEvents returns the valid events, and the problems of the others. An event without a time gets
// now.
func validateVideoEvents(list []*graph.VideoProgressEvent, now time.Time) (events []edu.VideoEvent, problems edu.UserErrors) {
	for i, e := range list {
		in := validate.New("input").AtPath("events", i)
		event := edu.VideoEvent{Index: i, VideoID: in.ValidateID("videoId", e.VideoID, edu.KindVideo), ProgressSeconds: e.ProgressSeconds, WatchedAt: now}
		if e.ProgressSeconds < 0 {
			in.RejectField("progressSeconds", "must be at least {min}; it is {actual}", 0, e.ProgressSeconds)
		}
		if e.WatchedAt != nil {
			event.WatchedAt = *e.WatchedAt
		}
		switch age := now.Sub(event.WatchedAt); {
		case age < -maxClockSkew:
			in.RejectField("watchedAt", "must not be in the future; the current time is {now}", now.UTC().Format(time.RFC3339))
		case age > maxEventAge:
			in.RejectField("watchedAt", "must be at most a year ago; the current time is {now}", now.UTC().Format(time.RFC3339))
		}
		if err := in.Problems(); err != nil {
			problems = append(problems, err...)
			continue
		}
		events = append(events, event)
	}
	return events, problems
}

// sortByEvent sorts problems by the events that they are about: their paths have its index after input and
// events.
func sortByEvent(problems []*edu.UserError) []*edu.UserError {
	index := func(problem *edu.UserError) int {
		if len(problem.Field) < 3 {
			return -1
		}
		n, _ := strconv.Atoi(problem.Field[2])
		return n
	}
	slices.SortStableFunc(problems, func(a, b *edu.UserError) int { return cmp.Compare(index(a), index(b)) })
	return problems
}
