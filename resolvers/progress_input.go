package resolvers

import (
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

// validateVideoEvents validates watched videos. An event without a time gets now.
func validateVideoEvents(in validate.Input, list []*graph.VideoProgressEvent, now time.Time) []edu.VideoEvent {
	in.ValidateCount("events", len(list), 1, maxVideoEvents)
	if len(list) > maxVideoEvents {
		return nil
	}
	events := make([]edu.VideoEvent, len(list))
	for i, e := range list {
		in := in.AtPath("events", i)
		event := edu.VideoEvent{VideoID: in.ValidateID("videoId", e.VideoID, edu.KindVideo), ProgressSeconds: e.ProgressSeconds, WatchedAt: now}
		if e.ProgressSeconds < 0 {
			in.RejectField("progressSeconds", "must be at least 0; it is %d", e.ProgressSeconds)
		}
		if e.WatchedAt != nil {
			event.WatchedAt = *e.WatchedAt
		}
		switch age := now.Sub(event.WatchedAt); {
		case age < -maxClockSkew:
			in.RejectField("watchedAt", "must not be in the future; the current time is %s", now.UTC().Format(time.RFC3339))
		case age > maxEventAge:
			in.RejectField("watchedAt", "must be at most a year ago; the current time is %s", now.UTC().Format(time.RFC3339))
		}
		events[i] = event
	}
	return events
}
